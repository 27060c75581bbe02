"""The operator's rights: it was refused nothing, and has nothing that no story needs.

Both are read from the API server's audit log, of all stories that were told in this run.
"""

import pytest

from tests.cluster.install import OPERATOR
from tests.cluster.provider import Cluster
from tests.cluster.rights import AuditLog, granted, refused, unused
from tests.e2e.forged import forged_pod
from tests.e2e.local_operator import rest, resume
from tests.e2e.stage import PROJECT, Document, Stage
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

LONG: Document = {"rate": "1/s", "for": "60s", "warmUp": "1s"}
ERRORS: list[Document] = [
    {"name": "errors", "benchmark": {"metric": "errorRate"}, "objective": {"atMost": "5%"}},
]


def rollout(up_to: str) -> Document:
    """Nothing is kept of a revision that is over."""
    steps = [{"benchmark": {"upTo": up_to}}]
    return {"steps": steps, "drainDelay": "0s", "revisionHistoryLimit": 0}


def until_measured(stage: Stage, version: str) -> None:
    """Wait until a benchmark of the version's candidate is under way."""

    def measured(status: Document) -> bool:
        if status.get("candidate", {}).get("version") != version:
            return False
        revision = status["candidate"]["revision"]
        runs = stage.get("brun")["items"]
        mine = [run for run in runs if run["spec"]["subject"]["revision"] == revision]
        return any(run.get("status", {}).get("phase") == "Running" for run in mine)

    stage.until(f"{version} is measured", measured)


def a_judgement_that_nobody_waits_for_is_dropped_and_old_revisions_are_pruned(
    stage: Stage,
) -> None:
    stage.declare("one", rollout=rollout("3m"))
    stage.until_promoted("one")
    stage.declare("two", kpis=ERRORS, load=LONG, rollout=rollout("3m"))
    until_measured(stage, "two")
    stage.declare("three", rollout=rollout("3m"))
    stage.until_promoted("three")
    stable = stage.status["stable"]["revision"]
    stage.wait("only three is left", lambda: revisions(stage) == ([stable], [stable]))


def revisions(stage: Stage) -> tuple[list[str], list[str]]:
    """Return of which revisions there are ReplicaSets, and BenchmarkRuns."""
    sets, runs = stage.get("replicasets")["items"], stage.get("brun")["items"]
    return (
        [each["metadata"]["labels"]["modelward.dev/revision"] for each in sets],
        [each["spec"]["subject"]["revision"] for each in runs],
    )


def a_benchmark_into_which_somebody_puts_a_pod_is_ended_and_not_believed(
    stage: Stage,
) -> None:
    stage.declare("one", kpis=ERRORS, load=LONG, rollout=rollout("15s"))
    until_measured(stage, "one")
    (job,) = stage.get("jobs")["items"]
    stage.apply(forged_pod(job, "intruder", with_labels=True))
    stage.until("it waits for a person", lambda status: status["phase"] == "Paused")
    (run,) = stage.get("brun")["items"]
    assert run["status"]["verdict"] == "Inconclusive"
    assert run["status"]["attempts"][0]["reason"] == "ForeignPod"
    stage.wait("its Job is gone", lambda: job["metadata"]["uid"] not in jobs(stage))


def jobs(stage: Stage) -> set[str]:
    """Return the uids of the Jobs that there are."""
    return {each["metadata"]["uid"] for each in stage.get("jobs")["items"]}


@pytest.mark.looks_back
def test_the_operator_was_refused_nothing_and_has_no_right_that_no_story_needs(
    installed: Cluster, audit_began: int
) -> None:
    audit = AuditLog(installed.audit_log, since=audit_began)
    rest(installed)  # its watches end, and only then are they in the log
    entries = audit.entries(OPERATOR)
    resume(installed)
    assert refused(entries) == []
    assert [str(right) for right in unused(granted(installed, OPERATOR), entries)] == []


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("view", "get", "create"),
        ("edit", "create", "promote"),
        ("admin", "promote", "impersonate"),
    ],
)
def test_roles_for_people_join_the_cluster_s_own(
    shared_stage: Stage, role: str, may: str, may_not: str
) -> None:
    stage = shared_stage
    roles = PROJECT / "manifests" / "components" / "people" / "roles.yaml"
    stage.cluster.kubectl("apply", "--server-side", "-f", str(roles))
    stage.kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}")
    question = ("auth", "can-i", f"--as={role}")

    def says(verb: str) -> str:
        return stage.kubectl(*question, verb, "modeldeployments", check=False).strip()

    stage.wait(f"{role} joins", lambda: says(may) == "yes")
    assert says(may_not) == "no"


STORIES: tuple[Story, ...] = (
    a_judgement_that_nobody_waits_for_is_dropped_and_old_revisions_are_pruned,
    a_benchmark_into_which_somebody_puts_a_pod_is_ended_and_not_believed,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_needs_the_right_to_delete(told: Told, story: Story) -> None:
    told[story].result()
