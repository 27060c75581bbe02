"""What KPIs about tokens say, and that only some protocols stream them."""

from pydantic import ConfigDict

from modelward.api.base import ApiModel
from modelward.api.cel import Schema, is_one_of, rule, rules
from modelward.api.fields import PositiveDuration
from modelward.api.metrics import STREAMED_METRICS
from modelward.protocols import PROTOCOLS


class Within(ApiModel):
    """Times that a good answer keeps, each counted from when its request was due."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.latency) || has(self.timeToFirstToken) || has(self.timePerOutputToken)",
                "say at least one time, as in {timeToFirstToken: 500ms, timePerOutputToken: 50ms}",
            )
        )
    )

    latency: PositiveDuration | None = None
    """Until the whole answer."""
    time_to_first_token: PositiveDuration | None = None
    """Until its first text."""
    time_per_output_token: PositiveDuration | None = None
    """For each token after the first, on average."""


def tokens_are_streamed(protocol: str) -> Schema:
    """Return the rule for a spec with kpis: `protocol` is the path of its serving protocol."""
    streamed = [name for name, each in PROTOCOLS.items() if each.streams]
    about_tokens = f"has(k.benchmark) && ({_about_tokens('k.benchmark')})"
    spoken = f"has({protocol}) && {is_one_of(protocol, streamed)}"
    return rule(
        f"({spoken}) || !self.kpis.exists(k, {about_tokens})",
        "tokens are only known of answers that are streamed: say protocol: "
        f"{' or '.join(streamed)}, or remove the KPIs about tokens",
        field=".kpis",
    )


def _about_tokens(source: str) -> str:
    within = f"{source}.within"
    return (
        f"{is_one_of(f'{source}.metric', STREAMED_METRICS)} || has({within}) && "
        f"(has({within}.timeToFirstToken) || has({within}.timePerOutputToken))"
    )
