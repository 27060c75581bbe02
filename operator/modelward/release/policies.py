"""The turns of a release, in the order in which they are considered.

Each policy is a question to the situation; the first one with an answer takes the turn. Read from
top to bottom this is what the operator does.
"""

from collections.abc import Callable

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.release import live, retries, steps, turns, verbs
from modelward.release.direction import direct
from modelward.release.problems import PASSING
from modelward.release.progress import (
    remember_unsteadiness,
    roll_back_when_pods_do_not_come,
    wait_for_a_person_when_the_copy_does_not_come,
)
from modelward.release.situation import Actor, Situation, run_number
from modelward.release.soak import soak
from modelward.release.timer import Timer
from modelward.release.turns import Turn

TRY_AGAIN = "10m"
"""How long until what the cluster's surroundings refused is tried again."""

Policy = Callable[[Situation, Timer], Turn | None]


def next_turn(situation: Situation, timer: Timer) -> Turn | None:
    """Return the one turn that is due now, if any; spec.paused leaves those that protect users."""
    protecting: tuple[Policy, ...] = (
        make_what_serves_again,
        finish_promotion,
        begin_an_unknown_wait_anew,
        give_way_to_what_spec_asks_for,
        abort_when_told,
        judge_again_when_requirements_change,
        roll_back_when_a_gate_failed,
        stand_still_while_paused,
    )
    moving: tuple[Policy, ...] = (
        remember_unsteadiness,
        roll_back_when_pods_do_not_come,
        wait_for_a_person_when_the_copy_does_not_come,
        roll_back_when_undecided_and_told_so,
        go_on_when_told,
        take_the_present_step,
        retry_when_told,
        begin_what_spec_asks_for,
    )
    chain = protecting if situation.spec.paused else protecting + moving
    return next((turn for policy in chain if (turn := policy(situation, timer))), None)


def make_what_serves_again(situation: Situation, _: Timer) -> Turn | None:
    """The revision that the root Service selects was judged; somebody deleted its ReplicaSet.

    Only the one that spec asks for can be made again: of others nothing is left.
    """
    selected = situation.selection.revision
    if situation.stable or situation.asked_for or selected != situation.wanted:
        return None
    return turns.make_again(situation) if situation.can_be_made else None


def finish_promotion(situation: Situation, _: Timer) -> Turn | None:
    """Whom the root Service selects is stable; write the roles if a writer was interrupted."""
    stable = situation.stable
    if stable is None or situation.selection.split:
        return None
    others = (actor for actor in situation.actors if actor is not stable)
    if stable.role == "stable" and all(actor.role != "stable" for actor in others):
        return None
    return turns.settle_roles(situation, stable)


def begin_an_unknown_wait_anew(situation: Situation, _: Timer) -> Turn | None:
    """Where nobody knows since when a step is waited for, the wait begins again."""
    candidate = situation.candidate
    if candidate is None or candidate.memory.step_since is not None:
        return None
    return Turn({candidate.hash: candidate.memory.with_(step_since=situation.now)})


def give_way_to_what_spec_asks_for(situation: Situation, _: Timer) -> Turn | None:
    """A candidate that spec no longer asks for ends."""
    candidate = situation.candidate
    if candidate is None or candidate.hash == situation.wanted:
        return None
    return turns.supersede(situation, candidate)


def abort_when_told(situation: Situation, _: Timer) -> Turn | None:
    """A person gives the release up."""
    verb, candidate = verbs.acting(situation, "abort"), situation.candidate
    if verb is None or candidate is None:
        return None
    message = "aborted by hand; change spec.model or spec.serving for another try"
    return turns.roll_back(situation, candidate, "Aborted", message, verb=verb, verdict="")


def judge_again_when_requirements_change(situation: Situation, _: Timer) -> Turn | None:
    """Evidence for other KPIs, or from other rows, proves nothing."""
    candidate, requirements = situation.candidate, situation.requirements
    if candidate is None or requirements is None or candidate.memory.kpis_hash == requirements:
        return None
    return turns.judge_again(situation, candidate, requirements)


def roll_back_when_a_gate_failed(situation: Situation, _: Timer) -> Turn | None:
    """Evidence against the candidate counts at once, also while spec.paused is set."""
    candidate = situation.candidate
    if candidate is None:
        return None
    run = _finished_run(situation, candidate) or live.finished_run(situation, candidate)
    if run is None or run.status.verdict != "Fail":
        return None
    reason, message = failed_gate(situation, run), run.status.message or ""
    return turns.roll_back(situation, candidate, reason, message, run.metadata.name)


def _finished_run(situation: Situation, candidate: Actor) -> BenchmarkRun | None:
    """Return the run that the present benchmark step waited for; after a retry, a later one."""
    step = steps.present(candidate.memory)
    if step is None or step.benchmark is None or candidate.memory.verdict == "Inconclusive":
        return None
    run = next(iter(situation.runs_of(candidate)[-1:]), None)
    if run is None or run_number(run.metadata.name) <= run_number(candidate.memory.continues):
        return None
    return run if run.status.phase == "Finished" else None


def stand_still_while_paused(situation: Situation, _: Timer) -> Turn | None:
    """On resume the time that the pause took is added to the step's beginning."""
    candidate = situation.candidate
    if candidate is None or situation.spec.paused == bool(candidate.memory.paused_since):
        return None
    turn = turns.hold if situation.spec.paused else turns.resume
    return turn(situation, candidate)


def roll_back_when_undecided_and_told_so(situation: Situation, _: Timer) -> Turn | None:
    """judgement.onInconclusive: rollback."""
    candidate = situation.candidate
    if candidate is None or candidate.memory.verdict != "Inconclusive":
        return None
    if situation.spec.judgement.on_inconclusive != "rollback":
        return None
    message = f"no verdict in time ({candidate.memory.reason}), and onInconclusive is rollback"
    return turns.roll_back(situation, candidate, "Inconclusive", message, verdict="Inconclusive")


def go_on_when_told(situation: Situation, _: Timer) -> Turn | None:
    """A person passes the pause, or the Inconclusive, that the release stands at; once."""
    verb, candidate = verbs.acting(situation, "promote"), situation.candidate
    if verb is None or candidate is None:
        return None
    by_hand = candidate.memory.passed_by_hand
    if candidate.memory.verdict == "Inconclusive":
        by_hand = tuple(dict.fromkeys((*by_hand, *_undecided(situation, candidate))))
    return turns.advance(
        situation,
        candidate,
        "Promoted by hand.",
        handled_promote=verb.value,
        passed_by_hand=by_hand,
    )


def _undecided(situation: Situation, candidate: Actor) -> list[str]:
    """Gates of the step without a verdict in favour; all where somebody deleted the evidence."""
    runs, kpis = situation.runs_of(candidate)[-1:], situation.spec.kpis
    shown = {kpi.name: kpi.verdict for run in runs for kpi in run.status.kpis}
    step = steps.present(candidate.memory)
    in_weight_step = step is not None and step.weight is not None
    gates = (k.name for k in kpis if k.effect == "gate" and k.is_live == in_weight_step)
    return [name for name in gates if shown.get(name) not in ("Pass", "NotApplicable")]


def take_the_present_step(situation: Situation, timer: Timer) -> Turn | None:
    """Ask the step that the release is in whether it is passed."""
    candidate = situation.candidate
    if candidate is None or candidate.memory.verdict == "Inconclusive":
        return None
    step = steps.present(candidate.memory)
    if step is None:
        # Without a root Service (its name is taken, say) there is nothing to lead users with.
        done = situation.snapshot.service is not None and direct(situation, timer).reached
        return turns.promote(situation, candidate) if done else None
    if step.benchmark:
        return _benchmark(situation, candidate)
    if step.weight is not None and situation.stable is None:
        return turns.advance(situation, candidate, "No other revision is left to share with.")
    if step.weight is not None:
        return soak(situation, candidate, step, timer)
    return None


def _benchmark(situation: Situation, candidate: Actor) -> Turn | None:
    if candidate.memory.passed_by_hand:
        return turns.advance(situation, candidate, "Gates were passed by hand in this release.")
    run = _finished_run(situation, candidate)
    if run is None:
        return None
    name = run.metadata.name
    if run.status.verdict == "Pass":
        why = f"Every gate holds (BenchmarkRun {name})."
        return turns.advance(situation, candidate, why, run=name)
    reason, message = _inconclusive_reason(run), run.status.message or ""
    return turns.wait_for_person(situation, candidate, reason, message, name)


def failed_gate(situation: Situation, run: BenchmarkRun) -> str:
    """Name the gate that failed."""
    gates = {kpi.name for kpi in situation.spec.kpis if kpi.effect == "gate"}
    failed = (k.name for k in run.status.kpis if k.verdict == "Fail" and k.name in gates)
    return next(failed, "Benchmark")


def _inconclusive_reason(run: BenchmarkRun) -> str:
    reasons = (k.reason for k in run.status.kpis if k.verdict == "Inconclusive" and k.reason)
    complete = (c.reason for c in run.status.conditions if c.type == "Complete")
    return next(reasons, None) or next(complete, None) or "Inconclusive"


def retry_when_told(situation: Situation, _: Timer) -> Turn | None:
    """A person asks for another try of what was rolled back, or of an undecided step."""
    verb, candidate = verbs.acting(situation, "retry"), situation.candidate
    if verb and candidate:
        return retries.go_on(situation, candidate, verb)
    failed = situation.asked_for
    return retries.forget_failure(situation, failed, verb) if verb and failed else None


def begin_what_spec_asks_for(situation: Situation, timer: Timer) -> Turn | None:
    """A revision that isn't stable, and wasn't rolled back for these requirements, is released."""
    stable, before = situation.stable, situation.asked_for
    requirements = situation.requirements
    if situation.candidate or situation.collides or requirements is None:
        return None
    if not situation.can_be_made:
        return None
    if stable and stable.hash == situation.wanted:
        return None
    if before and not _may_try_again(before, requirements, situation, timer):
        return None
    if situation.selection.split or any(actor.has_pods for actor in situation.others):
        return None
    return turns.begin(situation, requirements)


def _may_try_again(before: Actor, requirements: str, situation: Situation, timer: Timer) -> bool:
    if before.role != "failed" or before.memory.kpis_hash != requirements:
        return True
    ended = before.memory.outcome_at
    if before.memory.reason not in PASSING or ended is None:
        return False
    return timer.passed(ended, situation.duration(TRY_AGAIN))
