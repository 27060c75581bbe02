"""Rules for a latency that is compared with that of stable."""

from modelward.api.cel import Schema, form, implies, is_duration, is_percent, number, rule
from modelward.api.values import QUANTILE_FORM


def _for_latency(expression: str) -> str:
    return implies("has(self.benchmark) && self.benchmark.metric == 'latency'", expression)


def _baseline() -> tuple[Schema, ...]:
    return (
        rule(
            "!has(self.benchmark) || !has(self.benchmark.baseline) || has(self.objective.versus)",
            "baseline says which of stable's pods are compared with: say versus: stable, or remove "
            "it",
            field=".benchmark.baseline",
        ),
        rule(
            _for_latency(
                "!has(self.objective.versus) || !has(self.benchmark.baseline) "
                "|| self.benchmark.baseline == 'copy'",
            ),
            "latency can't be compared with stable's serving pods, which are busy with users: say "
            "baseline: copy, or remove baseline",
            field=".benchmark.baseline",
        ),
        rule(
            _for_latency(
                "!has(self.objective.versus) || !has(self.benchmark.quantile) "
                f"|| !({form('self.benchmark.quantile', QUANTILE_FORM)}) "
                f"|| {number('self.benchmark.quantile', 'p')} <= 99.0",
            ),
            "calibration sees too few requests beyond this quantile to compare it with stable's: "
            "say p99 or below",
            field=".benchmark.quantile",
        ),
    )


def _objective() -> tuple[Schema, ...]:
    return (
        rule(
            _for_latency(
                "!has(self.objective.worseByAtMost) || "
                f"{is_percent('self.objective.worseByAtMost')} || "
                f"{is_duration('self.objective.worseByAtMost')}",
            ),
            "say by what part of stable's latency, or by how much, it may be above it, as in "
            "{versus: stable, worseByAtMost: 10%} or {versus: stable, worseByAtMost: 50ms}",
            field=".objective.worseByAtMost",
        ),
        rule(
            _for_latency("!has(self.objective.unlessBelow)"),
            "unlessBelow is an error rate, and this is a latency: remove it; a latency that is "
            "good enough whatever stable's is a KPI of its own, as in {atMost: 50ms}",
            field=".objective.unlessBelow",
        ),
    )


LATENCY_RULES = (*_baseline(), *_objective())
"""Rules of a KPI; they say nothing where it has a limit of its own."""
