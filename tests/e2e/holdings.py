"""What a stage holds after a story."""

from collections.abc import Callable
from typing import Any

from tests import holdings as words
from tests.e2e.stage import Stage

KINDS = ("mdep", "replicasets", "services", "benchmarkruns", "jobs", "pods")


def holdings(stage: Stage) -> dict[str, Any]:
    """Return the objects by kind and name, without identities and times."""
    events = stage.get("events.events.k8s.io")["items"]
    return words.held(stage.namespace, stage.get(",".join(KINDS))["items"], events)


def words_of(stage: Stage) -> Callable[[str], str]:
    """Return what replaces all that differs from run to run."""
    return words.words_of(stage.namespace, stage.get("replicasets")["items"])
