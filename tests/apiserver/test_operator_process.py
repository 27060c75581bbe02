"""The operator as a process, against a real API server."""

import asyncio
import signal
from collections.abc import Callable

import pytest

from modelward.cluster.documents import condition, controller, uid
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
)
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import deployment, make_deployment
from tests.apiserver.story import announced
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]


async def test_a_new_deployment_gets_a_closed_service_and_a_revision(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    start_operator()
    owner = await make_deployment(kube, namespace)
    (replica_set,) = await until(lambda: kube.list(REPLICA_SET, namespace), "a ReplicaSet")
    assert controller(replica_set) == uid(owner)
    root = await until(lambda: kube.get(SERVICE, namespace, "fraud"), "the root Service")
    assert controller(root) == uid(owner)
    revision = replica_set["metadata"]["labels"]["modelward.dev/revision"]
    assert root["spec"]["selector"].get("modelward.dev/revision") != revision


async def test_a_ready_candidate_gets_a_benchmark_run_with_one_job(
    kube: Kube, namespace: str, start_operator: Start, controllers: Controllers
) -> None:
    start_operator()
    await make_deployment(kube, namespace)
    (run,) = await until(lambda: kube.list(BENCHMARK_RUN, namespace), "a BenchmarkRun")
    (job,) = await until(lambda: kube.list(JOB, namespace), "a Job")
    assert controller(job) == uid(run)

    async def measured() -> bool:
        pods = await kube.list(POD, namespace, "modelward.dev/run")
        return len(pods) == 1

    await until(measured, "the benchmark's pod")


async def test_a_user_s_object_gets_no_finalizer_and_no_annotation(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    start_operator()
    before = await make_deployment(kube, namespace)

    async def reported() -> bool:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        return now is not None and bool(condition(now, "Ready"))

    await until(reported, "a status")
    after = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
    assert after is not None
    varies = ("resourceVersion", "managedFields")
    kept = [
        {key: value for key, value in each["metadata"].items() if key not in varies}
        for each in (before, after)
    ]
    assert kept[0] == kept[1]
    assert before["spec"] == after["spec"]


async def test_events_tell_of_the_release_once_even_after_a_restart(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    operator = start_operator()
    await make_deployment(kube, namespace)
    await until(lambda: announced(kube, namespace), "an Event")
    operator.kill()
    operator.start()
    await asyncio.sleep(1)
    assert [event["reason"] for event in await announced(kube, namespace)] == ["ReleaseStarted"]


async def test_what_happens_while_the_operator_is_dead_is_done_when_it_is_back(
    kube: Kube, namespace: str, start_operator: Start, controllers: Controllers
) -> None:
    controllers.ready = lambda _: False
    operator = start_operator()
    await make_deployment(kube, namespace)
    await until(lambda: kube.list(REPLICA_SET, namespace), "a ReplicaSet")
    operator.kill(signal.SIGKILL)
    controllers.ready = lambda _: True

    async def ready() -> bool:
        (replica_set,) = await kube.list(REPLICA_SET, namespace)
        spec, status = replica_set["spec"], replica_set["status"]
        return int(spec["replicas"]) == int(status.get("readyReplicas", 0))

    await until(ready, "the candidate to be ready")
    assert await kube.list(BENCHMARK_RUN, namespace) == []
    operator.start()
    runs = await until(lambda: kube.list(BENCHMARK_RUN, namespace), "a BenchmarkRun")
    assert len(runs) == 1
    assert len(await kube.list(REPLICA_SET, namespace)) == 1


async def test_deleting_works_while_the_operator_is_down(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    operator = start_operator()
    await make_deployment(kube, namespace)
    await until(lambda: kube.list(REPLICA_SET, namespace), "a ReplicaSet")
    operator.kill()
    await kube.delete(MODEL_DEPLOYMENT, namespace, "fraud")
    assert await kube.get(MODEL_DEPLOYMENT, namespace, "fraud") is None


async def test_a_foreign_service_of_the_same_name_is_left_alone_and_named(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    metadata = {"name": "fraud", "namespace": namespace}
    spec = {"ports": [{"port": 80}], "selector": {"app": "another"}}
    foreign = await kube.create(SERVICE, {"metadata": metadata, "spec": spec})
    start_operator()
    await make_deployment(kube, namespace)

    async def stalled() -> str | None:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        found = condition(now or foreign, "Stalled")
        return found.get("message") if found.get("reason") == "NameTaken" else None

    message = await until(stalled, "Stalled, NameTaken")
    assert message is not None
    assert "another object has this name" in message
    assert "kubectl patch service fraud" in message
    now = await kube.get(SERVICE, namespace, "fraud")
    assert now is not None
    assert now["spec"]["selector"] == {"app": "another"}
    assert uid(now) == uid(foreign)


async def test_a_missing_data_set_is_named_and_nothing_is_begun(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    start_operator()
    await kube.create(MODEL_DEPLOYMENT, deployment(namespace))

    async def named() -> bool:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        message = str((now or {}).get("status", {}).get("message", ""))
        return "ConfigMap golden does not exist" in message

    await until(named, "the missing ConfigMap to be named")
    assert await kube.list(REPLICA_SET, namespace) == []


async def test_it_ends_well_when_it_is_told_to(start_operator: Start) -> None:
    operator = start_operator()
    assert operator.get("/healthz") == (200, "ok")
    assert operator.kill(signal.SIGTERM) == 0
