"""The decision about a live run: snapshot in, plan out.

A gate that fails ends the run at once. Gates that hold must hold at the end of the step's `for`.
Two windows without evidence end it, too, and so does upTo: without a verdict, whatever came before.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from modelward.api.benchmarkrun import BenchmarkRunStatus
from modelward.api.values import parse_duration
from modelward.benchmark.attempts import from_time
from modelward.benchmark.live.counting import began, count, so_far, to_status
from modelward.benchmark.live.endings import (
    Look,
    ending,
    held_until,
    required,
    without_verdict,
)
from modelward.benchmark.live.scalars import Scalar, valueless
from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.live.verdicts import in_step, objective_of, shown, undecided
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.benchmark.status import Ending, complete, patch
from modelward.benchmark.telling import announce, subject
from modelward.writes import Measured, PatchStatus, Plan, VerdictReached, Write

TRY_AGAIN = timedelta(seconds=5)
"""How soon the metrics server is asked again after it did not answer."""


def due(snapshot: RunSnapshot) -> datetime | None:
    """Return from when on the metrics server is to be asked; None for a run that has finished."""
    if snapshot.run.status.phase == "Finished" or _invalid(snapshot):
        return None
    return so_far(snapshot.run).next_at


def decide_live(snapshot: RunSnapshot) -> Plan:
    """Decide what to write now, and when to look again."""
    run = snapshot.run
    if run.status.phase == "Finished":
        return Plan()
    invalid = _invalid(snapshot)
    if invalid:
        return _finish(snapshot, None, without_verdict((), "InvalidSpec", invalid))
    look = _look(snapshot)
    end = ending(snapshot, look)
    if end:
        return _finish(snapshot, look, end)
    return _go_on(snapshot, look)


def _invalid(snapshot: RunSnapshot) -> str:
    """Say why the run can't be judged; empty where it can."""
    run = snapshot.run
    try:
        counts = so_far(run).counts
        for kpi in run.spec.counted_kpis:
            objective_of(kpi, run.spec)
            in_step(kpi, run.spec, counts[kpi.name])
    except ValueError as error:
        return f"the run can't be judged: {error}"
    return ""


def _look(snapshot: RunSnapshot) -> Look:
    """Count what this round has read."""
    run, reading = snapshot.run, snapshot.live.reading
    progress = so_far(run)
    values: Mapping[str, Scalar] = {}
    unread = reading if isinstance(reading, Unread) else None
    without_value = (run.status.live and run.status.live.without_value) or ""
    if isinstance(reading, Reading):
        progress, values = count(run, progress, reading, required(snapshot)), reading.values
        without_value = valueless(run.spec.kpis, values)
    elif run.status.kpis:
        return Look(progress, tuple(run.status.kpis), unread, without_value)
    kpis = undecided(shown(run, progress.counts, values), "Unusable", progress.unusable)
    return Look(progress, kpis, unread, without_value)


def _finish(snapshot: RunSnapshot, look: Look | None, end: Ending) -> Plan:
    run = snapshot.run
    after = BenchmarkRunStatus(
        observed_generation=run.metadata.generation,
        phase="Finished",
        verdict=end.verdict,
        message=end.message,
        started_at=from_time(began(run)),
        finished_at=from_time(snapshot.now),
        kpis=list(end.kpis),
        live=to_status(look.progress, look.without_value) if look else None,
        conditions=[complete(snapshot, "True", end.reason, end.message)],
    )
    kind: Literal["Normal", "Warning"] = "Normal" if end.verdict == "Pass" else "Warning"
    measured = Measured("BenchmarkRun", run.metadata.name, VerdictReached(end.verdict, end.reason))
    told = announce(snapshot, kind, f"Benchmark{end.verdict}", end.message, "finished")
    return Plan((told, *_patched(snapshot, after)), metrics=(measured,), subject=subject(snapshot))


def _go_on(snapshot: RunSnapshot, look: Look) -> Plan:
    run, progress = snapshot.run, look.progress
    message = _progress(snapshot, look)
    after = BenchmarkRunStatus(
        observed_generation=run.metadata.generation,
        phase="Running",
        message=message,
        started_at=from_time(began(run)),
        kpis=list(look.kpis) if progress.until > progress.began else [],
        live=to_status(progress, look.without_value),
        conditions=[complete(snapshot, "False", "Running", message)],
    )
    return Plan(
        writes=tuple(_patched(snapshot, after)),
        wake_after=_wake_after(snapshot, look),
        subject=subject(snapshot),
    )


def _wake_after(snapshot: RunSnapshot, look: Look) -> timedelta:
    if look.unread:
        return TRY_AGAIN
    moments = [
        look.progress.next_at,
        began(snapshot.run) + parse_duration(snapshot.run.spec.up_to),
        held_until(snapshot),
    ]
    return min((m - snapshot.now for m in moments if m > snapshot.now), default=TRY_AGAIN)


def _progress(snapshot: RunSnapshot, look: Look) -> str:
    if look.unread:
        return f"{look.unread.reason}: {look.unread.message}"
    if look.progress.problem:
        return f"not all that was scraped is evidence: {look.progress.problem}"
    if look.without_value:
        return f"users' requests are counted; {look.without_value}"
    return "users' requests are counted"


def _patched(snapshot: RunSnapshot, after: BenchmarkRunStatus) -> Iterable[Write]:
    meta, changed = snapshot.run.metadata, patch(snapshot.run.status, after)
    if changed:
        yield PatchStatus("BenchmarkRun", meta.namespace, meta.name, meta.resource_version, changed)
