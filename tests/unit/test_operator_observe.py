"""Observing: what belongs to whom, and what a decision gets to see."""

from datetime import UTC, datetime
from typing import Any

import pytest

from modelward.api.names import MANAGED, NAME, REVISION, RUN
from modelward.benchmark.snapshot import RunSnapshot
from modelward.cluster.documents import Key
from modelward.cluster.essence import JOB_UID_LABEL
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
from modelward.cluster.observe.datasets import Datasets
from modelward.cluster.observe.deployments import DeploymentObserver
from modelward.cluster.observe.live import LiveReader
from modelward.cluster.observe.runs import Runner, RunObserver
from modelward.cluster.observe.unreadable import Unreadable, explain
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.release.snapshot import Snapshot
from modelward.writes import Document, PatchStatus
from tests.unit.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FRAUD = Key("ModelDeployment", "ml", "fraud")
RUN_KEY = Key("BenchmarkRun", "ml", "fraud-x-1")

SPEC: dict[str, Any] = {
    "serving": {"port": 8080, "template": {"spec": {"containers": [{"name": "m", "image": "i"}]}}},
    "datasets": [{"name": "golden", "configMap": {"name": "golden", "key": "rows"}}],
    "kpis": [
        {
            "name": "accuracy",
            "benchmark": {"dataset": "golden", "metric": "accuracy"},
            "objective": {"atLeast": "92%"},
        }
    ],
}
RUN_SPEC: dict[str, Any] = {
    "subject": {
        "revision": "x",
        "service": "fraud-x",
        "port": 8080,
        "protocol": "v2",
        "modelName": "fraud",
    },
    "datasets": [{"name": "golden", "configMap": {"name": "g", "key": "rows"}, "sha256": "0" * 64}],
    "kpis": SPEC["kpis"],
    "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
}


class World:
    """Objects in a store, and observers of it."""

    def __init__(self) -> None:
        self.store, self.api = Store(), FakeApi()
        self.refusals = Refusals(lambda: NOW)
        self.deployments = DeploymentObserver(
            self.store, Datasets(self.api, lambda: 0.0), self.refusals, lambda: NOW
        )
        runner = Runner("modelward:dev", "Never")
        live = LiveReader(None, lambda _: None, lambda: NOW, Metrics())
        self.runs = RunObserver(self.store, self.api, self.refusals, lambda: NOW, runner, live)
        self._version = 0

    def has(
        self, kind: Kind, name: str, *, owner: str = "", marks: dict[str, str] | None = None,
        **members: Any,  # noqa: ANN401
    ) -> Document:  # fmt: skip
        """Put an object into the store; its uid is `uid-` and its name."""
        self._version += 1
        metadata = {
            "name": name,
            "namespace": "ml",
            "uid": f"uid-{name}",
            "resourceVersion": str(self._version),
            "generation": 3,
            "creationTimestamp": "2026-11-23T11:00:00Z",
            "labels": marks or {},
            **members.pop("metadata", {}),
        }
        if owner:
            metadata["ownerReferences"] = [{"uid": f"uid-{owner}", "controller": True}]
        document = {
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "metadata": metadata,
            **members,
        }
        self.store.learn(kind, document)
        return document

    async def deployment(self) -> Snapshot:
        seen = await self.deployments.observe(FRAUD)
        assert isinstance(seen, Snapshot)
        return seen

    async def run(self) -> RunSnapshot:
        seen = await self.runs.observe(RUN_KEY)
        assert isinstance(seen, RunSnapshot)
        return seen


@pytest.fixture
def world() -> World:
    world = World()
    world.has(MODEL_DEPLOYMENT, "fraud", spec=SPEC)
    world.has(
        REPLICA_SET,
        "fraud-x",
        owner="fraud",
        marks={NAME: "fraud", REVISION: "x", MANAGED: "true"},
        spec={"replicas": 2},
        status={"replicas": 1},
    )
    return world


async def test_what_a_deployment_controls_is_its_own_over_two_generations(world: World) -> None:
    world.has(SERVICE, "fraud", owner="fraud", spec={"selector": {NAME: "fraud"}})
    world.has(SERVICE, "fraud-x", owner="fraud-x", spec={"selector": {}})
    world.has(POD, "fraud-x-1", owner="fraud-x", spec={"containers": []})
    world.has(BENCHMARK_RUN, "fraud-x-1", owner="fraud-x", spec=RUN_SPEC)
    seen = await world.deployment()
    assert seen.now == NOW
    assert seen.service is not None
    assert dict(seen.service.selector) == {NAME: "fraud"}
    (revision,) = seen.revisions
    assert (revision.hash, revision.desired, revision.replicas) == ("x", 2, 1)
    assert revision.service_uid == "uid-fraud-x"
    assert [pod.name for pod in revision.pods] == ["fraud-x-1"]
    assert [run.metadata.name for run in seen.runs] == ["fraud-x-1"]


async def test_names_and_labels_make_nothing_ours(world: World) -> None:
    marks = {NAME: "fraud", REVISION: "x", MANAGED: "true"}
    world.has(SERVICE, "fraud", marks=marks, spec={"selector": {}})
    world.has(REPLICA_SET, "fraud-y", owner="another", marks=marks, spec={"replicas": 1})
    world.has(POD, "fraud-x-2", owner="another", marks=marks, spec={"containers": []})
    world.has(BENCHMARK_RUN, "fraud-x-1", marks=marks, spec=RUN_SPEC)
    seen = await world.deployment()
    assert seen.service is None
    (revision,) = seen.revisions
    assert revision.pods == ()
    assert seen.runs == ()


async def test_a_child_that_is_being_deleted_is_there_no_more_except_a_pod(world: World) -> None:
    going = {"deletionTimestamp": "2026-11-23T11:59:59Z"}
    world.has(SERVICE, "fraud", owner="fraud", spec={"selector": {}}, metadata=going)
    world.has(POD, "fraud-x-1", owner="fraud-x", spec={"containers": []}, metadata=going)
    seen = await world.deployment()
    assert seen.service is None
    assert [pod.terminating for pod in seen.revisions[0].pods] == [True]


async def test_a_pod_that_was_evicted_is_seen_as_ended(world: World) -> None:
    status = {"phase": "Failed", "reason": "Evicted"}
    world.has(POD, "fraud-x-1", owner="fraud-x", spec={"containers": []}, status=status)
    assert [pod.ended for pod in (await world.deployment()).revisions[0].pods] == [True]


async def test_what_the_replica_set_could_not_do_is_told(world: World) -> None:
    world.has(
        REPLICA_SET,
        "fraud-x",
        owner="fraud",
        marks={REVISION: "x"},
        spec={"replicas": 2},
        status={
            "conditions": [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "message": "exceeded quota: pods",
                    "lastTransitionTime": "2026-11-23T11:00:00Z",
                }
            ]
        },
    )
    seen = (await world.deployment()).revisions[0]
    assert seen.failure == "exceeded quota: pods"
    assert seen.failing_since == datetime(2026, 11, 23, 11, tzinfo=UTC)


async def test_data_sets_are_read_while_a_new_revision_is_wanted(world: World) -> None:
    seen = await world.deployment()
    assert seen.datasets is not None
    assert "does not exist" in (seen.datasets["golden"].problem or "")


async def test_refusals_are_seen_until_the_deployment_is_gone(world: World) -> None:
    body = {"kind": "Service", "metadata": {"name": "fraud"}}
    world.refusals.record(FRAUD, body, "NameTaken", "taken")
    assert [refusal.reason for refusal in (await world.deployment()).refusals] == ["NameTaken"]
    world.store.bury(MODEL_DEPLOYMENT, "uid-fraud")
    assert await world.deployments.observe(FRAUD) is None
    assert world.refusals.of(FRAUD) == ()


async def test_a_deployment_that_is_being_deleted_is_left_alone(world: World) -> None:
    going = {"deletionTimestamp": "2026-11-23T11:59:59Z"}
    world.has(MODEL_DEPLOYMENT, "fraud", spec=SPEC, metadata=going)
    assert await world.deployments.observe(FRAUD) is None


async def test_an_object_that_cannot_be_read_says_so_in_its_status_once(world: World) -> None:
    status = {"conditions": [{"type": "Available", "status": "True"}]}
    document = world.has(MODEL_DEPLOYMENT, "fraud", spec={"serving": 1}, status=status)
    seen = await world.deployments.observe(FRAUD)
    assert isinstance(seen, Unreadable)
    (patch,) = explain(seen).writes
    assert isinstance(patch, PatchStatus)
    assert "install the CRDs of the same version" in patch.status["message"]
    types = [(each["type"], each["status"]) for each in patch.status["conditions"]]
    assert types == [("Available", "True"), ("Ready", "False"), ("Stalled", "True")]
    again = Unreadable({**document, "status": patch.status}, seen.problem, NOW)
    assert explain(again).writes == ()


@pytest.fixture
def benchmark(world: World) -> World:
    world.has(BENCHMARK_RUN, "fraud-x-1", owner="fraud-x", spec=RUN_SPEC)
    return world


def job_status(condition: str) -> dict[str, Any]:
    ended = {"type": condition, "status": "True", "reason": "DeadlineExceeded", "message": "late"}
    return {"conditions": [{**ended, "lastTransitionTime": "2026-11-23T11:30:00Z"}]}


def job(world: World, status: dict[str, Any] | None = None) -> None:
    world.has(
        JOB, "fraud-x-1-1", owner="fraud-x-1", spec={"template": {"spec": {}}}, status=status or {}
    )


async def test_a_run_s_jobs_and_every_pod_that_claims_to_be_theirs_are_seen(
    benchmark: World,
) -> None:
    job(benchmark, {"active": 1})
    benchmark.has(POD, "made", owner="fraud-x-1-1", marks={RUN: "fraud-x-1"}, spec={})
    benchmark.has(POD, "forged", marks={JOB_UID_LABEL: "uid-fraud-x-1-1"}, spec={})
    (seen,) = (await benchmark.run()).jobs
    assert (seen.name, seen.active, seen.finished) == ("fraud-x-1-1", 1, False)
    assert [pod.name for pod in seen.pods] == ["forged", "made"]
    assert not seen.pods_listed
    assert benchmark.api.requests == []


async def test_the_pods_of_a_job_that_has_ended_are_listed_afresh(benchmark: World) -> None:
    job(benchmark, job_status("Complete"))
    terminated = {"exitCode": 0, "reason": "Completed", "message": '{"v":1}'}
    benchmark.api.put(
        {
            "kind": "Pod",
            "metadata": {
                "name": "unseen",
                "namespace": "ml",
                "labels": {JOB_UID_LABEL: "uid-fraud-x-1-1"},
            },
            "spec": {},
            "status": {
                "containerStatuses": [{"name": "runner", "state": {"terminated": terminated}}]
            },
        }
    )
    (seen,) = (await benchmark.run()).jobs
    assert seen.complete
    assert seen.pods_listed
    (pod,) = seen.pods
    assert pod.ended is not None
    assert (pod.ended.exit_code, pod.ended.message) == (0, '{"v":1}')


async def test_a_job_that_failed_tells_why_and_when(benchmark: World) -> None:
    job(benchmark, job_status("Failed"))
    (seen,) = (await benchmark.run()).jobs
    assert (seen.failure, seen.failure_message) == ("DeadlineExceeded", "late")
    assert seen.ended == datetime(2026, 11, 23, 11, 30, tzinfo=UTC)


async def test_a_run_is_told_how_its_pods_are_to_run(benchmark: World) -> None:
    seen = await benchmark.run()
    assert (seen.runner_image, seen.runner_pull_policy) == ("modelward:dev", "Never")
