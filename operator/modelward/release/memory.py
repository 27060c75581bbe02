"""The memory of a release: annotations on the revision's ReplicaSet.

Status repeats them for people, but may be wiped at any time; these may not. Their names are a
public contract: a newer operator reads what an older one wrote.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, cast

from modelward.api.modeldeployment import Step
from modelward.api.names import PREFIX

Role = Literal["stable", "candidate", "previous", "failed", "superseded"]
Outcome = Literal["Promoted", "RolledBack", "Superseded"]

HASH_VERSION_KEY = PREFIX + "hash-version"
INPUT_KEY = PREFIX + "input"
"""Written once, when the ReplicaSet is created: how its name came about."""


@dataclass(frozen=True)
class Memory:
    """What must outlive the operator about one revision."""

    role: Role
    release: str = ""
    """Names the latest release of this revision: the moment when it began."""
    steps: tuple[Step, ...] = ()
    """Steps in force since the release began."""
    step: int = 0
    """Index of the present step; len(steps) while the candidate takes over."""
    step_since: datetime | None = None
    paused_since: datetime | None = None
    """When spec.paused was seen first; None while it is not set."""
    unsteady_since: datetime | None = None
    """When a pod was first seen to lose its readiness, while all were not steadily ready since."""
    release_size: int = 0
    """Serving pods when the release began."""
    kpis_hash: str = ""
    verdict: str = ""
    """Pass, Fail or Inconclusive: what the present step came to."""
    reason: str = ""
    """KPI's name, Aborted, Unready, a pod's own reason..."""
    message: str = ""
    run: str = ""
    """BenchmarkRun that holds the evidence."""
    continues: str = ""
    """Inconclusive BenchmarkRun that a person asked to go on from: a later one is waited for."""
    passed_by_hand: tuple[str, ...] = ()
    """Inconclusive gates that a person let pass in this release."""
    outcome: str = ""
    """How the latest release ended; empty while it goes on."""
    outcome_at: datetime | None = None
    handled_promote: str = ""
    handled_abort: str = ""
    handled_retry: str = ""

    def with_(self, **changes: object) -> "Memory":
        """Return a copy with these fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def to_annotations(self) -> dict[str, str]:
        """Return all annotations; an empty one stands for nothing, never a missing one.

        A key that a server-side apply leaves out after a POST would keep its old value.
        """
        steps = [step.to_wire() for step in self.steps]
        values = {
            "role": self.role,
            "release": self.release,
            "steps": json.dumps(steps, separators=(",", ":")) if steps else "",
            "step": str(self.step),
            "step-since": from_time(self.step_since),
            "paused-since": from_time(self.paused_since),
            "unsteady-since": from_time(self.unsteady_since),
            "release-size": str(self.release_size),
            "kpis-hash": self.kpis_hash,
            "verdict": self.verdict,
            "reason": self.reason,
            "message": self.message,
            "run": self.run,
            "continues": self.continues,
            "passed-by-hand": ",".join(self.passed_by_hand),
            "outcome": self.outcome,
            "outcome-at": from_time(self.outcome_at),
            "handled-promote": self.handled_promote,
            "handled-abort": self.handled_abort,
            "handled-retry": self.handled_retry,
        }
        return {PREFIX + key: value for key, value in values.items()}


def read(annotations: Mapping[str, str]) -> Memory:
    """Return what the annotations remember; what is missing or malformed is as never written.

    A release always has steps. Where they can't be read nobody knows what the candidate has shown,
    so that it counts as none, and its release begins anew.
    """

    def get(key: str) -> str:
        return annotations.get(PREFIX + key, "")

    role, steps = cast("Role", get("role") or "superseded"), _to_steps(get("steps"))
    return Memory(
        role="superseded" if role == "candidate" and not steps else role,
        release=get("release"),
        steps=steps,
        step=_to_int(get("step")),
        step_since=to_time(get("step-since")),
        paused_since=to_time(get("paused-since")),
        unsteady_since=to_time(get("unsteady-since")),
        release_size=_to_int(get("release-size")),
        kpis_hash=get("kpis-hash"),
        verdict=get("verdict"),
        reason=get("reason"),
        message=get("message"),
        run=get("run"),
        continues=get("continues"),
        passed_by_hand=tuple(filter(None, get("passed-by-hand").split(","))),
        outcome=get("outcome"),
        outcome_at=to_time(get("outcome-at")),
        handled_promote=get("handled-promote"),
        handled_abort=get("handled-abort"),
        handled_retry=get("handled-retry"),
    )


def version_of(annotations: Mapping[str, str]) -> str | None:
    """Return what people called this revision when it was made."""
    try:
        written = json.loads(annotations.get(INPUT_KEY, "{}"))
    except ValueError:
        return None
    model = written.get("model") if isinstance(written, dict) else None
    version = model.get("version") if isinstance(model, dict) else None
    return version if isinstance(version, str) else None


def from_time(value: datetime | None) -> str:
    """Return a time as annotations hold it, to the millisecond; empty for none."""
    return "" if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds")


def to_time(text: str) -> datetime | None:
    """Return the time that an annotation holds; None where it holds none."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _to_int(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


@lru_cache(maxsize=256)  # the same few texts are read again and again
def _to_steps(text: str) -> tuple[Step, ...]:
    try:
        steps = tuple(Step.model_validate(step) for step in json.loads(text or "[]"))
    except (TypeError, ValueError):
        return ()
    return steps if all(map(_is_known, steps)) else ()


def _is_known(step: Step) -> bool:
    """Tell whether this version of the operator knows the kind of step."""
    return any(kind is not None for kind in (step.benchmark, step.weight, step.pause))
