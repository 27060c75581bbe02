"""A candidate is compared with the revision that serves, both measured in one run."""

import pytest

from tests.e2e.stage import Document, Stage

pytestmark = pytest.mark.e2e

ACCURACY: Document = {"benchmark": {"dataset": "golden", "metric": "accuracy"}}
ERRORS: Document = {"benchmark": {"metric": "errorRate"}}
ACCURACY_KPIS = [
    ACCURACY | {"name": "accuracy", "objective": {"atLeast": "92%"}},
    ACCURACY
    | {"name": "accuracy-vs-stable", "objective": {"versus": "stable", "worseByAtMost": "1pp"}},
]
ERROR_KPIS = [
    ERRORS | {"name": "errors", "objective": {"atMost": "45%"}},
    ERRORS
    | {"name": "errors-vs-stable", "objective": {"versus": "stable", "worseByAtMost": "5pp"}},
]


def shown(stage: Stage) -> dict[str, Document]:
    """Return the KPIs of the status by name."""
    return {kpi["name"]: kpi for kpi in stage.status["kpis"]}


def verdicts(stage: Stage) -> dict[str, str]:
    return {name: kpi["verdict"] for name, kpi in shown(stage).items()}


def test_a_version_two_points_below_stable_is_rolled_back_although_above_its_limit(
    stage: Stage,
) -> None:
    stage.declare("one", {"accuracy": 0.98}, kpis=ACCURACY_KPIS)
    stage.until_promoted("one")
    assert verdicts(stage) == {"accuracy": "Pass", "accuracy-vs-stable": "NotApplicable"}
    assert stage.status["kpiSummary"] == "1/1"

    stage.declare("two", {"accuracy": 0.96}, kpis=ACCURACY_KPIS)
    stage.until_rolled_back("two")
    failed = stage.status["failedRevision"]
    assert failed["reason"] == "accuracy-vs-stable"
    assert failed["message"] == (
        "accuracy-vs-stable is 96% on 100 rows, where stable has 98%, not enough: >= stable - 1pp"
    )
    assert verdicts(stage) == {"accuracy": "Pass", "accuracy-vs-stable": "Fail"}

    stage.declare("three", {"accuracy": 0.98}, kpis=ACCURACY_KPIS)
    stage.until_promoted("three")
    assert verdicts(stage) == {"accuracy": "Pass", "accuracy-vs-stable": "Pass"}
    compared = shown(stage)["accuracy-vs-stable"]
    assert (compared["value"], compared["baseline"]) == ("98%", "98%")
    assert stage.status["kpiSummary"] == "2/2"


def test_a_version_with_more_errors_than_stable_is_rolled_back_and_one_with_as_many_is_promoted(
    stage: Stage,
) -> None:
    stage.declare("one", {"error_rate": 0.02}, kpis=ERROR_KPIS)
    stage.until_promoted("one")

    stage.declare("two", {"error_rate": 0.25}, kpis=ERROR_KPIS)
    stage.until_rolled_back("two")
    assert stage.status["failedRevision"]["reason"] == "errors-vs-stable"
    assert shown(stage)["errors-vs-stable"]["reason"] == "WorseThanStable"

    stage.declare("three", {"error_rate": 0.02}, kpis=ERROR_KPIS)
    stage.until_promoted("three")
    assert verdicts(stage) == {"errors": "Pass", "errors-vs-stable": "Pass"}
