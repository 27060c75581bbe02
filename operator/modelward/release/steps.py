"""The steps of a release: what they are by default, and what the present one means."""

from modelward.api.modeldeployment import BenchmarkStep, Rollout, Step
from modelward.release.memory import Memory

DEFAULT = (
    Step(benchmark=BenchmarkStep(up_to="20m")),
    Step(weight=50, for_="2m", up_to="20m"),
)

DEFAULT_FOR = "0s"
DEFAULT_UP_TO = "1h"


def declared(rollout: Rollout, first_version: bool) -> tuple[Step, ...]:
    """Return the steps that a release beginning now will take.

    A first version has nobody to share with: it takes the benchmark and pause steps alone.
    """
    steps = DEFAULT if rollout.steps is None else tuple(rollout.steps)
    return tuple(step for step in steps if step.weight is None) if first_version else steps


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
