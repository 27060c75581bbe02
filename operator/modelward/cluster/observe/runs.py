"""The snapshot of a BenchmarkRun: itself, its Jobs, and every pod that says it is one of theirs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.names import RUNNER_CONTAINER
from modelward.benchmark.snapshot import CreateRefused, Ended, RunJob, RunPod, RunSnapshot
from modelward.cluster.api import Api
from modelward.cluster.documents import Key, condition, moment, terminating, uid
from modelward.cluster.kinds import BENCHMARK_RUN, JOB, POD
from modelward.cluster.observe.pods import problem
from modelward.cluster.observe.unreadable import Unreadable
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import JOB_UID_LABEL, Store
from modelward.writes import Document

REFUSAL_STANDS = timedelta(minutes=1)
"""How long a refused create is told; then the decision may try again."""


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

    async def observe(self, key: Key) -> RunSnapshot | Unreadable | None:
        """Return the snapshot; None where the BenchmarkRun is gone or going.

        The pods of a Job that has ended are listed afresh: a second pod that the cache has not
        seen yet would make its result void.
        """
        document = self.store.get(BENCHMARK_RUN, key.namespace, key.name)
        if document is None or terminating(document):
            self.refusals.forget(key)
            return None
        try:
            run = BenchmarkRun.model_validate(document)
        except ValidationError as error:
            return Unreadable(document, str(error), self.now())
        jobs = self.store.controlled_by(JOB, uid(document))
        return RunSnapshot(
            now=self.now(),
            run=run,
            runner_image=self.runner.image,
            runner_pull_policy=self.runner.pull_policy,
            jobs=tuple(await asyncio.gather(*(self._job(job, run) for job in jobs))),
            refusals=self._refusals(key),
        )

    def _refusals(self, key: Key) -> Mapping[str, CreateRefused]:
        recent = self.now() - REFUSAL_STANDS
        return {
            refusal.name: CreateRefused(refusal.reason, refusal.message)
            for refusal in self.refusals.of(key)
            if refusal.at > recent
        }

    async def _job(self, document: Document, run: BenchmarkRun) -> RunJob:
        complete, failed = condition(document, "Complete"), condition(document, "Failed")
        ended = next((each for each in (complete, failed) if each.get("status") == "True"), {})
        name = document["metadata"]["name"]
        ruled = any(each.job == name and each.finished_at for each in run.status.attempts)
        listed = bool(ended) and not ruled
        pods = {uid(pod): pod for pod in self.store.pods_of_job(uid(document))}
        if listed:
            pods |= await self._list_pods(document)
        return _read_job(document, ended, list(pods.values()), listed=listed)

    async def _list_pods(self, job: Document) -> dict[str, Document]:
        selector = f"{JOB_UID_LABEL}={uid(job)}"
        listing = await self.api.list(POD, job["metadata"]["namespace"], selector=selector)
        return {uid(pod): pod for pod in listing.items}


def _read_job(
    document: Document, ended: Mapping[str, str], pods: list[Document], *, listed: bool
) -> RunJob:
    metadata, status = document["metadata"], document.get("status") or {}
    created = moment(metadata["creationTimestamp"])
    assert created is not None
    failed = ended.get("type") == "Failed"
    return RunJob(
        name=metadata["name"],
        uid=uid(document),
        created=created,
        template=document["spec"]["template"],
        active=status.get("active", 0),
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        complete=ended.get("type") == "Complete",
        failure=(ended.get("reason") or "Failed") if failed else "",
        failure_message=(ended.get("message") or "") if failed else "",
        ended=moment(ended.get("lastTransitionTime")),
        terminating=terminating(document),
        pods=tuple(read_run_pod(pod) for pod in pods),
        pods_listed=listed,
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
        ended=_ended(document),
        reason=status.get("reason") or "",
        message=status.get("message") or "",
        problem=found.reason if found else "",
        problem_message=found.message if found else "",
    )


def _ended(document: Document) -> Ended | None:
    for container in (document.get("status") or {}).get("containerStatuses") or ():
        terminated = (container.get("state") or {}).get("terminated")
        if container["name"] == RUNNER_CONTAINER and terminated:
            return Ended(
                exit_code=terminated.get("exitCode", 0),
                reason=terminated.get("reason") or "",
                message=terminated.get("message") or "",
            )
    return None
