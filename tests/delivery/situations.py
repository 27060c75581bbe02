"""Every state that a ModelDeployment can be in, as the operator's own code writes it.

What GitOps tools make of each one is a column of this table. Flux and Helm use kstatus, Argo CD a
health check of ours; whoever only asks whether the model serves asks for Available.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from modelward.release.snapshot import DatasetState
from modelward.writes import Document
from tests.unit.world import World, released

API_VERSION, KIND = "modelward.dev/v1alpha1", "ModelDeployment"

Kstatus = Literal["InProgress", "Current", "Failed", "Terminating"]
Health = Literal["Progressing", "Healthy", "Degraded", "Suspended"]


@dataclass(frozen=True)
class Situation:
    """One state, how to get there, and what it looks like from outside."""

    name: str
    """A sentence; with dashes it is the name of its file."""
    make: Callable[[], World]
    kstatus: Kstatus
    """To Flux and to Helm, whose releases have succeeded when it is Current."""
    health: Health
    """To Argo CD."""
    serves: Kstatus
    """To a Flux Kustomization that only asks whether the model serves."""

    def document(self, world: World | None = None) -> Document:
        """Return the whole object."""
        kind = {"apiVersion": API_VERSION, "kind": KIND}
        return kind | (world or self.make()).deployment

    @property
    def slug(self) -> str:
        """The sentence as a file name."""
        return self.name.replace(" ", "-")


def new() -> World:
    """As the API server has it before the operator saw it: the CRD's default for status."""
    world = World()
    world.deployment["status"] = {"observedGeneration": -1}
    return world


def first(verdict: str) -> World:
    """Return a world whose first version comes out so; empty while it is judged."""
    world = World(verdict=lambda _: verdict)
    world.run(30)
    return world


def second(verdict: str = "", seconds: float = 20, **spec: object) -> World:
    """Return a world some time after a second version was declared."""
    world = released()
    world.verdict = lambda _: verdict
    world.change("2", **spec)
    world.run(seconds)
    return world


def paused(begun: bool) -> World:
    """Return a world whose user has set spec.paused, before or after the release began."""
    world = second() if begun else released()
    world.pause(True)
    if not begun:
        world.change("2")
    world.run(5)
    return world


def waiting() -> World:
    """Return a world whose release stands at a pause with half of the traffic."""
    steps: list[Document] = [{"benchmark": {}}, {"weight": 50}, {"pause": {}}]
    return second("Pass", 60, rollout={"steps": steps})


def aborted() -> World:
    """Return a world in which a person has stopped the release."""
    world = second()
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/1")
    world.run(20)
    return world


def reverted() -> World:
    """Return a world whose spec is back at stable after a rollback."""
    world = second("Fail")
    world.change("1")
    world.run(5)
    return world


def unobserved() -> World:
    """Return a world whose spec has changed a moment ago."""
    world = released()
    world.change("2")
    return world


def never_ready() -> World:
    """Return a world whose second version never got ready."""
    world = released()
    world.never_ready.add("fraud:2")
    world.change("2")
    world.run(90)
    return world


def taken() -> World:
    """Return a world in which somebody else has the Service's name."""
    world = World(taken={("Service", "fraud"): "a Service of this name is there already"})
    world.run(10)
    return world


def without_rows() -> World:
    """Return a world whose data set can't be read."""
    world = World(dataset=DatasetState(problem="ConfigMap golden does not exist."))
    world.run(10)
    return world


def unready() -> World:
    """Return a world whose serving pods are not ready any more."""
    world = released()
    world.never_ready.add("fraud:1")
    world.run(5)
    return world


def scaled() -> World:
    """Return a world that gets one more replica, and has enough of them meanwhile."""
    world = released(replicas=4, rollout={"maxUnavailable": 1})
    world.deployment["metadata"]["generation"] += 1
    world.scale(5)
    world.run(1)
    return world


def deleted() -> World:
    """Return a world whose object waits for its children, as with --cascade=foreground."""
    world = released()
    world.deployment["metadata"] |= {
        "deletionTimestamp": "2026-11-20T12:01:00Z",
        "finalizers": ["foregroundDeletion"],
    }
    return world


SITUATIONS = (
    Situation("new", new, "InProgress", "Progressing", "InProgress"),
    Situation("first version judged", lambda: first(""), "InProgress", "Progressing", "InProgress"),
    Situation("first version failed", lambda: first("Fail"), "Failed", "Degraded", "Failed"),
    Situation("serving", released, "Current", "Healthy", "Current"),
    Situation("scaled", scaled, "InProgress", "Progressing", "Current"),
    Situation("pods not ready", unready, "InProgress", "Degraded", "InProgress"),
    Situation("spec changed", unobserved, "InProgress", "Progressing", "InProgress"),
    Situation("candidate judged", second, "InProgress", "Progressing", "Current"),
    Situation("users shared", lambda: second("Pass", 12), "InProgress", "Progressing", "Current"),
    Situation("waiting at a pause", waiting, "InProgress", "Suspended", "Current"),
    Situation("paused", lambda: paused(begun=True), "InProgress", "Suspended", "Current"),
    Situation("paused before", lambda: paused(begun=False), "InProgress", "Suspended", "Current"),
    Situation("undecided", lambda: second("Inconclusive"), "InProgress", "Suspended", "Current"),
    Situation("promoted", lambda: second("Pass", 90), "Current", "Healthy", "Current"),
    Situation("rolled back", lambda: second("Fail"), "Failed", "Degraded", "Current"),
    Situation("never ready", never_ready, "Failed", "Degraded", "Current"),
    Situation("aborted", aborted, "Failed", "Degraded", "Current"),
    Situation("reverted", reverted, "Current", "Healthy", "Current"),
    Situation("name taken", taken, "Failed", "Degraded", "Failed"),
    Situation("data set missing", without_rows, "Failed", "Degraded", "Failed"),
    Situation("deleted", deleted, "Terminating", "Progressing", "Current"),
)
