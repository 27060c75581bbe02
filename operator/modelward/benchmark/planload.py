"""Load as a benchmark pod is asked to send it: part of the plan in modelward.benchmark.contract."""

from typing import Literal

from pydantic import Field

from modelward.benchmark.message import Exact, Message
from modelward.judge import LoadShape


class PlanLoad(Message):
    """Load on a fixed schedule, for errors, times and rates."""

    rate: Exact
    """Requests per second."""
    arrivals: Literal["poisson"] | None = None
    """poisson: requests come at random, independently of each other. Absent: at even intervals."""
    ramp_from: Exact | None = None
    """Requests per second at the beginning of the warm-up, from where they rise evenly to `rate`.
    Absent: the rate is the same all along."""
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    """Requests to each revision at a time, at most: the next one waits for an answer, and its
    latency counts from then. Absent: no request waits for an answer."""
    for_seconds: Exact
    """The longest that load is sent after warm-up and the first 60 windows of calibration."""
    warm_up_seconds: Exact
    dataset: str
    """Data set whose rows are the payload."""

    @property
    def shape(self) -> LoadShape:
        """How its requests fall into windows."""
        return LoadShape.of(
            self.rate,
            self.for_seconds,
            self.warm_up_seconds,
            ramp_from=self.ramp_from,
            poisson=self.arrivals == "poisson",
        )
