"""How the requests of a benchmark's load fall into warm-up, calibration and evidence."""

import math
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.counts import CALIBRATION_WINDOWS

MIN_WINDOW_REQUESTS = 10
MIN_WINDOW_SECONDS = Fraction(1, 4)
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class LoadShape:
    """Load on a fixed schedule: request i is due i/rate seconds after the first one.

    A window is the time of ten scheduled requests, at least 250 ms. Requests belong to windows by
    when they were due, never by when they were sent or answered: a server that stalls would
    otherwise choose the windows that it is judged by.
    """

    rate: Fraction
    """Requests per second."""
    warm_up: int
    """Requests that are sent first and not counted."""
    window: int
    """Requests per window."""
    evidence_windows: int
    """Windows of evidence at most, after those of calibration."""
    calibration_windows: int = CALIBRATION_WINDOWS
    """None where every KPI was calibrated by an earlier run."""

    @classmethod
    def of(cls, rate: Fraction, for_seconds: Fraction, warm_up_seconds: Fraction) -> "LoadShape":
        """Return the shape of a load of `rate` requests per second, which is above 0."""
        if rate <= 0:
            raise ValueError(f"a rate of {rate} requests per second sends nothing")
        window = max(MIN_WINDOW_REQUESTS, math.ceil(rate * MIN_WINDOW_SECONDS))
        return cls(
            rate=rate,
            warm_up=math.ceil(rate * warm_up_seconds),
            window=window,
            evidence_windows=math.floor(rate * for_seconds / window),
        )

    @property
    def requests(self) -> int:
        """All requests, where nothing ends the load early."""
        windows = self.calibration_windows + self.evidence_windows
        return self.warm_up + windows * self.window

    @property
    def seconds(self) -> Fraction:
        """The longest that requests are sent: warm-up, calibration and evidence."""
        return self.requests / self.rate

    def due(self, request: int) -> int:
        """Return when a request is due, in nanoseconds after the first one."""
        return request * _NANOSECONDS * self.rate.denominator // self.rate.numerator

    def window_of(self, request: int) -> int:
        """Return the index of a request's window; negative for those of the warm-up."""
        return (request - self.warm_up) // self.window
