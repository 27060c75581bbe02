"""The snapshot of a BenchmarkRun: itself, its Jobs, and every pod that says it is one of theirs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.names import JOB_CONTAINER, RUNNER_CONTAINER
from modelward.benchmark.decide import needs_pod_list
from modelward.benchmark.snapshot import Ended, LivePod, LiveView, RunJob, RunPod, RunSnapshot
from modelward.cluster.api import Api
from modelward.cluster.documents import Key, condition, controller, moment, terminating, uid
from modelward.cluster.essence import JOB_UID_LABEL
from modelward.cluster.kinds import BENCHMARK_RUN, JOB, POD
from modelward.cluster.observe.live import LiveReader
from modelward.cluster.observe.pods import problem, read_pod
from modelward.cluster.observe.unreadable import Unreadable, told
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.writes import Document


@dataclass(frozen=True)
class Runner:
    """How benchmark pods run."""

    image: str
    pull_policy: str


@dataclass(frozen=True)
class RunObserver:
    """Builds snapshots of BenchmarkRuns."""

    store: Store
    api: Api
    refusals: Refusals
    now: Callable[[], datetime]
    runner: Runner
    live: LiveReader

    async def observe(self, key: Key) -> RunSnapshot | Unreadable | None:
        """Return the snapshot; None where the BenchmarkRun is gone or going.

        The pods of a Job that has ended are listed afresh: a second pod that the cache has not
        seen yet would make its result void.
        """
        document = self.store.get(BENCHMARK_RUN, key.namespace, key.name)
        if document is None or terminating(document):
            self.refusals.forget(key)
            self.live.forget(key)
            return None
        try:
            run = BenchmarkRun.model_validate(document)
        except ValidationError as error:
            return Unreadable(document, told(error), self.now())
        snapshot = RunSnapshot(
            now=self.now(),
            run=run,
            runner_image=self.runner.image,
            runner_pull_policy=self.runner.pull_policy,
            jobs=tuple(
                _read_job(job, self.store.pods_of_job(uid(job)))
                for job in self.store.controlled_by(JOB, uid(document))
            ),
            refusals=self.refusals.of(key),
            continued=self._continued(document, run),
        )
        if run.spec.live:
            return self._with_live(key, document, snapshot)
        return await self._with_all_pods(snapshot) if needs_pod_list(snapshot) else snapshot

    def _with_live(self, key: Key, document: Document, snapshot: RunSnapshot) -> RunSnapshot:
        """Add the pods of the run's revision, and what was read of their requests."""
        owner = controller(document)
        pods = self.store.controlled_by(POD, owner) if owner else ()
        view = LiveView(tuple(_live_pod(pod) for pod in pods if not terminating(pod)))
        snapshot = replace(snapshot, live=view)
        reading = self.live.take(key, snapshot)
        return replace(snapshot, live=replace(view, reading=reading))

    def _continued(self, document: Document, run: BenchmarkRun) -> BenchmarkRun | None:
        """Return the run that spec.continues names; a foreign one's evidence proves nothing."""
        name = run.spec.continues
        found = self.store.get(BENCHMARK_RUN, document["metadata"]["namespace"], name or "")
        if found is None or controller(found) != controller(document):
            return None
        try:
            return BenchmarkRun.model_validate(found)
        except ValidationError:
            return None

    async def _with_all_pods(self, snapshot: RunSnapshot) -> RunSnapshot:
        namespace = snapshot.run.metadata.namespace
        jobs = [await self._listed(namespace, job) for job in snapshot.jobs]
        return replace(snapshot, jobs=tuple(jobs))

    async def _listed(self, namespace: str, job: RunJob) -> RunJob:
        """Add to a Job that has ended the pods that the API server knows of.

        Those in the cache are kept, for one that is gone by now was there all the same.
        """
        if not job.finished:
            return job
        listing = await self.api.list(POD, namespace, selector=f"{JOB_UID_LABEL}={job.uid}")
        pods = {pod.uid: pod for pod in (*job.pods, *map(read_run_pod, listing.items))}
        return replace(job, pods=tuple(pods.values()), pods_listed=True)


def _live_pod(document: Document) -> LivePod:
    pod = read_pod(document)
    settled = [moment for moment in (pod.ready_since, pod.started) if moment]
    return LivePod(pod.name, pod.ready and not pod.ended, max(settled, default=None))


def _read_job(document: Document, pods: Iterable[Document]) -> RunJob:
    metadata, status = document["metadata"], document.get("status") or {}
    complete, failed = condition(document, "Complete"), condition(document, "Failed")
    has_failed = failed.get("status") == "True"
    ended = failed if has_failed else complete if complete.get("status") == "True" else {}
    created = moment(metadata["creationTimestamp"])
    assert created is not None
    return RunJob(
        name=metadata["name"],
        uid=uid(document),
        created=created,
        template=document["spec"]["template"],
        active=status.get("active", 0),
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        complete=complete.get("status") == "True",
        failure=(failed.get("reason") or "Failed") if has_failed else "",
        failure_message=(failed.get("message") or "") if has_failed else "",
        ended=moment(ended.get("lastTransitionTime")),
        terminating=terminating(document),
        pods=tuple(read_run_pod(pod) for pod in pods),
    )


def read_run_pod(document: Document) -> RunPod:
    """Return what a benchmark needs to know about a pod of one of its Jobs."""
    metadata, status = document["metadata"], document.get("status") or {}
    found = problem(document)
    return RunPod(
        name=metadata["name"],
        uid=uid(document),
        annotations=metadata.get("annotations") or {},
        spec=document["spec"],
        started=_has_started(document),
        ended=_ended(_runner_state(document)),
        jobs={name: ended for name, state in _job_states(document) if (ended := _ended(state))},
        running={n: since for n, state in _job_states(document) if (since := _began(state))},
        reason=status.get("reason") or "",
        message=status.get("message") or "",
        problem=found.reason if found else "",
        problem_message=found.message if found else "",
    )


def _has_started(document: Document) -> bool:
    """Whether the runner, or a job before it, has begun."""
    states = [_runner_state(document), *(state for _, state in _job_states(document))]
    return any(state.keys() & {"running", "terminated"} for state in states)


def _ended(state: Document) -> Ended | None:
    terminated = state.get("terminated")
    if not terminated:
        return None
    return Ended(
        exit_code=terminated.get("exitCode", 0),
        reason=terminated.get("reason") or "",
        message=terminated.get("message") or "",
    )


def _began(state: Document) -> datetime | None:
    return moment((state.get("running") or {}).get("startedAt"))


def _runner_state(document: Document) -> Document:
    """The state of the runner's container; empty before the kubelet has told one."""
    for container in (document.get("status") or {}).get("containerStatuses") or ():
        if container["name"] == RUNNER_CONTAINER:
            return container.get("state") or {}
    return {}


def _job_states(document: Document) -> Iterator[tuple[str, Document]]:
    """Name the jobs whose containers the kubelet has told of, and their states."""
    for container in (document.get("status") or {}).get("initContainerStatuses") or ():
        name: str = container["name"]
        if name.startswith(JOB_CONTAINER):
            yield name.removeprefix(JOB_CONTAINER), container.get("state") or {}
