"""What a turn means for the metrics, read off the memory before and after it."""

from typing import Literal

from modelward.release import steps
from modelward.release.memory import Memory
from modelward.release.situation import Actor, Situation
from modelward.release.turns import Turn
from modelward.writes import Happening, Measured, ReleaseEnded, StepEnded, Subject


def subject(before: Situation, after: Situation) -> Subject | None:
    """Return the release that is under way, that ends here or begins here; None without one."""
    actor = before.candidate or after.candidate
    return Subject(actor.hash, actor.memory.release) if actor else None


def measured(before: Situation, turn: Turn | None) -> tuple[Measured, ...]:
    """Return what the turn brings about, with the object whose write makes it so.

    A promotion is the write of the root Service; everything else is memory. The roles that an
    interrupted promotion left undone are not its end once more.
    """
    candidate = before.candidate
    new = turn.memories.get(candidate.hash) if turn and candidate else None
    if turn is None or candidate is None or new is None:
        return ()
    if turn.promoted:
        by = ("Service", before.deployment.metadata.name)
    else:
        by = ("ReplicaSet", candidate.revision.name)
    found = (_step_ended(before, candidate, new), _release_ended(new))
    return tuple(Measured(*by, each) for each in found if each)


def _step_ended(situation: Situation, candidate: Actor, new: Memory) -> Happening | None:
    old = candidate.memory
    if old.step_since is None or not (new.outcome or _place(new) != _place(old)):
        return None
    seconds = ((old.paused_since or situation.now) - old.step_since).total_seconds()
    return StepEnded(_kind(old), _result(old, new), seconds)


def _place(memory: Memory) -> tuple[str, int]:
    return memory.release, memory.step


def _kind(memory: Memory) -> Literal["benchmark", "weight", "pause", "takeover"]:
    step = steps.present(memory)
    if step is None:
        return "takeover"
    if step.benchmark:
        return "benchmark"
    return "pause" if step.weight is None else "weight"


def _result(old: Memory, new: Memory) -> Literal["passed", "failed", "abandoned"]:
    if new.outcome == "Promoted" or (not new.outcome and new.step > old.step):
        return "passed"
    failed = new.outcome == "RolledBack" and new.reason != "Aborted"
    return "failed" if failed else "abandoned"


def _release_ended(new: Memory) -> Happening | None:
    match new.outcome:
        case "Promoted":
            return ReleaseEnded("Promoted", "ByHand" if new.passed_by_hand else "Judged")
        case "RolledBack":
            # A KPI's name is the user's text: as a label it would make a series for each.
            return ReleaseEnded("RolledBack", "Kpi" if new.verdict == "Fail" else new.reason)
        case "Superseded":
            return ReleaseEnded("Superseded", "SpecChanged")
        case _:
            return None
