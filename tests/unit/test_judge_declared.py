"""KPIs as they are declared come to the tests that a benchmark's plan comes to."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.values import format_decimal
from modelward.benchmark.live.verdicts import live_objective
from modelward.benchmark.plan import runner_plan
from modelward.judge.declared import Alphas, declared, load_shape
from modelward.judge.hypotheses import errors_objective, latency_objective
from modelward.judge.live import LiveObjective
from modelward.judge.objectives import exam_objective, load_objective
from modelward.judge.relative import RelativeObjective
from modelward.release.render import shared_judgement
from tests.unit.benchmark_world import ACCURACY, ERRORS, LATENCY, a_run
from tests.unit.kpis import errors
from tests.unit.live_world import LIVE_ERRORS, LIVE_LATENCY, live_run

BASELINE = {"revision": "s", "service": "s", "port": 8080, "protocol": "v2", "modelName": "fraud"}
FIVE, THREE = Fraction(5, 100), Fraction(3, 100)
ALPHAS = Alphas(Fraction(5, 100), Fraction(5, 100))


def run_of(kpi: dict[str, Any]) -> BenchmarkRun:
    versus = {"baseline": BASELINE} if "versus" in kpi["objective"] else {}
    return a_run(kpi, **versus)


@pytest.mark.parametrize(
    "kpi",
    [
        ERRORS,
        LATENCY,
        errors("e", atMost="2%"),
        LATENCY | {"objective": {"atMost": "250ms"}},
        errors(versus="stable", worseByAtMost="1pp"),
        errors(versus="stable", worseByAtMost="50%"),
        errors(versus="stable", worseByAtMost="50%", unlessBelow="0.1%"),
    ],
)
def test_a_declared_kpi_under_load_has_the_tests_of_the_plan(kpi: dict[str, Any]) -> None:
    run = run_of(kpi)
    plan = runner_plan(run, 1, seconds_left=1)
    ours = load_objective(declared(run.spec.kpis[0]), ALPHAS)
    assert ours == load_objective(plan.kpis[0], plan.judgement)
    assert plan.load is not None
    assert load_shape(run.spec.load) == plan.load.shape


WORSE_BY_HALF = {"versus": "stable", "worseByAtMost": "50%"}


@pytest.mark.parametrize(
    ("source", "objective", "expected"),
    [
        (LIVE_ERRORS, {"atMost": "5%"}, errors_objective(FIVE, None, FIVE, THREE)),
        (
            LIVE_ERRORS,
            {"atMost": "5%", "expected": "1%"},
            errors_objective(FIVE, Fraction(1, 100), FIVE, THREE),
        ),
        (LIVE_ERRORS, WORSE_BY_HALF, RelativeObjective(Fraction(3, 2), FIVE, THREE)),
        (
            LIVE_ERRORS,
            WORSE_BY_HALF | {"unlessBelow": "0.1%"},
            RelativeObjective(Fraction(3, 2), FIVE, THREE, Fraction(1, 1000)),
        ),
        (
            LIVE_LATENCY,
            {"atMost": "250ms"},
            latency_objective(Fraction(90, 100), False, FIVE, THREE),
        ),
        (
            LIVE_LATENCY,
            {"atMost": "250ms", "expected": "100ms"},
            latency_objective(Fraction(90, 100), True, FIVE, THREE),
        ),
    ],
)
def test_a_kpi_of_users_requests_has_the_same_tests_as_one_under_load(
    source: dict[str, Any], objective: dict[str, str], expected: LiveObjective
) -> None:
    (kpi,) = live_run(source | {"objective": objective}).spec.kpis
    assert live_objective(kpi, Alphas(FIVE, THREE)) == expected


def test_users_requests_are_not_compared_by_percentage_points() -> None:
    (kpi,) = live_run(
        LIVE_ERRORS | {"objective": WORSE_BY_HALF | {"worseByAtMost": "1pp"}}
    ).spec.kpis
    with pytest.raises(ValueError, match="errors: users' requests are compared by a part"):
        live_objective(kpi, ALPHAS)


@pytest.mark.parametrize(
    "objective", [{"atLeast": "92%"}, {"versus": "stable", "worseByAtMost": "1pp"}]
)
def test_a_declared_exam_has_the_objective_of_the_plan(objective: dict[str, str]) -> None:
    run = run_of(ACCURACY | {"objective": objective})
    plan = runner_plan(run, 1, seconds_left=1)
    ours = exam_objective(declared(run.spec.kpis[0]), ALPHAS)
    assert ours == exam_objective(plan.kpis[0], plan.judgement)


def test_error_probabilities_are_shared_as_a_run_is_told() -> None:
    kpis = a_run(
        ACCURACY, ERRORS, LATENCY | {"effect": "report"}, errors("e", atMost="2%")
    ).spec.kpis
    told, ours = shared_judgement(kpis, "5%", "5%"), ALPHAS.shared(kpis)
    assert told.false_promotion == format_decimal(ours.false_promotion)
    assert told.false_rollback == format_decimal(ours.false_rollback)


def test_a_kpi_without_a_limit_is_refused() -> None:
    kpi = a_run(errors(expected="1%")).spec.kpis[0]
    with pytest.raises(ValueError, match="has no limit, say atMost"):
        declared(kpi)
