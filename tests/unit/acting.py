"""What tests of acting share: an actor on a fake API server, and things to write."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from modelward.cluster.act import Actor
from modelward.cluster.documents import Key
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.writes import Announce, Document, Plan, Write
from tests.unit.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = Key("ModelDeployment", "ml", "fraud")
OWNER = {"kind": "ModelDeployment", "name": "fraud", "uid": "mdep", "controller": True}


def an_actor(
    api: FakeApi,
    now: datetime = NOW,
    wake_after: Callable[[Key, float], None] = lambda *_: None,
) -> Actor:
    return Actor(api, Store(), Refusals(lambda: now), lambda: now, "operator-0", wake_after)


def service(name: str = "fraud", *, owner: str = "mdep", managed: str = "true") -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": "ml",
            "labels": {"modelward.dev/managed": managed},
            "ownerReferences": [{**OWNER, "uid": owner}],
        },
        "spec": {"selector": {"app": "fraud"}},
    }


def event(key: str = "Promoted/x") -> Announce:
    regarding = {
        "apiVersion": "modelward.dev/v1alpha1",
        "kind": "ModelDeployment",
        "namespace": "ml",
        "name": "fraud",
        "uid": "mdep",
    }
    return Announce(regarding, "Normal", "Promoted", "Release", "It is promoted.", key)


async def act(actor: Actor, *writes: Write) -> None:
    await actor.carry_out(KEY, Plan(writes=writes))


def let_pass(actor: Actor, seconds: float) -> None:
    """Let the actor's clock go on."""
    moment = actor.now() + timedelta(seconds=seconds)
    actor.now = lambda: moment
