"""A candidate is compared with the revision that serves, both measured in one run."""

import pytest

from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.takes_long]

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
LATENCY_KPIS = [
    ACCURACY | {"name": "accuracy", "objective": {"atLeast": "92%"}},
    {
        "name": "latency-vs-stable",
        "benchmark": {"metric": "latency", "quantile": "p90"},
        "objective": {"versus": "stable", "worseByAtMost": "50%"},
    },
]
COPY = "modelward.dev/copy"


def shown(stage: Stage) -> dict[str, Document]:
    """Return the KPIs of the status by name."""
    return {kpi["name"]: kpi for kpi in stage.status["kpis"]}


def verdicts(stage: Stage) -> dict[str, str]:
    return {name: kpi["verdict"] for name, kpi in shown(stage).items()}


def a_version_two_points_below_stable_is_rolled_back_although_above_its_limit(
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


def a_version_with_more_errors_than_stable_is_rolled_back_and_one_with_as_many_is_promoted(
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


def reached(stage: Stage) -> set[str]:
    """Return the addresses that users reach now."""
    slices = stage.get("endpointslices", "-l", f"kubernetes.io/service-name={NAME}")["items"]
    endpoints = [each for found in slices for each in found.get("endpoints") or ()]
    return {address for endpoint in endpoints for address in endpoint["addresses"]}


def a_slower_version_is_rolled_back_beside_a_copy_of_stable_that_no_user_reaches(
    stage: Stage,
) -> None:
    stage.declare("one", {"latency": 0.03}, kpis=LATENCY_KPIS)
    stage.until_promoted("one")
    serving = reached(stage)

    stage.declare("two", {"latency": 0.2}, kpis=LATENCY_KPIS)
    stage.wait("a copy runs", lambda: stage.get("pods", "-l", COPY)["items"])
    clients = stage.clients(rate=5, at_least=100)
    clients.start()
    seen: set[str] = set()

    def is_over(status: Document) -> object:
        seen.update(reached(stage))
        return status.get("failedRevision")

    stage.until("two is rolled back", is_over)
    reports = clients.stop()
    failed = stage.status["failedRevision"]
    assert (failed["version"], failed["reason"]) == ("two", "latency-vs-stable"), failed
    assert shown(stage)["latency-vs-stable"]["reason"] == "WorseThanStable"
    assert seen == serving
    assert [report.failed for report in reports] == [0, 0]
    stage.wait("nothing of the copy is left", lambda: not left_of_copies(stage))


def left_of_copies(stage: Stage) -> list[Document]:
    items: list[Document] = stage.get("replicasets,services,pods", "-l", COPY)["items"]
    return items


STORIES: tuple[Story, ...] = (
    a_version_two_points_below_stable_is_rolled_back_although_above_its_limit,
    a_version_with_more_errors_than_stable_is_rolled_back_and_one_with_as_many_is_promoted,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_comparison_with_stable(told: Told, story: Story) -> None:
    told[story].result()


STORIES_WITH_USERS: tuple[Story, ...] = (
    a_slower_version_is_rolled_back_beside_a_copy_of_stable_that_no_user_reaches,
)


@pytest.mark.parametrize("story_with_users", STORIES_WITH_USERS, ids=lambda story: story.__name__)
def test_a_comparison_beside_users(told_with_users: Told, story_with_users: Story) -> None:
    told_with_users[story_with_users].result()
