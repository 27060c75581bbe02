"""GitOps tools and the operator on one object: no drift, no fight, no second try."""

import json

import pytest

from tests.e2e.gitops import MANAGER, Applied, GitOpsTool
from tests.e2e.stage import NAME, Document, Stage, model_deployment
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

TRACKED = {"app.kubernetes.io/instance": "models"}
"""The label by which Argo CD finds what it may prune, where it tracks by label."""
CLIENT_SIDE = "kubectl-client-side-apply"
ANNOTATED = {"argocd.argoproj.io/sync-wave": "2", "team": "risk"}
STEPS: list[Document] = [
    {"benchmark": {"upTo": "3m"}},
    {"weight": 50, "for": "2s", "upTo": "2m"},
    {"pause": {}},
]


def manifest(version: str, behaviour: Document | None = None) -> Document:
    """Return what a team has in Git, with the labels and annotations of its tool."""
    rollout = {"steps": STEPS, "progressDeadline": "20s"}
    document = model_deployment(version, behaviour or {}, rollout=rollout)
    document["metadata"] |= {"labels": TRACKED, "annotations": ANNOTATED}
    return document


def a_tool_that_applies_every_second_finds_no_drift_in_a_release_and_in_a_rollback(
    stage: Stage,
) -> None:
    with GitOpsTool(stage) as tool:
        tool.commit(manifest("one"))
        stage.until("it waits", waits)
        tool.rounds(3)
        stage.verb("promote")
        stage.until_promoted("one")

        tool.commit(manifest("two"))
        stage.until("it waits", waits)
        tool.rounds(3)
        assert tool.drift() == ""
        stage.verb("promote")
        stage.until_promoted("two")

        tool.commit(manifest("bad", {"accuracy": 0.8}))
        stage.until_rolled_back("bad")
        tool.rounds(10)
        assert tool.drift() == ""
    assert tool.problems == []
    assert_no_drift(tool.applied)
    assert_no_second_try(stage)
    assert_only_the_tool_wrote(stage)


def waits(status: Document) -> bool:
    """Whether the release stands at its pause."""
    return bool(status.get("phase") == "Paused")


def assert_no_drift(applied: list[Applied]) -> None:
    """Each commit changed the object once, when it was applied first, and never again."""
    for commit in (1, 2, 3):
        answers = [each for each in applied if each.commit == commit]
        assert len(answers) > 3
        assert {each.generation for each in answers} == {commit}
        assert len({each.changed_at for each in answers}) == 1


def assert_no_second_try(stage: Stage) -> None:
    """Three versions were judged once each, though the failed one is asked for every second."""
    assert stage.history() == [("one", "Promoted"), ("two", "Promoted"), ("bad", "RolledBack")]
    assert len(stage.get("benchmarkruns")["items"]) == 3
    assert stage.reasons().count("ReleaseStarted") == 3


def assert_only_the_tool_wrote(stage: Stage) -> None:
    """The operator wrote status and nothing else; what the team and people set is still theirs."""
    found = json.loads(stage.kubectl("get", "mdep", NAME, "-o", "json", "--show-managed-fields"))
    metadata = found["metadata"]
    assert "finalizers" not in metadata
    assert metadata["labels"] == TRACKED
    assert metadata["annotations"].items() >= ANNOTATED.items()
    writers = {
        each["manager"] for each in metadata["managedFields"] if each.get("subresource") != "status"
    }
    assert writers == {MANAGER, "kubectl-annotate"}
    # A label that says "belongs to the application" on a child would have it pruned.
    for child in stage.get("replicasets,services,jobs,benchmarkruns")["items"]:
        assert not TRACKED.keys() & child["metadata"].get("labels", {}).keys()


def a_client_side_apply_of_the_same_manifest_changes_nothing_in_a_release(
    stage: Stage,
) -> None:
    document = json.dumps(manifest("one"))
    where = ("-n", stage.namespace)

    def applied() -> tuple[int, str]:
        """Apply; the generation, and when the applied fields last changed."""
        stage.cluster.kubectl(*where, "apply", "-f", "-", stdin=document)
        assert stage.cluster.kubectl(*where, "diff", "-f", "-", stdin=document).stdout == ""
        found = json.loads(
            stage.kubectl("get", "mdep", NAME, "-o", "json", "--show-managed-fields")
        )
        metadata = found["metadata"]
        (own,) = [m for m in metadata["managedFields"] if m["manager"] == CLIENT_SIDE]
        return metadata["generation"], own["time"]

    first = applied()
    stage.until("it is judged", lambda s: s.get("candidate"))
    assert applied() == first
    stage.until("it waits", waits)
    assert applied() == first
    stage.verb("promote")
    stage.until_promoted("one")
    assert applied() == first
    assert stage.history() == [("one", "Promoted")]


STORIES: tuple[Story, ...] = (
    a_tool_that_applies_every_second_finds_no_drift_in_a_release_and_in_a_rollback,
    a_client_side_apply_of_the_same_manifest_changes_nothing_in_a_release,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_gitops_tool(told: Told, story: Story) -> None:
    told[story].result()
