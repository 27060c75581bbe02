"""Who is who: the snapshot, read in the words of a release."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment, ModelDeploymentSpec
from modelward.api.names import RELEASE
from modelward.api.values import parse_duration
from modelward.release import memory, steps
from modelward.release.memory import Memory, Role
from modelward.release.revisions import kpis_hash, revision_input
from modelward.release.snapshot import Pod, Revision, RootService, Snapshot
from modelward.traffic import split, switch


@dataclass(frozen=True)
class Actor:
    """A revision together with what is remembered of it."""

    revision: Revision
    memory: Memory

    @property
    def hash(self) -> str:
        """The hash that names the revision."""
        return self.revision.hash

    @property
    def role(self) -> Role:
        """What the revision is in this deployment's life."""
        return self.memory.role

    @property
    def living(self) -> tuple[Pod, ...]:
        """Pods that are neither going away nor gone: what their ReplicaSet counts, too."""
        return tuple(pod for pod in self.revision.pods if not (pod.terminating or pod.ended))

    @property
    def has_pods(self) -> bool:
        """Whether pods of it exist, are coming or are wanted."""
        return bool(self.revision.desired or self.revision.replicas or self.living)


@dataclass(frozen=True)
class Situation:
    """The snapshot in the words of a release; everything here is derived, nothing decided."""

    snapshot: Snapshot
    wanted: str
    """Hash of the revision that spec asks for."""
    selection: switch.Selection
    """Which pods users reach now."""
    actors: tuple[Actor, ...]
    stable: Actor | None
    candidate: Actor | None

    @property
    def now(self) -> datetime:
        """The moment of the snapshot."""
        return self.snapshot.now

    @property
    def deployment(self) -> ModelDeployment:
        """The user's object."""
        return self.snapshot.deployment

    @property
    def spec(self) -> ModelDeploymentSpec:
        """What the user declares."""
        return self.snapshot.deployment.spec

    @cached_property
    def asked_for(self) -> Actor | None:
        """The revision that spec asks for, if it was ever made."""
        return next((actor for actor in self.actors if actor.hash == self.wanted), None)

    @cached_property
    def can_be_made(self) -> bool:
        """Whether the revision that spec asks for exists, or its ReplicaSet wasn't refused."""
        name = f"{self.deployment.metadata.name}-{self.wanted}"
        return self.asked_for is not None or not self.refuses("ReplicaSet", name)

    @cached_property
    def collides(self) -> bool:
        """Whether another revision has the name that this spec's would get (one in 10^14)."""
        if self.asked_for is None:
            return False
        written = revision_input(self.spec)
        return self.asked_for.revision.annotations.get(memory.INPUT_KEY, written) != written

    @cached_property
    def others(self) -> tuple[Actor, ...]:
        """Revisions that are neither stable nor candidate."""
        keep = {actor.hash for actor in (self.stable, self.candidate) if actor}
        return tuple(actor for actor in self.actors if actor.hash not in keep)

    @cached_property
    def requirements(self) -> str | None:
        """Hash of KPIs and data sets; None where a data set could not be read or was not."""
        datasets = self.snapshot.datasets
        if datasets is None or any(state.sha256 is None for state in datasets.values()):
            return None
        return kpis_hash(self.spec, datasets)

    @cached_property
    def limits(self) -> split.Bounds:
        """The size in force and its bounds: never below what it was when the release began."""
        size = self.spec.replicas
        if self.candidate and self.stable:
            size = max(size, self.candidate.memory.release_size)
        rollout = self.spec.rollout
        return split.bounds(size, rollout.max_surge, rollout.max_unavailable)

    def pods(self, actor: Actor | None) -> split.Pods:
        """Count the pods of a revision."""
        if actor is None:
            return split.Pods()
        ready = [pod for pod in actor.living if pod.ready]
        settle = timedelta(seconds=self.spec.rollout.min_ready_seconds)
        available = [
            p for p in ready if p.ready_since is None or p.ready_since + settle <= self.now
        ]
        return split.Pods(
            desired=actor.revision.desired,
            present=len(actor.living),
            ready=len(ready),
            available=len(available),
        )

    def runs_of(self, actor: Actor) -> tuple[BenchmarkRun, ...]:
        """The BenchmarkRuns of a revision's latest release, oldest first."""
        mine = [
            run
            for run in self.snapshot.runs
            if run.spec.subject.revision == actor.hash
            and run.metadata.labels.get(RELEASE) == actor.memory.release
        ]
        return tuple(sorted(mine, key=lambda run: run_number(run.metadata.name)))

    def refuses(self, kind: str, name: str) -> bool:
        """Whether the API server lately refused to create this child."""
        return any((r.kind, r.name) == (kind, name) for r in self.snapshot.refusals)

    def duration(self, text: str) -> timedelta:
        """Parse one of the spec's durations."""
        return parse_duration(text)


def run_number(name: str) -> int:
    """Return the number at the end of a BenchmarkRun's name, 0 where there is none."""
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else 0


def situate(snapshot: Snapshot, wanted: str) -> Situation:
    """Say who is stable and who is the candidate; `wanted` is the hash that spec asks for.

    The root Service decides who is stable: pointing it at the candidate alone, after its last step,
    is the promotion, whatever the roles still say. In a split, where somebody deleted the Service,
    or pointed it at a revision that has not earned it, the roles decide.
    """
    actors = tuple(Actor(rev, memory.read(rev.annotations)) for rev in snapshot.revisions)
    selection = selection_of(snapshot.service)
    selected = next((actor for actor in actors if actor.hash == selection.revision), None)
    stable = _latest(actor for actor in actors if actor.role == "stable")
    if selected and (_may_serve(selected) or (stable is None and _may_have_served(selected))):
        stable = selected
    rest = (actor for actor in actors if actor is not stable and actor.role == "candidate")
    return Situation(
        snapshot=snapshot,
        wanted=wanted,
        selection=selection,
        actors=actors,
        stable=stable,
        candidate=_latest(rest),
    )


def selection_of(service: RootService | None) -> switch.Selection:
    """Return which pods users reach; without the Service, none."""
    return switch.CLOSED if service is None else switch.from_selector(service.selector)


def _may_serve(actor: Actor) -> bool:
    """Tell whether the revision serves, or has taken all steps of its release."""
    taken_over = actor.role == "candidate" and steps.present(actor.memory) is None
    return taken_over or actor.role == "stable"


def _may_have_served(actor: Actor) -> bool:
    """Tell whether nothing speaks against it: neither a release under way nor a failure."""
    return actor.role in ("previous", "superseded")


def _latest(actors: Iterable[Actor]) -> Actor | None:
    return max(actors, key=lambda actor: actor.memory.release, default=None)
