"""What is good enough."""

from typing import Literal

from pydantic import ConfigDict

from modelward.api.base import ApiModel
from modelward.api.cel import implies, is_duration, is_percent, number, rule, rules
from modelward.api.fields import Limit, Margin


def percent_between(low: str, path: str, high: str) -> str:
    """Return the expression: `path` is a percentage, and its number is within two comparisons."""
    return f"{is_percent(path)} && {number(path, '%')} {low} && {number(path, '%')} {high}"


def _expected_is_better() -> str:
    expected, limit = "self.expected", "self.atMost"
    percentages = (
        f"{is_percent(limit)} && {is_percent(expected)} && {number(expected, '%')} > 0.0 "
        f"&& {number(expected, '%')} < {number(limit, '%')}"
    )
    durations = (
        f"{is_duration(limit)} && {is_duration(expected)} && duration({expected}) > "
        f"duration('0s') && duration({expected}) < duration({limit})"
    )
    return f"{percentages} || {durations}"


class Objective(ApiModel):
    """What is good enough. Values carry units: 92%, 250ms, 1pp (percentage points)."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "[has(self.atMost), has(self.atLeast), has(self.versus)]"
                ".filter(given, given).size() == 1",
                "say exactly one of atMost, atLeast and versus, as in {atLeast: 92%} or "
                "{versus: stable, worseByAtMost: 1pp}; a second one is a KPI of its own",
            ),
            rule(
                "has(self.versus) == has(self.worseByAtMost)",
                "versus and worseByAtMost belong together, as in "
                "{versus: stable, worseByAtMost: 1pp}",
            ),
            rule(
                implies("has(self.versus)", "!has(self.expected)"),
                "remove expected: what is compared with stable is expected to be like it",
                field=".expected",
            ),
            rule(
                implies(
                    "has(self.unlessBelow)",
                    "has(self.worseByAtMost) && "
                    + is_percent("self.worseByAtMost")
                    + " && "
                    + percent_between("> 0.0", "self.unlessBelow", "< 50.0"),
                ),
                "unlessBelow is an error rate above 0% and below 50%, beside a worseByAtMost in "
                "percent, as in {versus: stable, worseByAtMost: 50%, unlessBelow: 0.1%}",
                field=".unlessBelow",
            ),
            rule(
                # Silent about values without a unit: their own rule speaks.
                implies(
                    "has(self.expected) && type(self.expected) == string "
                    "&& has(self.atMost) && type(self.atMost) == string",
                    _expected_is_better(),
                ),
                "expected is what a healthy version shows: say a value with the unit of atMost, "
                "above zero and below atMost, as in {atMost: 250ms, expected: 150ms}",
                field=".expected",
            ),
        )
    )

    at_most: Limit | None = None
    """Upper limit: a percentage for errors (2%), a duration for latency and times of tokens
    (250ms), a number in quotes for mae, rmse, logLoss and brier ("0.35")."""
    at_least: Limit | None = None
    """Lower limit: a percentage for accuracy, other shares of rows and auroc (92%), a rate for
    requestsPerSecond, tokensPerSecond and goodput (500/s)."""
    expected: Limit | None = None
    """What a healthy version shows, better than the limit.

    A version shown to be worse than this is rolled back. For errors, latency and times of tokens;
    default: the limit.
    """
    versus: Literal["stable"] | None = None
    """stable: compared with the stable revision, both measured in one run.

    For metrics of rows and for errorRate, on the same rows in turn; for latency, by turns with a
    closed copy of stable; for users' requests, in the same windows. On a first version
    NotApplicable.
    """
    worse_by_at_most: Margin | None = None
    """By how many percentage points it may be worse than stable: 1pp.

    For mae, rmse, logLoss and brier by what number: "0.01".
    For errorRate also by what part of stable's rate, and for users' requests and the badRequests of
    a job by that alone: 50% is one and a half times the errors. For latency by what part of
    stable's quantile (10%), or by how much (50ms).
    """
    unless_below: Limit | None = None
    """An error rate that is good enough, however low that of stable is: 0.1%.

    Only where worseByAtMost is a percentage: ratios of tiny counts mean little.
    """
