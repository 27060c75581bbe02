"""How a live run ends, if it does now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.values import format_duration, parse_duration
from modelward.benchmark import words
from modelward.benchmark.evidence import overall
from modelward.benchmark.live.counting import Progress, began, moment, to_millis
from modelward.benchmark.live.scrapes import Pods, Reading
from modelward.benchmark.live.verdicts import step_of, undecided
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.benchmark.status import Ending

ANSWER = timedelta(seconds=15)
"""How long after two windows without evidence a metrics server may take to answer."""


@dataclass(frozen=True)
class Look:
    """What is known after this round's reading."""

    progress: Progress
    kpis: tuple[RunKpiStatus, ...]
    unread: Unread | None
    without_value: str = ""
    """Why an expression has no value."""


def ending(snapshot: RunSnapshot, look: Look) -> Ending | None:
    """Return how the run ends, None while it goes on."""
    spec, needed = snapshot.run.spec, required(snapshot)
    gates = _gates(snapshot, look.kpis)
    if overall(spec.kpis, look.kpis) == "Fail":
        return Ending("Fail", "GateFailed", words.failed(gates, spec.kpis), look.kpis)
    if not needed:
        return _nobody_waits(snapshot, look)
    held = moment(look.progress.until) >= held_until(snapshot)
    missing = _missing(snapshot, look.progress)
    lacking = [gate for gate in gates if gate.name in needed and gate.verdict != "Pass"]
    read = isinstance(snapshot.live.reading, Reading)
    if read and held and not lacking and not missing:
        return Ending("Pass", "EveryGateHolds", words.passed(gates, spec.kpis), look.kpis)
    return _without_evidence(snapshot, look) or _too_late(snapshot, look, missing)


def _nobody_waits(snapshot: RunSnapshot, look: Look) -> Ending | None:
    """Where no gate is waited for, the step lasts as long as it is declared to."""
    if snapshot.now < held_until(snapshot):
        return None
    return Ending("Pass", "NoGates", "No gate waits for users' requests.", look.kpis)


def required(snapshot: RunSnapshot) -> frozenset[str]:
    """Return the gates that the step waits for."""
    spec = snapshot.run.spec
    gates = {kpi.name for kpi in spec.applicable_kpis if kpi.effect == "gate"}
    return frozenset(gates - set(step_of(spec).passed_by_hand))


def held_until(snapshot: RunSnapshot) -> datetime:
    """Return the end of `for`: it counts while the pods are steadily ready."""
    settled = (pod.settled for pod in snapshot.live.pods if pod.settled)
    since = max([began(snapshot.run), *settled])
    return since + parse_duration(step_of(snapshot.run.spec).for_)


def _missing(snapshot: RunSnapshot, progress: Progress) -> list[str]:
    """Return pods that have been ready for two windows, and that nobody scraped in these."""
    before = moment(progress.until - 2 * progress.window)
    return [
        pod.name
        for pod in snapshot.live.pods
        if pod.ready and pod.settled and pod.settled < before and pod.name not in progress.seen
    ]


def _without_evidence(snapshot: RunSnapshot, look: Look) -> Ending | None:
    """No evidence for two windows: who is not seen must not serve users."""
    progress, unread = look.progress, look.unread
    if unread:
        since = snapshot.now - moment(progress.evidence_at)
        patience = 2 * timedelta(milliseconds=progress.window) + ANSWER
        if unread.reason != "NotConfigured" and since < patience:
            return None
        return without_verdict(look.kpis, unread.reason, unread.message)
    if snapshot.live.reading is None or not progress.silent:
        return None
    return without_verdict(look.kpis, *_why_silent(snapshot, progress))


def _why_silent(snapshot: RunSnapshot, progress: Progress) -> tuple[str, str]:
    service = snapshot.run.spec.subject.service
    windows = format_duration(timedelta(milliseconds=2 * progress.window))
    if progress.problem:
        return "Unusable", f"no evidence for {windows}: {progress.problem}"
    if not any(Pods(service).has(pod) for pod in progress.seen):
        return "NotScraped", (
            f"Prometheus scraped no pod of {service} for {windows}: look at its targets, and "
            "whether its labels for pod and namespace are those that the operator asks for"
        )
    return "NoTraffic", (
        f"the pods of {service} counted no request for {windows}: users do not reach them, or "
        "the selectors match nothing"
    )


def _too_late(snapshot: RunSnapshot, look: Look, missing: list[str]) -> Ending | None:
    up_to, reading = snapshot.run.spec.up_to, snapshot.live.reading
    end = began(snapshot.run) + parse_duration(up_to)
    if snapshot.now < end or reading is None:
        return None
    if look.unread is None and look.progress.until + look.progress.window <= to_millis(end):
        return None
    why = "NotScraped" if missing else "Undecided"
    told = f"no verdict within upTo {up_to}"
    if missing:
        told += f": {', '.join(missing[:3])} not scraped"
    else:
        names = [k.name for k in _gates(snapshot, look.kpis) if k.verdict == "Inconclusive"]
        told += f" about {', '.join(names)}" * bool(names)
        told += "; more traffic, a longer upTo or a wider gap between expected and limit decides it"
    kpis = undecided(look.kpis, why) if missing else look.kpis
    return Ending("Inconclusive", why, told, kpis)


def without_verdict(kpis: Iterable[RunKpiStatus], reason: str, message: str) -> Ending:
    """Return the ending of a run that comes to no verdict, whatever its gates showed before."""
    return Ending("Inconclusive", reason, message, undecided(kpis, reason))


def _gates(snapshot: RunSnapshot, kpis: Iterable[RunKpiStatus]) -> list[RunKpiStatus]:
    names = {kpi.name for kpi in snapshot.run.spec.kpis if kpi.effect == "gate"}
    return [kpi for kpi in kpis if kpi.name in names]
