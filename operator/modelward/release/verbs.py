"""Verbs of people: annotations `modelward.dev/promote: <hash>/<token>` that act once.

The token is free text, so that the same verb can be given again; the hash binds it to a revision,
so that a verb that comes late does nothing to the next one.
"""

from dataclasses import dataclass
from typing import Literal

from modelward.api.names import ABORT, PROMOTE, RETRY
from modelward.api.status import LastHandled
from modelward.release import steps
from modelward.release.situation import Situation

VerbName = Literal["promote", "abort", "retry"]
ANNOTATIONS: dict[VerbName, str] = {"promote": PROMOTE, "abort": ABORT, "retry": RETRY}


@dataclass(frozen=True)
class Verb:
    """A verb that was given and not acted on yet."""

    name: VerbName
    value: str
    """The annotation's value as it was written."""

    @property
    def revision(self) -> str:
        """The revision that the verb is meant for."""
        return self.value.partition("/")[0]


def given(situation: Situation) -> tuple[Verb, ...]:
    """Return the verbs that still ask for an answer: neither acted on nor refused before."""
    return tuple(verb for verb in _written(situation) if not _handled(situation, verb))


def _written(situation: Situation) -> tuple[Verb, ...]:
    annotations = situation.deployment.metadata.annotations
    verbs = (Verb(name, annotations.get(key, "")) for name, key in ANNOTATIONS.items())
    return tuple(verb for verb in verbs if verb.value)


def _handled(situation: Situation, verb: Verb) -> bool:
    last = situation.deployment.status.last_handled or LastHandled()
    if getattr(last, verb.name) == getattr(last_handled(verb), verb.name):
        return True
    return any(
        getattr(actor.memory, f"handled_{verb.name}") == verb.value for actor in situation.actors
    )


def last_handled(*verbs: Verb) -> LastHandled:
    """Return what status tells of these verbs."""
    return LastHandled.model_validate({verb.name: verb.value for verb in verbs})


def answered(situation: Situation) -> LastHandled | None:
    """Return the verbs that were answered last, once the turn that answers them is taken.

    One for a revision that nobody knows was refused and is remembered nowhere else.
    """
    known = {actor.hash for actor in situation.actors}
    waiting = [verb for verb in given(situation) if verb.revision in known]
    now = last_handled(*(verb for verb in _written(situation) if verb not in waiting))
    before = situation.deployment.status.last_handled or LastHandled()
    shown = LastHandled.model_validate(before.to_wire() | now.to_wire())
    return shown if shown != LastHandled() else None


def acts(situation: Situation, verb: Verb) -> bool:
    """Tell whether the verb has something to act on now."""
    candidate = situation.candidate
    if candidate is None and verb.name == "retry":
        failed = situation.asked_for
        if failed is None or failed is situation.stable:
            return False
        return failed.role == "failed" and failed.hash == verb.revision
    if candidate is None or candidate.hash != verb.revision:
        return False
    if verb.name == "abort":
        return True
    if situation.spec.paused:
        return False
    step = steps.present(candidate.memory)
    passes = verb.name == "promote" and step is not None and step.pause is not None
    return passes or candidate.memory.verdict == "Inconclusive"


def acting(situation: Situation, name: VerbName) -> Verb | None:
    """Return the verb of this name that acts now, if there is one."""
    verbs = (verb for verb in given(situation) if verb.name == name)
    return next((verb for verb in verbs if acts(situation, verb)), None)


def refused(situation: Situation) -> tuple[Verb, ...]:
    """Return the verbs with nothing to act on: they are answered once and not kept for later."""
    return tuple(verb for verb in given(situation) if not acts(situation, verb))


def why_refused(situation: Situation, verb: Verb) -> str:
    """Say why the verb has nothing to act on, and what would help."""
    candidate = situation.candidate
    if candidate is None and verb.name == "retry":
        return "spec asks for no revision of this name that was rolled back."
    if candidate is None:
        return "no release is under way."
    if candidate.hash != verb.revision:
        return f"the candidate is {candidate.hash}; say {candidate.hash}/<token>."
    if situation.spec.paused:
        return "spec.paused is true; set it to false first."
    if verb.name == "retry":
        return "the release stands at no undecided verdict."
    return "the release stands at no pause and at no undecided verdict."


def command(situation: Situation, name: VerbName, revision: str) -> str:
    """Return the command that gives a verb, with a token that was not handled before."""
    shown = situation.deployment.status.last_handled or LastHandled()
    handled = {getattr(actor.memory, f"handled_{name}") for actor in situation.actors}
    handled.add(getattr(shown, name) or "")
    number = 1
    while f"{revision}/{number}" in handled:
        number += 1
    return (
        f"kubectl annotate mdep {situation.deployment.metadata.name} --overwrite "
        f"{ANNOTATIONS[name]}={revision}/{number}"
    )
