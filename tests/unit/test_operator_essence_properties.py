"""Whatever the cluster says of an object, observers see the same in what is kept of it."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import GaugeMetricFamily

from modelward.api.names import NAME, PLAN, REVISION, RUN
from modelward.benchmark.snapshot import RunSnapshot
from modelward.cluster import store
from modelward.cluster.essence import JOB_UID_LABEL, essence
from modelward.cluster.inventory import Inventory
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
    Kind,
)
from modelward.cluster.metrics import Metrics
from modelward.cluster.requests import Requests
from modelward.release.snapshot import Snapshot
from modelward.writes import Document
from tests.unit.test_operator_observe import RUN_SPEC, SPEC, World

Keep = Callable[[Kind, Document], Document]
Seen = tuple[Snapshot, RunSnapshot, list[GaugeMetricFamily]]

TIMES = st.sampled_from([f"2026-11-23T11:{minute}:00Z" for minute in ("10", "20", "30")])
WORDS = st.sampled_from(
    ["", "Error", "Evicted", "CrashLoopBackOff", "ContainerCreating", "PodInitializing"]
)
NUMBERS = st.integers(0, 3)
ELSE = st.dictionaries(st.sampled_from(["podIP", "restartCount", "ready", "startTime"]), NUMBERS)
"""What an object holds beside what anybody reads."""

STATES: st.SearchStrategy[Document] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"running": st.fixed_dictionaries({"startedAt": TIMES})}),
    st.fixed_dictionaries(
        {"waiting": st.fixed_dictionaries({"reason": WORDS}, optional={"message": WORDS})}
    ),
    st.fixed_dictionaries(
        {
            "terminated": st.fixed_dictionaries(
                {"exitCode": NUMBERS},
                optional={"reason": WORDS, "message": WORDS, "startedAt": TIMES},
            )
        }
    ),
)


def conditions(*types: str) -> st.SearchStrategy[list[Document]]:
    """Conditions of some of these types."""
    statuses = st.sampled_from(["True", "False"])
    said = {"status": statuses, "reason": WORDS, "message": WORDS, "lastTransitionTime": TIMES}
    each = (st.fixed_dictionaries({"type": st.just(name), **said}) for name in types)
    return st.tuples(*each).map(list)


def parts(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    """These members, among others."""
    return st.builds(lambda a, b: a | b, ELSE, st.fixed_dictionaries(known))


CONTAINERS = st.lists(
    st.builds(
        lambda more, name: {**more, "name": name},
        parts(state=STATES, lastState=STATES, imageID=WORDS),
        st.sampled_from(["m", "runner", "sidecar"]),
    ),
    min_size=1,
    max_size=2,
)
PODS = parts(
    phase=st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]),
    reason=WORDS,
    message=WORDS,
    conditions=conditions("Ready", "PodScheduled", "PodReadyToStartContainers", "Initialized"),
    containerStatuses=CONTAINERS,
    initContainerStatuses=CONTAINERS,
)
JOBS = parts(
    active=NUMBERS,
    succeeded=NUMBERS,
    failed=NUMBERS,
    conditions=conditions("Complete", "Failed", "SuccessCriteriaMet"),
)
REPLICA_SETS = parts(
    replicas=NUMBERS, readyReplicas=NUMBERS, conditions=conditions("ReplicaFailure", "Other")
)
DYING: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {}, optional={"deletionTimestamp": TIMES}
)


@st.composite
def clusters(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A release and a benchmark at any moment, as `World.has` takes them."""
    of_run = draw(st.sampled_from([{JOB_UID_LABEL: "uid-job"}, {RUN: "fraud-x-1"}]))
    spec = {"containers": [{"name": "m", "image": "i"}], "nodeName": "n"}
    children: list[tuple[Kind, str, str, dict[str, str], Document, Document]] = [
        (REPLICA_SET, "fraud-x", "fraud", {NAME: "fraud", REVISION: "x"},
         draw(parts(replicas=NUMBERS)), draw(REPLICA_SETS)),
        (SERVICE, "fraud", "fraud", {}, draw(parts(selector=st.just({REVISION: "x"}))), {}),
        (SERVICE, "fraud-x", "fraud-x", {}, draw(parts()), {}),
        (POD, "serving", "fraud-x", {NAME: "fraud"}, spec, draw(PODS)),
        (BENCHMARK_RUN, "fraud-x-0", "fraud-x", {}, RUN_SPEC, {}),
        (BENCHMARK_RUN, "fraud-x-1", "fraud-x", {}, {**RUN_SPEC, "continues": "fraud-x-0"}, {}),
        (JOB, "job", "fraud-x-1", {RUN: "fraud-x-1"}, {"template": {"spec": spec}}, draw(JOBS)),
        (POD, "measuring", draw(st.sampled_from(["job", ""])), of_run, spec, draw(PODS)),
    ]  # fmt: skip
    status = {"phase": "Progressing", "candidate": {"revision": "x", "since": draw(TIMES)}}
    deployment = {"kind": MODEL_DEPLOYMENT, "name": "fraud", "spec": SPEC, "status": status}
    dying = {"measuring", "serving", "job", "fraud-x"}
    return [
        deployment,
        *(
            {
                "kind": kind,
                "name": name,
                "owner": owner,
                "marks": marks,
                "spec": its_spec,
                "status": its_status,
                "metadata": {"annotations": {PLAN: "{}"}, **(draw(DYING) if name in dying else {})},
            }
            for kind, name, owner, marks, its_spec, its_status in children
        ),
    ]


def whole(_: Kind, document: Document) -> Document:
    """Keep everything."""
    return copy.deepcopy(document)


async def seen(objects: list[dict[str, Any]], keep: Keep) -> Seen:
    """What decisions and metrics are made of, from a store that keeps this of each object."""
    with patch.object(store, "essence", keep):
        world = World()
        for each in objects:
            world.has(each["kind"], **{key: each[key] for key in each if key != "kind"})
    told = Inventory(world.store, Requests(Metrics())).collect()
    return await world.deployment(), await world.run(), list(told)


@given(clusters())
def test_observers_see_the_same_in_what_is_kept_as_in_the_whole(
    objects: list[dict[str, Any]],
) -> None:
    assert asyncio.run(seen(objects, essence)) == asyncio.run(seen(objects, whole))
