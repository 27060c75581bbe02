"""The snapshot of a ModelDeployment: itself, its revisions with their pods, its Service, its runs.

An object belongs to a ModelDeployment when the uid of its controller says so, through the
ReplicaSet where it belongs to a revision. Names and labels prove nothing.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.names import COPY_OF, REVISION
from modelward.cluster.documents import Key, condition, labels, moment, terminating, uid
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
    Kind,
)
from modelward.cluster.observe.datasets import Datasets
from modelward.cluster.observe.pods import read_pod
from modelward.cluster.observe.unreadable import Unreadable, told
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.release.decide import needs_datasets
from modelward.release.snapshot import Revision, RootService, Snapshot
from modelward.writes import Document

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeploymentObserver:
    """Builds snapshots of ModelDeployments; only data sets cost a request."""

    store: Store
    datasets: Datasets
    refusals: Refusals
    now: Callable[[], datetime]

    async def observe(self, key: Key) -> Snapshot | Unreadable | None:
        """Return the snapshot; None where the ModelDeployment is gone or going."""
        document = self.store.get(MODEL_DEPLOYMENT, key.namespace, key.name)
        if document is None or terminating(document):
            self.refusals.forget(key)
            return None
        try:
            deployment = ModelDeployment.model_validate(document)
        except ValidationError as error:
            return Unreadable(document, told(error), self.now())
        revisions = self._standing(REPLICA_SET, uid(document))
        service = self._root_service(deployment)
        datasets = None
        if needs_datasets(deployment, service):
            datasets = await self.datasets.read(key.namespace, deployment.spec.datasets)
        return Snapshot(
            now=self.now(),
            deployment=deployment,
            revisions=tuple(self._revision(each, REVISION) for each in revisions),
            copies=tuple(self._copies(revisions)),
            service=service,
            runs=tuple(run for each in revisions for run in self._runs(each)),
            datasets=datasets,
            refusals=self.refusals.of(key),
        )

    def _standing(self, kind: Kind, owner: str) -> list[Document]:
        """Return the children that are not being deleted."""
        return [each for each in self.store.controlled_by(kind, owner) if not terminating(each)]

    def _root_service(self, deployment: ModelDeployment) -> RootService | None:
        for service in self._standing(SERVICE, deployment.metadata.uid):
            metadata = service["metadata"]
            if metadata["name"] == deployment.metadata.name:
                selector = service["spec"].get("selector") or {}
                return RootService(uid(service), selector, metadata.get("annotations") or {})
        return None

    def _copies(self, revisions: list[Document]) -> Iterator[Revision]:
        """Return the copies of stable that were made for the benchmarks of these revisions."""
        for revision in revisions:
            for copy in self._standing(REPLICA_SET, uid(revision)):
                yield self._revision(copy, COPY_OF)

    def _revision(self, document: Document, named_by: str) -> Revision:
        """Return what a ReplicaSet is; its hash stands in the label `named_by`."""
        metadata, status = document["metadata"], document.get("status") or {}
        created = moment(metadata["creationTimestamp"])
        assert created is not None
        failure = condition(document, "ReplicaFailure")
        failing = failure.get("status") == "True"
        name = metadata["name"]
        services = {
            service["metadata"]["name"]: uid(service)
            for service in self._standing(SERVICE, uid(document))
        }
        return Revision(
            hash=labels(document).get(named_by, ""),
            name=name,
            uid=uid(document),
            created=created,
            annotations=metadata.get("annotations") or {},
            desired=document["spec"].get("replicas", 1),
            replicas=status.get("replicas", 0),
            failure=failure.get("message") if failing else None,
            failing_since=moment(failure.get("lastTransitionTime")) if failing else None,
            pods=tuple(read_pod(pod) for pod in self.store.controlled_by(POD, uid(document))),
            service_uid=services.get(name),
        )

    def _runs(self, revision: Document) -> list[BenchmarkRun]:
        runs = []
        for document in self.store.controlled_by(BENCHMARK_RUN, uid(revision)):
            try:
                runs.append(BenchmarkRun.model_validate(document))
            except ValidationError as error:
                # A run that can't be read is no evidence. The release waits for one that can.
                log.warning("BenchmarkRun %s: %s", document["metadata"]["name"], told(error))
        return runs
