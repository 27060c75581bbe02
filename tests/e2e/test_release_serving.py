"""What users notice of a release: nothing. And a control, in which they do."""

import pytest

from tests.e2e.clients.report import MOST_REDIALLED, Report
from tests.e2e.stage import Document, Stage, server_template

pytestmark = pytest.mark.e2e


def assert_unnoticed(stage: Stage, reports: list[Report]) -> None:
    seen = "\n".join(report.to_json() for report in reports)
    failed = sum(report.failed for report in reports)
    assert failed == 0, f"{seen}\n{stage.account()}"
    redialled = max(report.redialled for report in reports)
    assert redialled <= MOST_REDIALLED, f"{seen}\n{stage.account()}"
    assert all(report.sent >= 3000 for report in reports), seen


def by_kind(reports: list[Report]) -> dict[str, Report]:
    return {report.connections: report for report in reports}


def test_a_promotion_fails_no_request_on_new_or_kept_connections(stage: Stage) -> None:
    stage.declare("one", replicas=2)
    stage.until_promoted("one")
    clients = stage.clients()
    clients.start()
    stage.declare("two", replicas=2)
    stage.until_promoted("two")
    reports = clients.stop()
    assert_unnoticed(stage, reports)
    assert all(set(report.answered) == {"one", "two"} for report in reports), reports


def test_an_abort_in_a_weight_step_fails_no_request(stage: Stage) -> None:
    steps = [{"benchmark": {}}, {"weight": 50, "for": "10m"}]
    stage.declare("one", replicas=2)
    stage.until_promoted("one")
    clients = stage.clients()
    clients.start()
    stage.declare("two", replicas=2, rollout={"steps": steps})
    stage.until_shared()
    stage.verb("abort")
    stage.until_rolled_back("two")
    reports = clients.stop()
    assert_unnoticed(stage, reports)
    assert set(by_kind(reports)["new"].answered) == {"one", "two"}
    assert stage.status["failedRevision"]["reason"] == "Aborted"


def test_a_candidate_that_turns_unready_while_it_answers_fails_no_request(stage: Stage) -> None:
    steps = [{"benchmark": {}}, {"weight": 50, "for": "10m"}]
    rollout: Document = {"steps": steps, "progressDeadline": "20s"}
    stage.declare("one", replicas=2)
    stage.until_promoted("one")
    clients = stage.clients()
    clients.start()
    stage.declare("two", replicas=2, rollout=rollout)
    stage.until_shared()
    turn_unready(stage, stage.status["candidate"]["revision"])
    stage.until_rolled_back("two")
    reports = clients.stop()
    assert_unnoticed(stage, reports)
    assert set(by_kind(reports)["new"].answered) == {"one", "two"}
    assert stage.status["failedRevision"]["reason"] == "Unready"


def turn_unready(stage: Stage, revision: str) -> None:
    """Tell the candidate's pods to fail their readiness probe and to answer all the same."""
    program = (
        "import urllib.request as r; r.urlopen(r.Request('http://localhost:8080/behaviour',"
        " method='PUT', data=b'{\"ready\": false}', headers={'content-type': 'application/json'}))"
    )
    for pod in stage.get("pods", "-l", f"modelward.dev/revision={revision}")["items"]:
        stage.kubectl("exec", pod["metadata"]["name"], "--", "python", "-c", program)


def test_without_drain_and_pre_stop_users_do_notice(stage: Stage) -> None:
    """The control: the same story with what protects users switched off must show failures."""

    def hasty(version: str) -> Document:
        template = server_template(version)
        container = template["spec"]["containers"][0]
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": 0}}}
        return template

    rollout: Document = {
        "steps": [{"benchmark": {}}, {"weight": 50, "for": "1s"}],
        "drainDelay": "0s",
    }
    stage.declare("one", replicas=2, template=hasty("one"), rollout=rollout)
    stage.until_promoted("one")
    clients = stage.clients()
    clients.start()
    stage.declare("two", replicas=2, template=hasty("two"), rollout=rollout)
    stage.until_promoted("two")
    reports = clients.stop()
    assert sum(report.failed for report in reports) > 0, reports
