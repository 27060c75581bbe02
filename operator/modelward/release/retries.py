"""What a person's retry does: forget a failure, or go on where there was no verdict."""

from modelward.release import live, steps
from modelward.release.situation import Actor, Situation
from modelward.release.turns import Turn, announce, named, sentence
from modelward.release.verbs import Verb


def forget_failure(situation: Situation, failed: Actor, verb: Verb) -> Turn:
    """Another try of what was rolled back: a release like any other."""
    memory = failed.memory.with_(role="superseded", handled_retry=verb.value)
    note = f"{named(situation, failed.hash)} is tried again by hand"
    told = announce(situation.deployment, "Normal", "Retried", sentence(note), verb.value)
    return Turn({failed.hash: memory}, (told,))


def go_on(situation: Situation, candidate: Actor, verb: Verb) -> Turn:
    """Take the undecided step once more: measure on with its evidence, or wait anew.

    The evidence is that of the latest run. Where somebody deleted it, its name still tells that
    this one is over.
    """
    step, runs = steps.present(candidate.memory), situation.runs_of(candidate)
    continues, how = "", "the wait begins again"
    latest = runs[-1] if runs else None
    judged = live.run_of_step(situation, candidate) if live.is_judged(situation) else None
    if judged or (step and step.benchmark):
        continues = latest.metadata.name if latest else candidate.memory.run
        how = f"goes on from BenchmarkRun {continues}" if latest else "measuring begins anew"
    memory = candidate.memory.with_(
        verdict="",
        reason="",
        message="",
        step_since=situation.now,
        continues=continues,
        handled_retry=verb.value,
    )
    where = steps.describe(candidate.memory)
    note = f"{named(situation, candidate.hash)} is judged on by hand at {where}: {how}"
    told = announce(situation.deployment, "Normal", "Retried", sentence(note), verb.value)
    return Turn({candidate.hash: memory}, (told,))
