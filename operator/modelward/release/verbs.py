"""Verbs of people: annotations `modelward.dev/promote: <hash>/<token>` that act once.

The token is free text, so that the same verb can be given again; the hash binds it to a revision,
so that a verb that comes late does nothing to the next one.
"""

from dataclasses import dataclass
from typing import Literal

from modelward.api.names import ABORT, PROMOTE
from modelward.release import steps
from modelward.release.situation import Situation

VerbName = Literal["promote", "abort"]
ANNOTATIONS: dict[VerbName, str] = {"promote": PROMOTE, "abort": ABORT}


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
    annotations = situation.deployment.metadata.annotations
    verbs = (Verb(name, annotations.get(key, "")) for name, key in ANNOTATIONS.items())
    return tuple(verb for verb in verbs if verb.value and not _handled(situation, verb))


def _handled(situation: Situation, verb: Verb) -> bool:
    last = situation.deployment.status.last_handled
    if last and getattr(last, verb.name) == verb.value:
        return True
    return any(
        getattr(actor.memory, f"handled_{verb.name}") == verb.value for actor in situation.actors
    )


def acts(situation: Situation, verb: Verb) -> bool:
    """Tell whether the verb has something to act on now."""
    candidate = situation.candidate
    if candidate is None or candidate.hash != verb.revision:
        return False
    if verb.name == "abort":
        return True
    step = steps.present(candidate.memory)
    waits_at_pause = step is not None and step.pause is not None
    return waits_at_pause or candidate.memory.verdict == "Inconclusive"


def acting(situation: Situation, name: VerbName) -> Verb | None:
    """Return the verb of this name that acts now, if there is one."""
    verbs = (verb for verb in given(situation) if verb.name == name)
    return next((verb for verb in verbs if acts(situation, verb)), None)


def refused(situation: Situation) -> tuple[Verb, ...]:
    """Return the verbs with nothing to act on: they are answered once and not kept for later."""
    return tuple(verb for verb in given(situation) if not acts(situation, verb))
