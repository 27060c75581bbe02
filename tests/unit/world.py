"""A simulated cluster for decisions: it keeps what plans write and plays the controllers.

Not a fake API server: no validation, no watches. It holds plain documents, makes and ends pods as
the ReplicaSet controller and kubelet would, lets benchmarks come out as the test says, and moves
time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.names import COPY_OF, REVISION
from modelward.release.decide import decide, needs_datasets
from modelward.release.snapshot import DatasetState, Pod, Revision, RootService, Snapshot
from modelward.writes import Announce, Apply, Create, Delete, PatchStatus, Plan, Refusal, Write
from tests.unit.beginnings import played_once
from tests.unit.documents import Document, deployment_document

BEGIN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
READY_AFTER = timedelta(seconds=3)


@dataclass
class World:
    """Objects by kind and name, the clock, and how things come out."""

    deployment: Document = field(default_factory=deployment_document)
    now: datetime = BEGIN
    objects: dict[tuple[str, str], Document] = field(default_factory=dict)
    pods: dict[str, list[Pod]] = field(default_factory=dict)
    """Pods by ReplicaSet name."""
    left_behind: dict[str, list[Pod]] = field(default_factory=dict)
    """Pods that ended and that nobody cleans up, by ReplicaSet name."""
    events: dict[str, Announce] = field(default_factory=dict)
    """Events by key: the same key twice is one Event."""
    dataset: DatasetState = field(default_factory=lambda: DatasetState(sha256="0" * 64))
    verdict: Callable[[Document], str] = lambda _: "Pass"
    """How a BenchmarkRun comes out."""
    never_ready: set[str] = field(default_factory=set)
    """Images whose pods never get ready."""
    writes: list[Write] = field(default_factory=list)
    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    """Names that somebody else has, with the message."""
    refusals: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    _count: int = 0
    _dirty: bool = True
    """Something changed that the operator watches; else it only looks when it asked to."""
    _wake_at: datetime = BEGIN

    def snapshot(self) -> Snapshot:
        """Return what the operator would see now."""
        deployment = self.parsed()
        root = self.objects.get(("Service", "fraud"))
        service = None
        if root:
            annotations = root["metadata"].get("annotations", {})
            service = RootService(root["metadata"]["uid"], root["spec"]["selector"], annotations)
        judged = needs_datasets(deployment, service)
        return Snapshot(
            now=self.now,
            deployment=deployment,
            revisions=tuple(self._replica_sets(REVISION)),
            service=service,
            runs=tuple(BenchmarkRun.model_validate(d) for d in self.of("BenchmarkRun")),
            datasets={"golden": self.dataset} if judged else None,
            refusals=tuple(self.refusals.values()),
            copies=tuple(self._replica_sets(COPY_OF)),
        )

    def parsed(self) -> ModelDeployment:
        """Return the user's object as the operator reads it."""
        return ModelDeployment.model_validate(self.deployment)

    def of(self, kind: str) -> list[Document]:
        """Return all objects of a kind."""
        return [document for key, document in self.objects.items() if key[0] == kind]

    def _replica_sets(self, label: str) -> Iterator[Revision]:
        """Yield those with this label, which holds the hash of what they run."""
        for document in (d for d in self.of("ReplicaSet") if label in d["metadata"]["labels"]):
            meta = document["metadata"]
            pods = self.pods.get(meta["name"], [])
            service = self.objects.get(("Service", meta["name"]))
            yield Revision(
                hash=meta["labels"][label],
                name=meta["name"],
                uid=meta["uid"],
                created=BEGIN,
                annotations=meta.get("annotations", {}),
                desired=document["spec"]["replicas"],
                replicas=sum(not pod.terminating for pod in pods),
                pods=(*pods, *self.left_behind.get(meta["name"], [])),
                service_uid=service["metadata"]["uid"] if service else None,
            )

    def decide(self) -> Plan:
        """Decide on what is there now, writing nothing."""
        return decide(self.snapshot())

    def reconcile(self, crash_after: int | None = None) -> Plan:
        """Decide and write; with `crash_after`, only that many writes happen."""
        plan = self.decide()
        for write in plan.writes[:crash_after]:
            if not self._write(write):
                break
        self._dirty = bool(plan.writes)
        never = timedelta(days=9999)
        self._wake_at = self.now + (plan.wake_after or never)
        return plan

    def run(self, seconds: float, tick: float = 1.0) -> None:
        """Let time pass: controllers act and the operator reconciles at every tick."""
        for _ in range(int(seconds / tick)):
            self.settle()
            self.now += timedelta(seconds=tick)
            self.play_controllers()
        self.settle()

    def settle(self, most: int = 30) -> None:
        """Reconcile as the work queue would: after changes, and when it was asked for."""
        for _ in range(most):
            if not self._dirty and self.now < self._wake_at:
                return
            self.reconcile()
        raise AssertionError(f"does not settle: {self.decide().writes}")

    def settle_anew(self) -> None:
        """Reconcile after a test has changed an object by hand."""
        self._dirty = True
        self.settle()

    def delete(self, kind: str, name: str) -> None:
        """Let somebody delete an object by hand, and what it owns with it."""
        self._delete(kind, name)
        if kind == "ReplicaSet":
            self.pods.pop(name, None)
        self.settle_anew()

    def _write(self, write: Write) -> bool:
        self.writes.append(write)
        match write:
            case Announce():
                self.events.setdefault(write.key, write)
            case Create():
                return self._create(write.body)
            case Apply():
                return self._apply(write.body)
            case Delete():
                self._delete(write.kind, write.name)
            case PatchStatus():
                status = self.deployment.setdefault("status", {})
                status.update(write.status)
                self.deployment["status"] = {k: v for k, v in status.items() if v is not None}
        return True

    def _create(self, body: Document) -> bool:
        key = (body["kind"], body["metadata"]["name"])
        if key in self.taken:
            self.refusals[key] = Refusal(*key, "NameTaken", self.taken[key], self.now)
            return False
        assert key not in self.objects, f"created twice: {key}"
        self._count += 1
        metadata = body["metadata"] | {"uid": f"uid-{self._count}"}
        self.objects[key] = body | {"metadata": metadata}
        return True

    def _apply(self, body: Document) -> bool:
        key = (body["kind"], body["metadata"]["name"])
        present = self.objects.get(key)
        assert present is not None, f"applied to nothing: {key}"
        assert present["metadata"]["uid"] == body["metadata"]["uid"]
        before, changed = (each["metadata"].get("annotations", {}) for each in (present, body))
        present["metadata"]["annotations"] = before | changed
        present["spec"] = present["spec"] | body["spec"]
        return True

    def _delete(self, kind: str, name: str) -> None:
        gone = self.objects.pop((kind, name), None)
        for key, document in list(self.objects.items()):
            owners = document["metadata"].get("ownerReferences", [])
            if gone and any(owner["uid"] == gone["metadata"]["uid"] for owner in owners):
                self._delete(*key)

    def play_controllers(self) -> None:
        """Do what the ReplicaSet controller, the kubelet and the benchmark loop would have done."""
        for document in self.of("ReplicaSet"):
            self._scale(document)
        for run in self.of("BenchmarkRun"):
            self._finish(run)

    def _scale(self, document: Document) -> None:
        name, wanted = document["metadata"]["name"], document["spec"]["replicas"]
        image = document["spec"]["template"]["spec"]["containers"][0]["image"]
        pods = [pod for pod in self.pods.get(name, []) if not pod.terminating]
        while len(pods) < wanted:
            self._count += 1
            pods.append(Pod(f"pod-{self._count}", self.now, ready=False, ready_since=self.now))
        pods = sorted(pods, key=lambda pod: not pod.ready)[:wanted]
        aged = [self._age(pod, image) for pod in pods]
        self._dirty |= aged != self.pods.get(name, [])
        self.pods[name] = aged

    def _age(self, pod: Pod, image: str) -> Pod:
        wanted = image not in self.never_ready and self.now >= pod.created + READY_AFTER
        if pod.ready == wanted:
            return pod
        began = pod.created
        return replace(pod, ready=wanted, ready_since=self.now, started=began, first_started=began)

    def _finish(self, run: Document) -> None:
        verdict = self.verdict(run)
        if run.get("status", {}).get("phase") == "Finished" or verdict == "":
            return
        kpis = [
            {"name": "accuracy", "verdict": verdict, "value": "95%", "objective": ">= 92%"},
            {"name": "errors", "verdict": "Pass", "value": "0%", "objective": "<= 2%"},
        ]
        message = f"accuracy is 95%, objective >= 92%: {verdict}"
        self._dirty = True
        run["status"] = {"phase": "Finished", "verdict": verdict, "kpis": kpis, "message": message}

    # What tests ask

    def change(self, version: str, **spec: object) -> None:
        """Let the user change the version and members of spec."""
        template = {"spec": {"containers": [{"name": "server", "image": f"fraud:{version}"}]}}
        self.deployment["spec"] |= {
            "model": {"version": version},
            "serving": {"port": 8080, "template": template},
        } | spec
        self.deployment["metadata"]["generation"] += 1
        self._dirty = True

    def annotate(self, key: str, value: str) -> None:
        """Let the user set an annotation."""
        metadata = self.deployment["metadata"]
        metadata["annotations"] = metadata.get("annotations", {}) | {key: value}
        self._dirty = True

    def pause(self, paused: bool) -> None:
        """Let the user set spec.paused."""
        self.deployment["spec"]["paused"] = paused
        self.deployment["metadata"]["generation"] += 1
        self._dirty = True

    def scale(self, replicas: int) -> None:
        """Let the user, or an autoscaler, change the size."""
        self.deployment["spec"]["replicas"] = replicas
        self._dirty = True

    @property
    def status(self) -> Document:
        """The status as it was last written."""
        status: Document = self.deployment.get("status", {})
        return status

    def condition(self, kind: str) -> Document:
        """Return the condition of this type, empty where there is none."""
        return next((c for c in self.status.get("conditions", []) if c["type"] == kind), {})

    @property
    def reasons(self) -> list[str]:
        """Reasons of the Events so far, in order."""
        return [event.reason for event in self.events.values()]

    def serving(self) -> set[str]:
        """Return the versions (image tags) of ready pods that users reach now."""
        root = self.objects.get(("Service", "fraud"))
        selector = root["spec"]["selector"] if root else {"nobody": "at all"}
        versions = set()
        for document in self.of("ReplicaSet"):
            labels = document["spec"]["template"]["metadata"]["labels"]
            ready = any(pod.ready for pod in self.pods.get(document["metadata"]["name"], []))
            if ready and selector.items() <= labels.items():
                image = document["spec"]["template"]["spec"]["containers"][0]["image"]
                versions.add(image.partition(":")[2])
        return versions

    def pods_of(self, version: str) -> int:
        """Return how many pods of a version (image tag) there are."""
        return sum(
            len(self.pods.get(document["metadata"]["name"], []))
            for document in self.of("ReplicaSet")
            if document["spec"]["template"]["spec"]["containers"][0]["image"] == f"fraud:{version}"
        )


@played_once
def released(version: str = "1", **spec: object) -> World:
    """Return a world in which a first version has been promoted and serves."""
    world = World(deployment_document(**spec))
    world.run(30)
    assert world.serving() == {version}, world.status
    return world
