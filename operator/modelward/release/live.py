"""Weight steps that are judged on users' requests: which run does it, and what it goes on from.

There is one run for each weight step, begun once the candidate has its share. It carries what the
runs before it counted, so that its verdict follows from one object.
"""

from collections.abc import Iterable

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.kpi import live
from modelward.api.live import KpiEvidence, LiveStep, StepEvidence
from modelward.release import steps
from modelward.release.memory import Memory
from modelward.release.situation import Actor, Situation, run_number


def is_judged(situation: Situation) -> bool:
    """Tell whether the release is in a weight step whose requests are judged."""
    candidate = situation.candidate
    step = steps.present(candidate.memory) if candidate else None
    in_weight_step = step is not None and step.weight is not None
    return in_weight_step and situation.stable is not None and bool(live(situation.spec.kpis))


def run_of_step(situation: Situation, candidate: Actor) -> BenchmarkRun | None:
    """Return the run of the present weight step; after a retry, a later one."""
    remembered = candidate.memory
    for run in reversed(situation.runs_of(candidate)):
        if run_number(run.metadata.name) <= run_number(remembered.continues):
            return None
        if run.spec.live and run.spec.live.step == _number(remembered):
            return run
    return None


def finished_run(situation: Situation, candidate: Actor) -> BenchmarkRun | None:
    """Return the run of the present weight step once it has finished, until it was answered."""
    if not is_judged(situation) or candidate.memory.verdict == "Inconclusive":
        return None
    run = run_of_step(situation, candidate)
    return run if run and run.status.phase == "Finished" else None


def step_to_judge(situation: Situation, candidate: Actor) -> LiveStep:
    """Return what the run of the present weight step has to know of the release."""
    remembered, step = candidate.memory, steps.present(candidate.memory)
    names = {kpi.name for kpi in live(situation.spec.kpis)}
    return LiveStep(
        step=_number(remembered),
        steps=sum(each.weight is not None for each in remembered.steps),
        for_=(step and step.for_) or "0s",
        passed_by_hand=[name for name in remembered.passed_by_hand if name in names],
        earlier=_earlier(situation.runs_of(candidate)),
    )


def _number(remembered: Memory) -> int:
    """Return how many weight steps came before the present step."""
    return sum(step.weight is not None for step in remembered.steps[: remembered.step])


def _earlier(runs: Iterable[BenchmarkRun]) -> list[StepEvidence]:
    """Return what the runs of the release counted, added up by step and KPI."""
    found: dict[int, dict[str, list[int]]] = {}
    for run in runs:
        if run.spec.live is None:
            continue
        by_kpi = found.setdefault(run.spec.live.step, {})
        for kpi in run.status.kpis:
            if kpi.evidence:
                before = by_kpi.get(kpi.name, [0] * len(kpi.evidence))
                by_kpi[kpi.name] = [a + b for a, b in zip(before, kpi.evidence, strict=True)]
    return [
        StepEvidence(
            step=step,
            kpis=[KpiEvidence(name=name, counts=counts) for name, counts in by_kpi.items()],
        )
        for step, by_kpi in sorted(found.items())
    ]
