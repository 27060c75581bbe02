"""Turns of a release: what changes in memory, and what people are told about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from modelward.api.base import API_VERSION
from modelward.api.modeldeployment import ModelDeployment
from modelward.release import steps, verbs
from modelward.release.budget import outlook
from modelward.release.memory import Memory, Outcome
from modelward.release.situation import Actor, Situation
from modelward.release.verbs import Verb
from modelward.traffic import split, switch
from modelward.writes import Announce


@dataclass(frozen=True)
class Turn:
    """A change of what is remembered about revisions."""

    memories: Mapping[str, Memory]
    """New memory by revision; one that has no ReplicaSet yet gets it."""
    announcements: tuple[Announce, ...] = ()
    promoted: str | None = None
    """The revision that all users are to be led to."""


def announce(
    deployment: ModelDeployment,
    kind: Literal["Normal", "Warning"],
    reason: str,
    note: str,
    key: str,
) -> Announce:
    """Return an Event about the deployment; key tells it from others of the same reason."""
    meta = deployment.metadata
    regarding = {
        "apiVersion": API_VERSION,
        "kind": "ModelDeployment",
        "namespace": meta.namespace,
        "name": meta.name,
        "uid": meta.uid,
    }
    return Announce(regarding, kind, reason, "Release", note, f"{reason}/{key}")


def named(situation: Situation, revision: str) -> str:
    """Name a revision for people: its version where it is the one that spec asks for."""
    version = situation.spec.model and situation.spec.model.version
    if version and revision == situation.wanted:
        return f"version {version} ({revision})"
    return f"revision {revision}"


def sentence(text: str) -> str:
    """Return the text as a sentence: a capital first letter, a stop at the end."""
    stop = "" if text.endswith((".", "!", "?")) else "."
    return text[:1].upper() + text[1:] + stop


def begin(situation: Situation, requirements: str) -> Turn:
    """Begin a release of the revision that spec asks for."""
    now, stable, before = situation.now, situation.stable, situation.asked_for
    old = before.memory if before else Memory(role="candidate")
    memory = Memory(
        role="candidate",
        release=release_id(now),
        steps=steps.declared(situation.spec.rollout, first_version=stable is None),
        step_since=now,
        release_size=stable.revision.desired if stable else situation.spec.replicas,
        kpis_hash=requirements,
        handled_promote=old.handled_promote,
        handled_abort=old.handled_abort,
        handled_retry=old.handled_retry,
    )
    ended = old.outcome_at.isoformat() if old.outcome_at else "first"
    generation = situation.deployment.metadata.generation
    instead = f"stable is {stable.hash}" if stable else "it is the first version"
    note = f"Release of {named(situation, situation.wanted)} begins; {instead}."
    key = f"{situation.wanted}/{generation}/{requirements}/{ended}"
    told = announce(situation.deployment, "Normal", "ReleaseStarted", note, key)
    return Turn({situation.wanted: memory}, (told, *_too_small_a_budget(situation, key)))


def _too_small_a_budget(situation: Situation, key: str) -> tuple[Announce, ...]:
    """Tell when the declared load is not likely to come to a verdict, before it is sent."""
    budget = outlook(situation.spec, first_version=situation.stable is None)
    if budget is None or not budget.is_too_small:
        return ()
    told = announce(situation.deployment, "Warning", "BudgetTooSmall", budget.warning, key)
    return (told,)


def make_again(situation: Situation) -> Turn:
    """Make the ReplicaSet of the serving revision again; what was known of it is gone."""
    memory = Memory(role="stable", release=release_id(situation.now))
    service = situation.snapshot.service
    since = service.annotations.get(switch.SINCE, "") if service else ""
    who = named(situation, situation.wanted)
    note = f"The ReplicaSet of {who}, which serves, was deleted: it is made again."
    key = f"{situation.wanted}/{since}"
    told = announce(situation.deployment, "Warning", "MadeAgain", note, key)
    return Turn({situation.wanted: memory}, (told,))


def release_id(now: datetime) -> str:
    """Name a release by the moment when it began, as a label value that sorts by time."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def judge_again(situation: Situation, candidate: Actor, requirements: str) -> Turn:
    """KPIs or data sets changed in mid-release: back to the first step with fresh evidence."""
    memory = candidate.memory.with_(
        release=release_id(situation.now),
        step=0,
        step_since=situation.now,
        kpis_hash=requirements,
        verdict="",
        reason="",
        message="",
        run="",
        continues="",
        passed_by_hand=(),
    )
    note = f"KPIs or data sets changed: {named(situation, candidate.hash)} is judged again."
    turn = _turn(situation, candidate, memory, "Normal", "JudgedAgain", note)
    key = f"{candidate.hash}/{memory.release}"
    return replace(turn, announcements=(*turn.announcements, *_too_small_a_budget(situation, key)))


def advance(situation: Situation, candidate: Actor, why: str, **changes: object) -> Turn:
    """Go on to the next step."""
    memory = candidate.memory.with_(
        **{"verdict": "", "reason": "", "message": "", "continues": "", **changes},
        step=candidate.memory.step + 1,
        step_since=situation.now,
    )
    note = f"{why} Next: {steps.describe(memory)} for {named(situation, candidate.hash)}."
    turn = _turn(situation, candidate, memory, "Normal", "StepPassed", note)
    return Turn(turn.memories, (*turn.announcements, *_rounded_weight(situation, memory)))


def _rounded_weight(situation: Situation, memory: Memory) -> tuple[Announce, ...]:
    """Tell when so few replicas can't be split as asked: 10% of three pods is one of them."""
    step = steps.present(memory)
    if step is None or step.weight is None or situation.stable is None:
        return ()
    shares = split.target(situation.limits, step.weight)
    actual = round(100 * shares.candidate / (shares.stable + shares.candidate))
    if actual == step.weight:
        return ()
    note = (
        f"Weight {step.weight} is {shares.candidate} of {shares.stable + shares.candidate} pods, "
        f"so {actual}% of new connections; more replicas get closer."
    )
    key = f"{situation.wanted}/{memory.release}/{memory.step}"
    return (announce(situation.deployment, "Normal", "WeightRounded", note, key),)


def wait_for_person(
    situation: Situation, candidate: Actor, reason: str, message: str, run: str = ""
) -> Turn:
    """No verdict in time: what happens with the weight is the user's choice (onInconclusive)."""
    memory = candidate.memory.with_(
        verdict="Inconclusive", reason=reason, message=message, run=run or candidate.memory.run
    )
    note = sentence(f"no verdict about {named(situation, candidate.hash)}: {message}")
    return _turn(situation, candidate, memory, "Warning", "Inconclusive", note)


def roll_back(
    situation: Situation,
    candidate: Actor,
    reason: str,
    message: str,
    run: str = "",
    verb: Verb | None = None,
    verdict: str = "Fail",
) -> Turn:
    """End the release without promotion, and remember why."""
    memory = _ended(situation, candidate, "RolledBack").with_(
        role="failed",
        verdict=verdict,
        reason=reason,
        message=message,
        run=run or candidate.memory.run,
    )
    if verb:
        memory = memory.with_(handled_abort=verb.value)
    note = sentence(f"{named(situation, candidate.hash)} is rolled back: {message}")
    return _turn(situation, candidate, memory, "Warning", "RolledBack", note)


def supersede(situation: Situation, candidate: Actor) -> Turn:
    """The user asks for something else: end this release quietly."""
    memory = _ended(situation, candidate, "Superseded").with_(role="superseded")
    stable = situation.stable
    if stable and stable.hash == situation.wanted:
        note = f"Release of revision {candidate.hash} ends: spec is back at the stable revision."
    else:
        note = f"Release of revision {candidate.hash} ends: spec asks for {situation.wanted} now."
    return _turn(situation, candidate, memory, "Normal", "Superseded", note)


def hold(situation: Situation, candidate: Actor) -> Turn:
    """spec.paused was set: note since when the clocks stand still."""
    memory = candidate.memory.with_(paused_since=situation.now)
    note = f"{named(situation, candidate.hash)} stays at {steps.describe(memory)}: spec.paused"
    return _by_generation(situation, memory, "Held", sentence(note))


def resume(situation: Situation, candidate: Actor) -> Turn:
    """spec.paused was taken back: the step goes on where it stood."""
    before, stood = candidate.memory, candidate.memory.paused_since
    clocks = {"step_since": before.step_since, "unsteady_since": before.unsteady_since}
    pause = situation.now - stood if stood else timedelta()
    moved = {name: since + pause for name, since in clocks.items() if since}
    memory = before.with_(paused_since=None, **moved)
    note = f"{named(situation, candidate.hash)} goes on at {steps.describe(memory)}"
    return _by_generation(situation, memory, "Resumed", sentence(note))


def promote(situation: Situation, candidate: Actor) -> Turn:
    """Lead all users to the candidate: from this write on it is the stable revision."""
    memories = {candidate.hash: _promoted(situation, candidate)}
    if situation.stable:
        memories[situation.stable.hash] = situation.stable.memory.with_(role="previous")
    note = sentence(f"{named(situation, candidate.hash)} is promoted: it serves all users now")
    told = announce(situation.deployment, "Normal", "Promoted", note, _key(candidate))
    return Turn(memories, (told,), promoted=candidate.hash)


def verbs_answered(situation: Situation, turn: Turn | None) -> Turn | None:
    """Return the turn, and with it refuse the verbs that have nothing to act on, once.

    What is refused is remembered as handled, so that it acts on nothing later.
    """
    turn = turn or Turn({})
    memories, told = dict(turn.memories), []
    known = {actor.hash: actor.memory for actor in situation.actors}
    for verb in verbs.refused(situation):
        remembered = memories.get(verb.revision) or known.get(verb.revision)
        if remembered:
            memories[verb.revision] = remembered.with_(**{f"handled_{verb.name}": verb.value})
        note = f"{verb.name} {verb.value} was not acted on: {verbs.why_refused(situation, verb)}"
        key, reason = f"{verb.name}/{verb.value}", f"NothingTo{verb.name.capitalize()}"
        told.append(announce(situation.deployment, "Warning", reason, note, key))
    answered = replace(turn, memories=memories, announcements=(*told, *turn.announcements))
    return answered if answered != Turn({}) else None


def settle_roles(situation: Situation, stable: Actor) -> Turn:
    """Write the roles that a promotion implies, where the writer was interrupted after it."""
    memories = {
        actor.hash: actor.memory.with_(role="previous")
        for actor in situation.actors
        if actor.role == "stable" and actor is not stable
    }
    if stable.role != "stable":
        memories[stable.hash] = _promoted(situation, stable)
    return Turn(memories)


def _promoted(situation: Situation, actor: Actor) -> Memory:
    return _ended(situation, actor, "Promoted").with_(role="stable", reason="", message="")


def _ended(situation: Situation, actor: Actor, outcome: Outcome) -> Memory:
    return actor.memory.with_(outcome=outcome, outcome_at=situation.now, unsteady_since=None)


def _by_generation(situation: Situation, memory: Memory, reason: str, note: str) -> Turn:
    """Return a turn that may come several times in a step, each with another spec."""
    generation = situation.deployment.metadata.generation
    key = f"{situation.wanted}/{memory.release}/{generation}"
    told = announce(situation.deployment, "Normal", reason, note, key)
    return Turn({situation.wanted: memory}, (told,))


def _turn(
    situation: Situation,
    actor: Actor,
    memory: Memory,
    kind: Literal["Normal", "Warning"],
    reason: str,
    note: str,
) -> Turn:
    told = announce(situation.deployment, kind, reason, note, _key(actor))
    return Turn({actor.hash: memory}, (told,))


def _key(actor: Actor) -> str:
    return f"{actor.hash}/{actor.memory.release}/{actor.memory.step}"
