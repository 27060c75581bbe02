"""Scaling at any time, by hand and by a HorizontalPodAutoscaler: both only know /scale."""

import json

import pytest

from tests.e2e.recorder import Recorder
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.test_changes_of_mind import GOES, STAYS, serving, sharing
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]


def autoscaler(least: int, most: int) -> Document:
    """An autoscaler without metrics: it brings the size between its bounds and no further."""
    target = {"apiVersion": "modelward.dev/v1alpha1", "kind": "ModelDeployment", "name": NAME}
    spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
    metadata = {"name": NAME}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": spec,
    }


def scale(stage: Stage) -> Document:
    """Return the scale subresource, which is all that an autoscaler reads."""
    group = "apis/modelward.dev/v1alpha1"
    path = f"/{group}/namespaces/{stage.namespace}/modeldeployments/{NAME}/scale"
    document: Document = json.loads(stage.kubectl("get", "--raw", path))
    return document


def selected(stage: Stage) -> set[str]:
    """Return the pods that an autoscaler measures."""
    items = stage.get("pods", "-l", scale(stage)["status"]["selector"])["items"]
    return {item["metadata"]["name"] for item in items if _stays(item)}


def reached(stage: Stage) -> set[str]:
    """Return the pods that users reach, as the EndpointSlices of the root Service say."""
    slices = stage.get("endpointslices", "-l", f"kubernetes.io/service-name={NAME}")["items"]
    return {
        endpoint["targetRef"]["name"]
        for each in slices
        for endpoint in each.get("endpoints") or ()
        if endpoint["conditions"]["ready"]
    }


def _stays(pod: Document) -> bool:
    return "deletionTimestamp" not in pod["metadata"]


def until_size(stage: Stage, size: int) -> None:
    stage.until(f"{size} pods serve", lambda s: s["replicas"] == size and s["phase"] == "Healthy")


def an_autoscaler_scales_what_serves_in_both_directions(stage: Stage) -> None:
    serving(stage, 1)
    stage.apply(autoscaler(3, 5))
    until_size(stage, 3)
    assert scale(stage)["spec"]["replicas"] == scale(stage)["status"]["replicas"] == 3
    assert selected(stage) == reached(stage)
    stage.apply(autoscaler(1, 2))
    until_size(stage, 2)
    conditions = stage.get("hpa", NAME)["status"]["conditions"]
    able = {condition["type"]: condition["status"] for condition in conditions}
    assert able["AbleToScale"] == "True"


def an_autoscaler_scales_up_in_mid_release_and_both_revisions_count(stage: Stage) -> None:
    sharing(stage)
    stage.apply(autoscaler(4, 6))
    stage.until("all four serve", lambda s: s["replicas"] == 4 and s.get("weight") == "50/50")
    stage.wait("users reach four pods", lambda: len(reached(stage)) == 4)
    assert selected(stage) == reached(stage)


def a_smaller_size_waits_for_the_end_of_the_release(stage: Stage) -> None:
    serving(stage, 3)
    with Recorder(stage) as recorder:
        stage.declare("two", replicas=3, rollout=STAYS)
        stage.until("the weight is reached", lambda s: s.get("weight") == "67/50")
        stage.kubectl("scale", f"mdep/{NAME}", "--current-replicas=3", "--replicas=2")
        stage.until("it is seen", lambda s: s["observedGeneration"] > 2)
        assert (stage.status["replicas"], stage.status["weight"]) == (3, "67/50")
        assert selected(stage) == reached(stage)
        stage.declare("two", replicas=2, rollout=GOES)  # steps stay; the release still soaks
        assert stage.status["replicas"] == 3
        stage.declare("three", replicas=2, rollout=GOES)
        stage.until_promoted("three")
        until_size(stage, 2)
    moments = list(recorder.moments())
    assert max(moment.status.get("replicas", 0) for moment in moments) == 3
    assert max(len(moment.pods) for moment in moments) > 3, "a release has more pods than that"


STORIES: tuple[Story, ...] = (
    an_autoscaler_scales_what_serves_in_both_directions,
    an_autoscaler_scales_up_in_mid_release_and_both_revisions_count,
    a_smaller_size_waits_for_the_end_of_the_release,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_size(told: Told, story: Story) -> None:
    told[story].result()
