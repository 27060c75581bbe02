"""The load that a benchmark sends."""

from typing import Literal

from pydantic import ConfigDict, Field

from modelward.api.base import ApiModel
from modelward.api.cel import form, is_duration, number, rule, rules
from modelward.api.fields import Duration, FirstRate, Name, PositiveDuration, Rate
from modelward.api.values import RATE_FORM

MOST_CALLERS = 1_000
MOST_REQUESTS = 9_999_999
"""What a benchmark pod can count in one run."""


class Load(ApiModel):
    """Load of the benchmark step. The rows of a data set are the payload."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                f"type(self.rate) != string || !self.rate.endsWith('/s') "
                f"|| !({is_duration('self.__for__')}) || {number('self.rate', '/s')} "
                f"* double(duration(self.__for__).getMilliseconds()) <= {MOST_REQUESTS}000.0",
                f"one run sends at most {MOST_REQUESTS} requests: lower rate or for",
            ),
            rule(
                f"!has(self.rampFrom) || !({form('self.rate', RATE_FORM)}) "
                f"|| !({form('self.rampFrom', RATE_FORM)}) "
                f"|| {number('self.rampFrom', '/s')} < {number('self.rate', '/s')}",
                "load rises from rampFrom to rate: say a rampFrom below rate, such as 1/s",
                field=".rampFrom",
            ),
            rule(
                f"!has(self.rampFrom) || !({is_duration('self.warmUp')}) "
                "|| duration(self.warmUp) > duration('0s')",
                "load rises within the warm-up: say a warmUp above 0s, such as 30s, or remove "
                "rampFrom",
                field=".rampFrom",
            ),
        )
    )

    rate: Rate = "10/s"
    """Requests per second, for example 20/s, on a fixed schedule whether or not answers come."""
    arrivals: Literal["constant", "poisson"] = "constant"
    """constant: at even intervals. poisson: at random, independently of each other, as the requests
    of many users come; so now and then many at once.
    """
    concurrency: int | None = Field(default=None, ge=1, le=MOST_CALLERS)
    """So many callers, each of which waits for its answer before it asks again: a closed loop.
    Together they send at most `rate`, and less to a slow server. Latency counts from when a caller
    was free. Default: no request waits for an answer, as if there were always one more user.
    """
    for_: PositiveDuration = Field(default="1m", alias="for")
    """The longest that load is sent after the warm-up and the first 60 windows of calibration, for
    example 2m; a calibration that needs more windows takes them from this time.
    """
    warm_up: Duration = "5s"
    """How long load is sent before anything is counted."""
    ramp_from: FirstRate | None = None
    """Requests per second at the beginning of the warm-up, for example 1/s. They rise evenly to
    `rate`, which is reached when counting begins. Default: `rate` from the first request on.
    """
    dataset: Name | None = None
    """Data set whose rows are sent. Default: the first one."""
