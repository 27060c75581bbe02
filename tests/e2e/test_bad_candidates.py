"""Candidates whose pods don't come up: the cluster's own reason is told, and users notice nothing.

What docs/troubleshooting.md quotes is compared with what `kubectl describe` says here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from tests.e2e.handbook import assert_documented, quote
from tests.e2e.stage import NAME, Document, Stage, server_template

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

ROLLOUT: Document = {
    "steps": [{"benchmark": {"upTo": "3m"}}],
    "drainDelay": "1s",
    "progressDeadline": "10s",
}
MISSING: Document = {"name": "weights", "configMap": {"name": "weights-v2"}}


def crashes(template: Document) -> None:
    server(template)["command"] = ["python", "-c", "raise SystemExit('no weights in /models')"]
    server(template)["terminationMessagePolicy"] = "FallbackToLogsOnError"


def has_no_image(template: Document) -> None:
    server(template)["image"] = "127.0.0.1:1/modelward:missing"  # nobody listens there


def is_never_ready(template: Document) -> None:
    server(template)["readinessProbe"]["httpGet"]["path"] = "/not-there"


def is_not_restricted(template: Document) -> None:
    del template["spec"]["securityContext"]


def asks_for_another_node(template: Document) -> None:
    template["spec"]["nodeSelector"] = {"accelerator": "none-such"}


def mounts_what_is_missing(template: Document) -> None:
    template["spec"]["volumes"].append(MISSING)
    server(template)["volumeMounts"].append({"name": "weights", "mountPath": "/models"})


def server(template: Document) -> Document:
    container: Document = template["spec"]["containers"][0]
    return container


class Story(NamedTuple):
    title: str
    spoil: Callable[[Document], None]
    reasons: set[str]


STORIES = (
    Story("A container crashes", crashes, {"CrashLoopBackOff"}),
    Story("An image can't be pulled", has_no_image, {"ErrImagePull", "ImagePullBackOff"}),
    Story("A pod never gets ready", is_never_ready, {"NeverReady"}),
    Story("Pod Security refuses the pods", is_not_restricted, {"PodSecurity"}),
    Story("No node takes the pod", asks_for_another_node, {"Unschedulable"}),
    Story("A volume is not mounted", mounts_what_is_missing, {"VolumeNotMounted"}),
)


@pytest.fixture(scope="module")
def serving(shared_stage: Stage) -> Stage:
    """A deployment whose first version serves."""
    shared_stage.declare("one", rollout=ROLLOUT)
    shared_stage.until_promoted("one")
    return shared_stage


def stable_pods(stage: Stage) -> list[str]:
    revision = stage.status["stable"]["revision"]
    pods = stage.get("pods", "-l", f"modelward.dev/revision={revision}")["items"]
    return [pod["metadata"]["name"] for pod in pods]


def condition(stage: Stage, kind: str) -> Document:
    found = (c for c in stage.status["conditions"] if c["type"] == kind)
    return next(found, {})


@contextmanager
def unnoticed(stage: Stage) -> Iterator[None]:
    """Demand that users are served by the same pods afterwards."""
    pods = stable_pods(stage)
    yield
    assert stage.status["stable"]["version"] == "one"
    assert stable_pods(stage) == pods
    assert condition(stage, "Available")["status"] == "True"
    assert condition(stage, "Stalled")["reason"] == "RolledBack"


def until_failed(stage: Stage, version: str) -> Document:
    """Wait until a version stands as failed."""
    stage.until(
        f"{version} stands as failed",
        lambda s: s.get("failedRevision", {}).get("version") == version and "candidate" not in s,
    )
    failed: Document = stage.status["failedRevision"]
    return failed


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.spoil.__name__)
def test_a_candidate_that_does_not_come_up_is_rolled_back(serving: Stage, story: Story) -> None:
    template = server_template("bad")
    story.spoil(template)
    version = story.spoil.__name__.replace("_", "-")
    with unnoticed(serving):
        serving.declare(version, template=template, rollout=ROLLOUT)
        failed = until_failed(serving, version)
        assert failed["reason"] in story.reasons
        assert_documented(story.title, quote(serving))


def quota(stage: Stage) -> Document:
    """A quota that is used up: the pods that run and nothing more."""
    pods = stage.get("pods", "--field-selector=status.phase=Running")["items"]
    document = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}}
    return document | {"spec": {"hard": {"pods": str(len(pods))}}}


@pytest.mark.usefixtures("impatient")
def test_what_lies_in_the_surroundings_is_tried_again_once_it_is_mended(stage: Stage) -> None:
    stage.declare("one", rollout=ROLLOUT)
    stage.until_promoted("one")
    stage.apply(quota(stage))
    with unnoticed(stage):
        stage.declare("two", rollout=ROLLOUT)
        assert until_failed(stage, "two")["reason"] == "Quota"
        assert_documented("A quota is used up", quote(stage))
    stage.kubectl("delete", "resourcequota", "pods")
    stage.until_promoted("two")


def test_a_version_below_a_limit_is_rolled_back_with_the_numbers(serving: Stage) -> None:
    with unnoticed(serving):
        serving.declare("bad", {"accuracy": 0.8}, rollout=ROLLOUT)
        assert until_failed(serving, "bad")["reason"] == "accuracy"
        assert_documented("A version misses a KPI", quote(serving))
    events = serving.kubectl("describe", "mdep", NAME).partition("Events:")[2]
    assert "RolledBack" in events
