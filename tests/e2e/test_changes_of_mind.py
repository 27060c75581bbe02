"""People change their minds in mid-release: it ends where they want to be, and harms nobody."""

import pytest

from tests.e2e.recorder import REVISION, Recorder
from tests.e2e.server.behaviour import golden_rows
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.test_bad_surroundings import LOADED, measuring, rows
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

STAYS: Document = {
    "steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "10m", "upTo": "1h"}],
    "progressDeadline": "3m",
}
GOES: Document = {
    "steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "3s", "upTo": "5m"}],
    "progressDeadline": "3m",
}
KPI: Document = {"name": "accuracy", "benchmark": {"dataset": "golden", "metric": "accuracy"}}


def at_least(limit: str) -> list[Document]:
    return [KPI | {"objective": {"atLeast": limit}}]


def serving(stage: Stage, size: int = 2) -> None:
    """Bring a first version to serve."""
    stage.declare("one", replicas=size, rollout=GOES)
    stage.until_promoted("one")


def sharing(stage: Stage, size: int = 2) -> str:
    """Bring a second version to share the users with the first; return its revision."""
    serving(stage, size)
    stage.declare("two", replicas=size, rollout=STAYS)
    stage.until_shared()
    revision: str = stage.status["candidate"]["revision"]
    return revision


def pods(stage: Stage, revision: str) -> set[str]:
    """Return the names of a revision's pods that stay."""
    items = stage.get("pods", "-l", f"{REVISION}={revision}")["items"]
    staying = (item["metadata"] for item in items)
    return {metadata["name"] for metadata in staying if "deletionTimestamp" not in metadata}


def kinds_of_conditions(stage: Stage) -> set[str]:
    return {condition["type"] for condition in stage.status["conditions"]}


def test_a_new_revision_supersedes_the_candidate_after_its_drain_and_no_request_fails(
    stage: Stage,
) -> None:
    serving(stage)
    clients = stage.clients(rate=50, at_least=1500)
    clients.start()
    with Recorder(stage) as recorder:
        stage.declare("two", replicas=2, rollout=STAYS)
        stage.until_shared()
        superseded: str = stage.status["candidate"]["revision"]
        stage.declare("three", replicas=2, rollout=GOES)
        stage.until_promoted("three")
    reports = clients.stop()
    assert [report.failures for report in reports] == [{}, {}], reports
    new = next(report for report in reports if report.connections == "new")
    assert set(new.answered) == {"one", "two", "three"}
    outcomes = [("one", "Promoted"), ("two", "Superseded"), ("three", "Promoted")]
    assert stage.history() == outcomes
    moments = list(recorder.moments())
    stable, last = stage.status["stable"]["revision"], moments[-1]
    shared = [moment for moment in moments if moment.is_split]
    assert all(len(moment.revisions()) <= 2 for moment in shared)
    first = next(moment for moment in moments if moment.leaving(superseded))
    assert not first.is_split, "users are led away before pods end"
    assert superseded not in last.revisions()
    assert last.selector[REVISION] == stable


def a_revert_to_the_stable_revision_ends_the_release_quietly(stage: Stage) -> None:
    candidate = sharing(stage)
    stable = stage.status["stable"]["revision"]
    before = pods(stage, stable)
    stage.declare("one", replicas=2, rollout=STAYS)
    stage.until("it is healthy again", lambda s: s["phase"] == "Healthy" and "candidate" not in s)
    stage.until("its pods are gone", lambda _: not pods(stage, candidate))
    assert "failedRevision" not in stage.status
    assert kinds_of_conditions(stage) == {"Ready", "Available", "KPIsMet"}
    assert stage.history() == [("one", "Promoted"), ("two", "Superseded")]
    assert stage.reasons().count("Superseded") == 1
    assert "RolledBack" not in stage.reasons()
    assert before & pods(stage, stable)


def changed_kpis_restart_the_judgement_and_nothing_else(stage: Stage) -> None:
    candidate = sharing(stage)
    its_pods = pods(stage, candidate)
    loaded, measured = [*at_least("90%"), *LOADED], done(stage)
    stage.declare("two", replicas=2, rollout=STAYS, kpis=loaded, load=UNHURRIED)
    stage.until("it is at weight 0", lambda s: s.get("candidate", {}).get("weight") == 0)
    stage.wait("it is closed", lambda: REVISION in stage.get("service", NAME)["spec"]["selector"])
    measuring(stage, but=measured)
    assert len(pods(stage, candidate) & its_pods) == 1
    before = runs(stage)
    stage.declare("two", replicas=2, rollout=STAYS, kpis=at_least("91%"))
    stage.until("it has its weight again", lambda s: s.get("weight") == "50/50")
    after = runs(stage)
    kept = before.items() & after.items()
    assert len(before) == len(after) == 3
    assert len(kept) == 2, "the unfinished run is deleted, and the finished ones stay"
    assert stage.reasons().count("JudgedAgain") == 2
    assert stage.history() == [("one", "Promoted")]
    assert pods(stage, candidate) & its_pods
    assert len(stage.get("replicasets")["items"]) == 2


UNHURRIED: Document = {"rate": "10/s", "for": "2m", "warmUp": "1s"}
"""So little load that a judgement of a rate takes a while."""


def done(stage: Stage) -> set[str]:
    """Return the names of the benchmark pods that there are."""
    items = stage.get("pods", "-l", "modelward.dev/run")["items"]
    return {item["metadata"]["name"] for item in items}


def runs(stage: Stage) -> dict[str, str]:
    """Return the uids of the BenchmarkRuns by their names."""
    items = stage.get("brun")["items"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items}


def a_changed_data_set_is_judged_by_in_mid_release(stage: Stage) -> None:
    sharing(stage)
    lines = golden_rows("http").splitlines(keepends=True)
    stage.apply(rows("".join(reversed(lines))))
    stage.until("it is judged again", lambda s: s.get("weight") == "0/0")
    stage.until_shared()
    finished = [run["status"]["verdict"] for run in stage.get("brun")["items"]]
    assert finished == ["Pass"] * 3
    assert stage.history() == [("one", "Promoted")]


def a_changed_data_set_is_another_try_after_a_failure(stage: Stage) -> None:
    serving(stage)
    stage.declare("two", {"accuracy": 0.8}, replicas=2, rollout=GOES)
    stage.until_rolled_back("two")
    lines = golden_rows("http").splitlines(keepends=True)
    stage.apply(rows("".join(lines[:80])))  # what it answers rightly
    stage.until_promoted("two")
    outcomes = [("one", "Promoted"), ("two", "RolledBack"), ("two", "Promoted")]
    assert stage.history() == outcomes


STORIES: tuple[Story, ...] = (
    a_revert_to_the_stable_revision_ends_the_release_quietly,
    changed_kpis_restart_the_judgement_and_nothing_else,
    a_changed_data_set_is_judged_by_in_mid_release,
    a_changed_data_set_is_another_try_after_a_failure,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_change_of_mind(told: Told, story: Story) -> None:
    told[story].result()
