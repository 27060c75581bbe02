"""How the requests of a benchmark's load fall into warm-up, calibration and evidence."""

import math
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.counts import CALIBRATION_WINDOWS

MIN_WINDOW_REQUESTS = 10
MIN_WINDOW_SECONDS = Fraction(1, 4)
_FIVE_SIGMA = 5


@dataclass(frozen=True)
class LoadShape:
    """Load on a fixed schedule (modelward.judge.arrivals).

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
    ramp_from: Fraction | None = None
    """Requests per second at the beginning of the warm-up, from where they rise evenly to `rate`;
    None where there is no ramp."""
    poisson: bool = False
    """Whether requests are due at random; otherwise at even intervals."""

    @classmethod
    def of(
        cls,
        rate: Fraction,
        for_seconds: Fraction,
        warm_up_seconds: Fraction,
        *,
        ramp_from: Fraction | None = None,
        poisson: bool = False,
    ) -> "LoadShape":
        """Return the shape of a load of `rate` requests per second.

        Raises ValueError for a rate that is not above 0, and for a ramp that doesn't rise to it.
        """
        if rate <= 0:
            raise ValueError(f"a rate of {rate} requests per second sends nothing")
        if ramp_from is not None and not 0 < ramp_from < rate:
            raise ValueError(f"a ramp from {ramp_from} to {rate} requests per second doesn't rise")
        window = max(MIN_WINDOW_REQUESTS, math.ceil(rate * MIN_WINDOW_SECONDS))
        return cls(
            rate=rate,
            warm_up=math.ceil((rate + (ramp_from or rate)) / 2 * warm_up_seconds),
            window=window,
            evidence_windows=math.floor(rate * for_seconds / window),
            ramp_from=ramp_from,
            poisson=poisson,
        )

    @property
    def requests(self) -> int:
        """All requests, where nothing ends the load early."""
        windows = self.calibration_windows + self.evidence_windows
        return self.warm_up + windows * self.window

    @property
    def warm_up_seconds(self) -> Fraction:
        """How long the warm-up takes."""
        return 2 * self.warm_up / (self.rate + (self.ramp_from or self.rate))

    @property
    def seconds(self) -> Fraction:
        """The longest that requests are sent: warm-up, calibration and evidence.

        One Poisson schedule in a million takes longer.
        """
        chance = _FIVE_SIGMA * (math.isqrt(self.requests) + 1) if self.poisson else 0
        return self.warm_up_seconds + (self.requests - self.warm_up + chance) / self.rate

    def window_of(self, request: int) -> int:
        """Return the index of a request's window; negative for those of the warm-up."""
        return (request - self.warm_up) // self.window
