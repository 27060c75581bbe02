"""The steps of a release, and what the present one means."""

from datetime import timedelta

from modelward.api.modeldeployment import Rollout, Step
from modelward.api.values import parse_duration
from modelward.release.memory import Memory

SOAK_AT_MOST = timedelta(hours=1)
"""upTo of a weight step that doesn't say it, unless its `for` is longer."""


def declared(rollout: Rollout, first_version: bool) -> tuple[Step, ...]:
    """Return the steps that a release beginning now will take.

    A first version has nobody to share with: it takes the benchmark and pause steps alone.
    """
    if not first_version:
        return rollout.steps
    return tuple(step for step in rollout.steps if step.weight is None)


def soak(step: Step) -> tuple[timedelta, timedelta]:
    """Return how long a weight step holds its share, and the longest that it may take."""
    hold = parse_duration(step.for_ or "0s")
    return hold, parse_duration(step.up_to) if step.up_to else max(SOAK_AT_MOST, hold)


def present(memory: Memory) -> Step | None:
    """Return the step that a release is in; None once the candidate takes over."""
    return memory.steps[memory.step] if memory.step < len(memory.steps) else None


def weight(memory: Memory) -> int:
    """Return the weight that the release has come to: a pause keeps the one before it.

    100 once all steps are passed.
    """
    if memory.step >= len(memory.steps):
        return 100
    taken = memory.steps[: memory.step + 1]
    return next((step.weight for step in reversed(taken) if step.weight is not None), 0)


def describe(memory: Memory) -> str:
    """Say which step this is, for people: `step 2 of 3 (weight 50)`."""
    step = present(memory)
    if step is None:
        return "taking over"
    if step.weight is not None:
        kind = f"weight {step.weight}"
    else:
        kind = "benchmark" if step.benchmark else "pause"
    return f"step {memory.step + 1} of {len(memory.steps)} ({kind})"
