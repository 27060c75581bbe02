"""Weight steps that are judged on users' requests, on a whole node: what kubectl shows of them.

A Prometheus in the cluster scrapes the serving pods, and users are clients in pods of their own.
Each takes a minute or two: two windows of half a minute are the least.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.clients.pods import Clients
from tests.e2e.clients.report import Report
from tests.e2e.handbook import assert_documented, quote
from tests.e2e.monitoring.objects import annotations
from tests.e2e.stage import NAME, PORT, Document, Stage, server_template
from tests.e2e.test_kubectl import columns
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

ACCURACY: Document = {
    "name": "accuracy",
    "benchmark": {"dataset": "golden", "metric": "accuracy"},
    "objective": {"atLeast": "92%"},
}
COUNTED = {"bad": 'requests_total{code=~"5.."}', "total": "requests_total"}
REQUESTS_PER_SECOND = 30
"""Of each of two clients."""


def declare(
    stage: Stage, version: str, limit: str = "5%", held: str = "45s", **behaviour: object
) -> None:
    """Apply a version whose pods are scraped, with a gate on users' requests."""
    live = {"name": "live-errors", "prometheus": COUNTED}
    live["objective"] = {"atMost": limit, "expected": "1%"}
    template = server_template(version, **behaviour)
    template["metadata"] = {"annotations": annotations(PORT)}
    steps = [{"benchmark": {"upTo": "3m"}}, {"weight": 50, "for": held, "upTo": "8m"}]
    rollout = {"steps": steps, "progressDeadline": "1m"}
    stage.declare(version, template=template, kpis=[ACCURACY, live], rollout=rollout)


def serve_first(stage: Stage, limit: str = "5%") -> str:
    """Have a first version serve, and return the name of its one pod."""
    declare(stage, "one", limit)
    stage.until_promoted("one")
    assert kpi(stage)["verdict"] == "NotApplicable"
    (pod,) = stage.get("pods", "-l", f"modelward.dev/name={NAME}")["items"]
    return str(pod["metadata"]["name"])


def users(stage: Stage) -> Clients:
    clients = stage.clients(rate=REQUESTS_PER_SECOND, at_least=500)
    clients.start()
    return clients


def kpi(stage: Stage) -> Document:
    """Return the live KPI of the status."""
    (found,) = (kpi for kpi in stage.status["kpis"] if kpi["name"] == "live-errors")
    return dict(found)


def condition(stage: Stage, kind: str) -> tuple[str, str]:
    """Return status and reason of a condition."""
    (found,) = (c for c in stage.status["conditions"] if c["type"] == kind)
    return found["status"], found["reason"]


def events(stage: Stage) -> str:
    return stage.kubectl("describe", "mdep", NAME).partition("\nEvents:")[2]


def counted(stage: Stage, pod: str) -> str:
    """Return what a serving pod tells Prometheus."""
    path = f"/api/v1/namespaces/{stage.namespace}/pods/{pod}:{PORT}/proxy/metrics"
    return stage.kubectl("get", "--raw", path)


def assert_rolled_back(stage: Stage, limit: str) -> None:
    """kubectl names the KPI, its value and its limit, wherever one looks."""
    shown = kpi(stage)
    assert (shown["verdict"], shown["reason"]) == ("Fail", "WorseThanExpected")
    told = (
        f"live-errors is {shown['value']} on {shown['samples']} requests, shown to be worse than "
        f"expected: <= {limit}, expected 1%"
    )
    row = columns(stage.kubectl("get", "mdep", "-o", "wide"))
    assert (row["READY"], row["PHASE"], row["STABLE-VERSION"]) == ("False", "Degraded", "one")
    assert told in row["MESSAGE"]
    assert condition(stage, "Ready") == ("False", "RolledBack")
    assert condition(stage, "Stalled") == ("True", "RolledBack")
    assert condition(stage, "Available")[0] == "True"
    assert condition(stage, "KPIsMet") == ("True", "Judged")  # those of the version that serves
    assert stage.history() == [("one", "Promoted"), ("two", "RolledBack")]
    failed = stage.status["failedRevision"]
    assert failed["reason"] == "live-errors"
    assert failed["message"].startswith(told)
    assert stage.get("brun", failed["run"])["status"]["verdict"] == "Fail"
    assert told in " ".join(events(stage).split())


def rolled_back(stage: Stage, rate: float, limit: str) -> None:
    pod = serve_first(stage, limit)
    clients = users(stage)
    declare(stage, "two", limit, held="7m", users_error_rate=rate)
    stage.until_rolled_back("two", 480)
    assert_rolled_back(stage, limit)
    afterwards = clients.reports()
    stage.wait("users go on", lambda: all(a > b for a, b in answers(clients, afterwards)))
    reports = clients.stop()
    assert set().union(*(report.failures for report in reports)) == {"HTTP status 500"}, reports
    assert 'code="500"' not in counted(stage, pod)
    assert [r.failed for r in reports] == [r.failed for r in afterwards]


def answers(clients: Clients, before: list[Report]) -> Iterator[tuple[int, int]]:
    """Of each client: answers of the first version by now, and a hundred more than before."""
    for now, then in zip(clients.reports(), before, strict=True):
        yield now.answered["one"], then.answered["one"] + 100


def a_candidate_that_fails_users_alone_is_rolled_back_and_nobody_whom_stable_answers_is_harmed(
    stage: Stage,
) -> None:
    rolled_back(stage, 0.2, "5%")


def a_candidate_that_fails_three_of_a_hundred_users_is_rolled_back(stage: Stage) -> None:
    """It takes twice as long: four windows or five."""
    rolled_back(stage, 0.03, "2%")


def a_candidate_that_users_do_not_reach_is_withdrawn_and_waits_for_a_person(stage: Stage) -> None:
    pod = serve_first(stage)
    declare(stage, "two")
    stage.until("it waits for a person", lambda s: s["phase"] == "Paused")
    assert (kpi(stage)["verdict"], kpi(stage)["reason"]) == ("Inconclusive", "NoTraffic")
    assert_documented("A candidate gets no requests", quote(stage))
    assert condition(stage, "Ready") == ("Unknown", "Inconclusive")
    assert "counted no request for 1m" in " ".join(events(stage).split())
    stage.until("it has no weight", lambda s: s["candidate"].get("actualWeight", 0) == 0)
    assert stage.get("service", NAME)["spec"]["selector"].keys() > {"modelward.dev/name"}
    assert "failedRevision" not in stage.status
    assert stage.history() == [("one", "Promoted")]
    assert stage.get("pod", pod)["status"]["phase"] == "Running"
    stage.verb("promote")
    stage.until_promoted("two")
    assert (kpi(stage)["verdict"], kpi(stage)["reason"]) == ("Inconclusive", "PromotedByHand")
    assert condition(stage, "KPIsMet") == ("Unknown", "PromotedByHand")


def a_candidate_that_holds_up_among_users_is_promoted(stage: Stage) -> None:
    serve_first(stage)
    clients = users(stage)
    declare(stage, "two", users_error_rate=0.005)
    stage.until_promoted("two")
    shown = kpi(stage)
    assert (shown["verdict"], shown["objective"]) == ("Pass", "<= 5%, expected 1%")
    assert shown["samples"] > 2 * 30 * REQUESTS_PER_SECOND / 4
    assert columns(stage.kubectl("get", "mdep"))["KPIS"] == "2/2"
    assert condition(stage, "KPIsMet") == ("True", "Judged")
    assert f"live-errors {shown['value']} (<= 5%, expected 1%)" in run_message(stage)
    assert stage.history() == [("one", "Promoted"), ("two", "Promoted")]
    reports = clients.stop()
    assert all(set(report.failures) <= {"HTTP status 500"} for report in reports), reports


def run_message(stage: Stage) -> str:
    """Return what the BenchmarkRun of the weight step says."""
    (run,) = (run for run in stage.get("brun")["items"] if "live" in run["spec"])
    return str(run["status"]["message"])


STORIES: list[object] = [
    a_candidate_that_fails_users_alone_is_rolled_back_and_nobody_whom_stable_answers_is_harmed,
    a_candidate_that_users_do_not_reach_is_withdrawn_and_waits_for_a_person,
    a_candidate_that_holds_up_among_users_is_promoted,
    pytest.param(
        a_candidate_that_fails_three_of_a_hundred_users_is_rolled_back,
        marks=pytest.mark.disturbance,
    ),
]


@pytest.mark.parametrize("story_with_users", STORIES)
def test_users_requests(told_with_users: Told, story_with_users: Story) -> None:
    told_with_users[story_with_users].result()
