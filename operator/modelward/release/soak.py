"""Weight steps: users meet the candidate for a while."""

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import Step
from modelward.api.values import format_duration
from modelward.release import live, steps, turns
from modelward.release.direction import direct
from modelward.release.situation import Actor, Situation
from modelward.release.timer import Timer
from modelward.release.turns import Turn


def soak(situation: Situation, candidate: Actor, step: Step, timer: Timer) -> Turn | None:
    """A weight step: hold the share for as long as asked, and let its live gates hold."""
    since = candidate.memory.step_since
    if since is None:
        return None
    judged = live.is_judged(situation)
    run = live.run_of_step(situation, candidate) if judged else None
    if run and run.status.phase != "Finished":
        return None
    if run and run.status.verdict != "Pass":
        name, message = run.metadata.name, run.status.message or ""
        return turns.wait_for_person(situation, candidate, _reason(run), message, name)
    hold, _ = steps.soak(step)
    shown = run is not None or not judged
    if shown and direct(situation, timer).reached:
        moments = [since]
        for pod in candidate.living:
            moments += [moment for moment in (pod.ready_since, pod.started) if moment]
        if timer.passed(max(moments), hold):
            why = f"Weight {step.weight} was held for {format_duration(hold)}."
            return turns.advance(situation, candidate, why)
    return _not_held(situation, candidate, step, timer)


def _not_held(situation: Situation, candidate: Actor, step: Step, timer: Timer) -> Turn | None:
    """At upTo the share was not held as long as asked."""
    since = candidate.memory.step_since
    hold, at_most = steps.soak(step)
    if since is None or not timer.passed(since, at_most):
        return None
    message = (
        f"weight {step.weight} was not held ready for {format_duration(hold)} within upTo "
        f"{format_duration(at_most)}; look at the candidate's pods, then retry, promote or abort"
    )
    return turns.wait_for_person(situation, candidate, "SoakNotCompleted", message)


def _reason(run: BenchmarkRun) -> str:
    complete = (c.reason for c in run.status.conditions if c.type == "Complete")
    return next(complete, "Inconclusive")
