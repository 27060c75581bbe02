"""One attempt: reach the subject, and stable where it is compared with; ask the exam rows, send
load, report.

Rows come first and load after them, last that in which latencies are compared. A gate that fails
ends the attempt: one is enough, and the others could not change it.
"""

import asyncio
import logging
import threading
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from modelward.benchmark import lag
from modelward.benchmark.contract import (
    DIGEST_CHARS,
    MAX_MESSAGE_CHARS,
    KpiReport,
    Outcome,
    PlanKpi,
    PlanLoad,
    RunnerPlan,
    RunnerResult,
)
from modelward.benchmark.judging import counts_in
from modelward.judge import LoadSession
from modelward.runner import report, tokentimes
from modelward.runner.comparison import Comparison
from modelward.runner.exam import Exam
from modelward.runner.examination import Examination
from modelward.runner.files import Given, RowsFile, open_files
from modelward.runner.load import Load, Pace
from modelward.runner.progress import Progress
from modelward.runner.reach import UnreachableError, reach
from modelward.runner.rows import DatasetInvalidError, Table, read_tables
from modelward.runner.side import Side
from modelward.runner.throughput import Throughput
from modelward.runner.tls import SYSTEM, Trust

_WHOLE_EXAM_SECONDS = 60
_log = logging.getLogger(__name__)


class Attempt:
    """Measures the KPIs of a plan, once."""

    def __init__(
        self,
        plan: RunnerPlan,
        given: Given,
        whole_exam_seconds: float = _WHOLE_EXAM_SECONDS,
        scratch: Path | None = None,
        trust: Trust = SYSTEM,
    ) -> None:
        """`given` are the files of data sets; the others are fetched into the folder `scratch`.

        An exam is read whole where that takes less than `whole_exam_seconds`. `trust` says whose
        certificates are believed.
        """
        self._plan = plan
        self._whole_exam_seconds = whole_exam_seconds
        self._started = time.monotonic()
        self._given = given
        self._scratch = scratch
        self._trust = trust
        self._files: dict[str, RowsFile] = {}
        self._tables: dict[str, Table] = {}
        self._reports = [report.first_report(kpi) for kpi in plan.kpis]
        self._rows = Examination(plan)
        self._session: LoadSession | None = None
        self._load: Load | None = None
        self._comparison: Comparison | None = None
        self._measured = tokentimes.measures(plan.kpis)
        self._throughput: Throughput | None = None
        self._message = ""

    async def run(self, seconds: float) -> RunnerResult:
        """Measure for at most `seconds`, and return what is known then.

        Raises ValueError for a plan that can't be carried out, and OSError where data sets can't
        be had.
        """
        baseline = self._plan.baseline
        try:
            async with asyncio.timeout(seconds) as limit, AsyncExitStack() as clients:
                await self._read()
                enter = partial(Side.enter, clients, self._plan, self._tables, trust=self._trust)
                candidate = await enter(self._plan.subject, "the revision")
                stable = await enter(baseline, "the stable revision") if baseline else None
                await self._measure(candidate, stable)
        except DatasetInvalidError as error:
            return self._unmeasured("DatasetInvalid", str(error))
        except UnreachableError as error:
            return self._unmeasured("Unreachable", str(error))
        except TimeoutError:
            if not limit.expired():
                raise
            if not self._tables:
                raise TimeoutError(
                    f"data sets were not read within {seconds:.0f} s: raise upTo of the benchmark "
                    "step, or take smaller ones"
                ) from None
            _log.warning("time is up", extra={"seconds": seconds})
        self._report()
        return self._result("Measured", tuple(self._reports))

    def so_far(self) -> RunnerResult | None:
        """Return what is known now; None where nothing was counted yet."""
        self._report()
        counted = any(told.counts for told in self._reports)
        return self._result("Measured", tuple(self._reports)) if counted else None

    async def _read(self) -> None:
        """Fetch data sets and read through them, in a thread so that this can be cancelled."""
        stop = threading.Event()
        try:
            self._files = await open_files(self._plan, self._given, self._scratch, stop)
            self._tables = await asyncio.to_thread(
                read_tables,
                self._plan,
                self._files,
                self._plan.subject.dialogue,
                self._scratch,
                stop,
            )
        finally:
            stop.set()

    @property
    def progress(self) -> Progress:
        """How far it is; may be asked while it runs."""
        if self._comparison and self._comparison.progress:
            return self._comparison.progress
        if self._load and self._session:
            return Progress("load", self._load.sent, self._session.shape.requests)
        before = Progress("reaching the model" if self._tables else "reading data sets", 0, 0)
        return self._rows.progress or before

    async def _measure(self, candidate: Side, stable: Side | None) -> None:
        for side in (candidate, stable):
            if side:
                await reach(side.client)
                await side.client.tell_metadata()
        for name in self._rows.datasets:
            while await self._rows.take(name, candidate, stable, self._may_end):
                self._report()
                if self._gate_failed():
                    return
        ordinary = report.load_kpis(self._plan) or any(kpi.is_shown for kpi in self._plan.kpis)
        if self._plan.load and ordinary:
            await self._send_load(self._plan.load, candidate, stable)
            self._report()
        if self._plan.load and stable and not self._gate_failed():
            await self._compare(self._plan.load, candidate, stable)

    def _may_end(self, exam: Exam) -> bool:
        """Tell whether a sample, or an exam that takes long, can end with the rows read so far."""
        if not exam.sampled and time.monotonic() - self._started < self._whole_exam_seconds:
            return False
        self._report()
        undecided = any(
            told.verdict == "I" and exam.waits_for(kpi.name)
            for kpi, told in zip(self._plan.kpis, self._reports, strict=True)
        )
        return not undecided or self._gate_failed()

    async def _send_load(self, load: PlanLoad, candidate: Side, stable: Side | None) -> None:
        asked = [kpi for _, kpi in report.load_kpis(self._plan)]
        shown = tuple(kpi for kpi in self._plan.kpis if kpi.is_shown)
        kpis = tuple(
            report.load_kpi(kpi, self._plan, tokentimes.column(kpi, self._measured))
            for kpi in asked
        )
        to_the_end = bool(shown) and all(report.has_verdict(kpi) for kpi in asked)
        self._session = LoadSession(load.shape, kpis, to_the_end=to_the_end)
        if self._session.finished:
            return
        self._throughput = Throughput(shown) if shown else None
        paired = any(kpi.versus for kpi in asked)
        baseline = stable.target(load.dataset) if stable and paired else None
        pace = Pace(candidate.datasets[load.dataset].key, load.concurrency)
        target = candidate.target(load.dataset)
        self._load = Load(self._session, target, baseline, pace, self._measured, self._throughput)
        await self._load.send()
        if self._session.gate_failed:
            # A subject that vanished says nothing about the model; one that is back does.
            for client in self._load.vanished:
                await reach(client)

    async def _compare(self, load: PlanLoad, candidate: Side, stable: Side) -> None:
        compared = [kpi for _, kpi in report.compared_kpis(self._plan)]
        if compared:
            self._comparison = Comparison(self._plan, load, compared)
            targets = candidate.target(load.dataset), stable.target(load.dataset)
            await self._comparison.measure(*targets, candidate.datasets[load.dataset].key)

    def _report(self) -> None:
        """Bring the reports up to date with what was measured."""
        for i, kpi in enumerate(self._plan.kpis):
            # A KPI keeps its first verdict, and the counts that show it.
            if kpi.of_rows and self._reports[i].verdict == "I":
                self._reports[i] = self._rows.report(i) or self._reports[i]
        if self._session:
            self._report_load(self._session)
        if self._comparison:
            reports = zip(report.compared_kpis(self._plan), self._comparison.reports(), strict=True)
            for (i, kpi), told in reports:
                self._reports[i] = self._unless_late(kpi, told, self._comparison.send_delay)

    def _report_load(self, session: LoadSession) -> None:
        time_out = report.request_seconds(self._plan)
        for (i, kpi), result in zip(report.load_kpis(self._plan), session.results(), strict=True):
            column = tokentimes.column(kpi, self._measured)
            told = report.load_report(kpi, result, session, time_out, column)
            self._reports[i] = self._unless_late(kpi, told, self._send_delay)
        for i, kpi in enumerate(self._plan.kpis):
            if kpi.is_shown and self._throughput:
                told = report.shown_report(kpi, self._throughput)
                self._reports[i] = self._unless_late(kpi, told, self._send_delay)

    def _unless_late(self, kpi: PlanKpi, told: KpiReport, delay: int | None) -> KpiReport:
        """Return a report about load; a KPI that had its verdict needed none."""
        counts = counts_in(kpi, told.counts) if told.counts else None
        if delay is None or not lag.sent_late(kpi, delay, counts) or report.has_verdict(kpi):
            return told
        problem = lag.problem(kpi, delay, counts)
        late = f"KPI {kpi.name} is not judged, {problem}"
        self._message = self._message or self._rows.message or late
        return report.LAGGED

    @property
    def _send_delay(self) -> int | None:
        """How late the load was sent, in microseconds rounded up; None where there was none."""
        return None if self._load is None else -(-self._load.delays.p99 // 1000)

    def _gate_failed(self) -> bool:
        pairs = zip(self._plan.kpis, self._reports, strict=True)
        return any(kpi.effect == "gate" and told.verdict == "F" for kpi, told in pairs)

    def _unmeasured(self, outcome: Outcome, message: str) -> RunnerResult:
        self._message = message
        return self._result(outcome, (report.NOT_MEASURED,) * len(self._plan.kpis))

    def _result(self, outcome: Outcome, kpis: tuple[KpiReport, ...]) -> RunnerResult:
        measured, compared = outcome == "Measured", self._comparison
        # Those of the ordinary load; what is compared has no counts before it is calibrated.
        sent = self._session or compared
        return RunnerResult(
            v=1,
            nonce=self._plan.nonce,
            revision=self._plan.subject.revision,
            datasets=tuple(
                self._files[data.name].digest[:DIGEST_CHARS] for data in self._plan.datasets
            ),
            outcome=outcome,
            windows=sent.calibration_windows if sent and measured else 0,
            send_delay_micros=self._send_delay if measured else None,
            turns_delay_micros=compared.send_delay if compared and measured else None,
            kpis=kpis,
            repeats=self._rows.repeats,
            slices=self._rows.worst_slices(kpis),
            message=(self._message or self._rows.message)[:MAX_MESSAGE_CHARS],
        )
