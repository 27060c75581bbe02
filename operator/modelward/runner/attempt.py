"""One attempt: reach the subject, and stable where it is compared with; ask the exam rows, send
load, report.

Rows come first and load after them, last that in which latencies are compared. A gate that fails
ends the attempt: one is enough, and the others could not change it.
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from fractions import Fraction

from modelward.benchmark.contract import (
    DIGEST_CHARS,
    KpiReport,
    Outcome,
    PlanKpi,
    PlanLoad,
    PlanSubject,
    RunnerPlan,
    RunnerResult,
    is_compared_latency,
)
from modelward.judge import LoadSession, LoadShape
from modelward.runner import report
from modelward.runner.client import Client
from modelward.runner.comparison import Comparison
from modelward.runner.exam import Exam, Examinee
from modelward.runner.gentle import Gentle
from modelward.runner.load import Load, Target
from modelward.runner.protocols import protocol_of
from modelward.runner.reach import UnreachableError, reach
from modelward.runner.rows import Dataset, DatasetInvalidError, digests, prepare

_REQUEST_SECONDS = 10
_WHOLE_EXAM_SECONDS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Side:
    """A revision that is measured: the candidate, or stable."""

    client: Client
    datasets: dict[str, Dataset]
    gentle: Gentle | None
    """Where users are served by it, too: when it may be asked a row."""

    def examinee(self, dataset: str, sampled: bool) -> Examinee:
        return Examinee(self.client, self.datasets[dataset], sampled=sampled, gentle=self.gentle)

    def target(self, dataset: str) -> Target:
        return Target(self.client, [q.body for q in self.datasets[dataset].questions])


class Attempt:
    """Measures the KPIs of a plan, once."""

    def __init__(
        self,
        plan: RunnerPlan,
        files: dict[str, bytes],
        whole_exam_seconds: float = _WHOLE_EXAM_SECONDS,
    ) -> None:
        """An exam is read whole where that takes less than `whole_exam_seconds`."""
        self._plan = plan
        self._whole_exam_seconds = whole_exam_seconds
        self._started = time.monotonic()
        self._files = files
        self._reports = [report.first_report(kpi) for kpi in plan.kpis]
        self._exams: dict[str, Exam] = {}
        self._session: LoadSession | None = None
        self._load: Load | None = None
        self._comparison: Comparison | None = None
        self._message = ""

    async def run(self, seconds: float) -> RunnerResult:
        """Measure for at most `seconds`, and return what is known then.

        Raises ValueError for a plan that can't be carried out.
        """
        baseline = self._plan.baseline
        try:
            async with asyncio.timeout(seconds) as limit, AsyncExitStack() as clients:
                candidate = await self._side(clients, self._plan.subject, "the revision")
                stable = None
                if baseline:
                    stable = await self._side(clients, baseline, "the stable revision")
                await self._measure(candidate, stable)
        except DatasetInvalidError as error:
            return self._unmeasured("DatasetInvalid", str(error))
        except UnreachableError as error:
            return self._unmeasured("Unreachable", str(error))
        except TimeoutError:
            if not limit.expired():
                raise
            _log.warning("time is up", extra={"seconds": seconds})
        self._report()
        return self._result("Measured", tuple(self._reports))

    async def _side(self, clients: AsyncExitStack, subject: PlanSubject, name: str) -> _Side:
        protocol = protocol_of(subject)
        datasets = prepare(self._plan, self._files, protocol)
        client = Client(subject.url, protocol, _request_seconds(self._plan), name)
        serves_users = subject is self._plan.baseline and not subject.closed
        gentle = Gentle() if serves_users else None
        return _Side(await clients.enter_async_context(client), datasets, gentle)

    async def _measure(self, candidate: _Side, stable: _Side | None) -> None:
        for side in (candidate, stable):
            if side:
                await reach(side.client)
        exams = [k for k in self._plan.kpis if k.metric == "accuracy" and not report.has_verdict(k)]
        for name in dict.fromkeys(kpi.dataset for kpi in exams):
            if name is None:
                raise ValueError("an accuracy KPI names no data set")
            judged = [kpi for kpi in exams if kpi.dataset == name]
            paired = any(kpi.versus for kpi in judged)
            sampled = judged[0].rows == "sample"
            baseline = stable.examinee(name, sampled) if stable and paired else None
            start = report.exam_start(judged)
            examinee = candidate.examinee(name, sampled)
            self._exams[name] = Exam(examinee, baseline, start, self._may_end)
            await self._exams[name].take()
            self._report()
            if self._gate_failed():
                return
        if self._plan.load and self._load_kpis():
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
            kpi.dataset == exam.candidate.dataset.name and told.verdict == "I"
            for kpi, told in zip(self._plan.kpis, self._reports, strict=True)
        )
        return not undecided or self._gate_failed()

    async def _send_load(self, load: PlanLoad, candidate: _Side, stable: _Side | None) -> None:
        shape = LoadShape.of(load.rate, load.for_seconds, load.warm_up_seconds)
        kpis = tuple(report.load_kpi(kpi, self._plan) for _, kpi in self._load_kpis())
        self._session = LoadSession(shape, kpis)
        if self._session.finished:
            return
        paired = any(kpi.versus for _, kpi in self._load_kpis())
        baseline = stable.target(load.dataset) if stable and paired else None
        self._load = Load(self._session, candidate.target(load.dataset), baseline)
        await self._load.send()
        if self._session.gate_failed:
            # A subject that vanished says nothing about the model; one that is back does.
            for client in self._load.vanished:
                await reach(client)

    async def _compare(self, load: PlanLoad, candidate: _Side, stable: _Side) -> None:
        compared = [kpi for _, kpi in self._compared_kpis()]
        if compared:
            self._comparison = Comparison(self._plan, load, compared)
            await self._comparison.measure(
                candidate.target(load.dataset), stable.target(load.dataset)
            )

    def _load_kpis(self) -> list[tuple[int, PlanKpi]]:
        kpis = enumerate(self._plan.kpis)
        return [(i, k) for i, k in kpis if k.metric != "accuracy" and not is_compared_latency(k)]

    def _compared_kpis(self) -> list[tuple[int, PlanKpi]]:
        return [(i, kpi) for i, kpi in enumerate(self._plan.kpis) if is_compared_latency(kpi)]

    def _report(self) -> None:
        """Bring the reports up to date with what was measured."""
        for i, kpi in enumerate(self._plan.kpis):
            exam = self._exams.get(kpi.dataset or "")
            # A KPI keeps its first verdict, and the counts that show it.
            if kpi.metric == "accuracy" and exam and self._reports[i].verdict == "I":
                self._reports[i] = self._exam_report(kpi, exam)
        if self._session:
            self._report_load(self._session)
        if self._comparison:
            reports = zip(self._compared_kpis(), self._comparison.reports(), strict=True)
            for (i, kpi), told in reports:
                self._reports[i] = told
                self._tell_lag(kpi, told)

    def _report_load(self, session: LoadSession) -> None:
        for (i, kpi), result in zip(self._load_kpis(), session.results(), strict=True):
            lagged = self._lagged_for(kpi)
            self._reports[i] = report.LAGGED if lagged else report.load_report(kpi, result, session)
            self._tell_lag(kpi, self._reports[i])

    def _tell_lag(self, kpi: PlanKpi, told: KpiReport) -> None:
        if told == report.LAGGED:
            self._message = self._message or f"KPI {kpi.name}: the benchmark pod sent late"

    def _lagged_for(self, kpi: PlanKpi) -> bool:
        """Tell whether load was sent too late for a KPI; one that had its verdict needed none."""
        if self._load is None or report.has_verdict(kpi):
            return False
        return self._load.lagged(report.tolerated_delay(kpi))

    def _exam_report(self, kpi: PlanKpi, exam: Exam) -> KpiReport:
        differing = exam.candidate.differing
        if kpi.versus and exam.baseline:
            differing = differing or exam.baseline.differing
        if differing:
            self._message = f"data set {kpi.dataset}: {differing}"
            return report.NOT_DETERMINISTIC
        counts = exam.paired_counts if kpi.versus else exam.counts
        return report.exam_report(kpi, counts, self._plan.judgement)

    def _gate_failed(self) -> bool:
        pairs = zip(self._plan.kpis, self._reports, strict=True)
        return any(kpi.effect == "gate" and told.verdict == "F" for kpi, told in pairs)

    def _unmeasured(self, outcome: Outcome, message: str) -> RunnerResult:
        self._message = message
        return self._result(outcome, (report.NOT_MEASURED,) * len(self._plan.kpis))

    def _result(self, outcome: Outcome, kpis: tuple[KpiReport, ...]) -> RunnerResult:
        measured = outcome == "Measured"
        return RunnerResult(
            v=1,
            nonce=self._plan.nonce,
            revision=self._plan.subject.revision,
            datasets=tuple(d[:DIGEST_CHARS] for d in digests(self._plan, self._files)),
            outcome=outcome,
            windows=self._calibration_windows if measured else 0,
            kpis=kpis,
            message=self._message[:300],
        )

    @property
    def _calibration_windows(self) -> int:
        """Those of the ordinary load; what is compared has no counts before it is calibrated."""
        sent = self._session or self._comparison
        return sent.calibration_windows if sent else 0


def _request_seconds(plan: RunnerPlan) -> float:
    """Return how long a request may take: long enough to see whether it is beyond a limit."""
    latencies = (kpi for kpi in plan.kpis if kpi.metric == "latency")
    limits = [kpi.limit for kpi in latencies if not is_compared_latency(kpi)]
    return float(max([Fraction(_REQUEST_SECONDS), *(2 * limit for limit in limits)]))
