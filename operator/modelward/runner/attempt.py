"""One attempt: reach the subject, ask the exam rows, send load, report.

Rows come first and load after them. A gate that fails ends the attempt: one is enough, and the
others could not change it.
"""

import asyncio
import logging
from fractions import Fraction

from modelward.benchmark.contract import (
    DIGEST_CHARS,
    KpiReport,
    Outcome,
    PlanKpi,
    PlanLoad,
    RunnerPlan,
    RunnerResult,
)
from modelward.judge import LoadSession, LoadShape
from modelward.runner import report
from modelward.runner.client import Client
from modelward.runner.exam import Exam
from modelward.runner.load import Load
from modelward.runner.protocols import protocol_of
from modelward.runner.reach import UnreachableError, reach
from modelward.runner.rows import Dataset, DatasetInvalidError, digests, prepare

_REQUEST_SECONDS = 10
_log = logging.getLogger(__name__)


class Attempt:
    """Measures the KPIs of a plan, once."""

    def __init__(self, plan: RunnerPlan, files: dict[str, bytes]) -> None:
        self._plan = plan
        self._files = files
        self._reports = [report.NOT_MEASURED] * len(plan.kpis)
        self._exams: dict[str, Exam] = {}
        self._session: LoadSession | None = None
        self._load: Load | None = None
        self._message = ""

    async def run(self, seconds: float) -> RunnerResult:
        """Measure for at most `seconds`, and return what is known then.

        Raises ValueError for a plan that can't be carried out.
        """
        protocol = protocol_of(self._plan.subject)
        try:
            datasets = prepare(self._plan, self._files, protocol)
            async with (
                asyncio.timeout(seconds) as limit,
                Client(self._plan.subject.url, protocol, _request_seconds(self._plan)) as client,
            ):
                await self._measure(client, datasets)
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

    async def _measure(self, client: Client, datasets: dict[str, Dataset]) -> None:
        await reach(client)
        for name in dict.fromkeys(k.dataset for k in self._plan.kpis if k.metric == "accuracy"):
            if name is None:
                raise ValueError("an accuracy KPI names no data set")
            self._exams[name] = Exam(client, datasets[name])
            await self._exams[name].take()
            self._report()
            if self._gate_failed():
                return
        if self._plan.load:
            await self._send_load(client, self._plan.load, datasets[self._plan.load.dataset])

    async def _send_load(self, client: Client, load: PlanLoad, dataset: Dataset) -> None:
        shape = LoadShape.of(load.rate, load.for_seconds, load.warm_up_seconds)
        kpis = tuple(report.load_kpi(kpi, self._plan) for _, kpi in self._load_kpis())
        self._session = LoadSession(shape, kpis)
        bodies = [question.body for question in dataset.questions]
        self._load = Load(client, self._session, bodies)
        await self._load.send()
        if self._session.gate_failed and self._load.mostly_unreached:
            # A subject that vanished says nothing about the model; one that is back does.
            await reach(client)

    def _load_kpis(self) -> list[tuple[int, PlanKpi]]:
        return [(i, k) for i, k in enumerate(self._plan.kpis) if k.metric != "accuracy"]

    def _report(self) -> None:
        """Bring the reports up to date with what was measured."""
        for i, kpi in enumerate(self._plan.kpis):
            if kpi.metric == "accuracy" and (exam := self._exams.get(kpi.dataset or "")):
                self._reports[i] = self._exam_report(kpi, exam)
        if self._session is None or self._load is None:
            return
        for (i, kpi), result in zip(self._load_kpis(), self._session.results(), strict=True):
            if self._load.lagged(report.tolerated_delay(kpi)):
                self._reports[i] = report.LAGGED
                self._message = self._message or f"KPI {kpi.name}: the benchmark pod sent late"
            else:
                self._reports[i] = report.load_report(kpi, result, self._session)

    def _exam_report(self, kpi: PlanKpi, exam: Exam) -> KpiReport:
        if exam.differing is None:
            return report.exam_report(kpi, exam.counts)
        self._message = f"data set {exam.dataset.name}: {exam.differing}"
        return report.NOT_DETERMINISTIC

    def _gate_failed(self) -> bool:
        pairs = zip(self._plan.kpis, self._reports, strict=True)
        return any(kpi.effect == "gate" and told.verdict == "F" for kpi, told in pairs)

    def _unmeasured(self, outcome: Outcome, message: str) -> RunnerResult:
        self._message = message
        return self._result(outcome, (report.NOT_MEASURED,) * len(self._plan.kpis))

    def _result(self, outcome: Outcome, kpis: tuple[KpiReport, ...]) -> RunnerResult:
        measured = outcome == "Measured" and self._session is not None
        return RunnerResult(
            v=1,
            nonce=self._plan.nonce,
            revision=self._plan.subject.revision,
            datasets=tuple(d[:DIGEST_CHARS] for d in digests(self._plan, self._files)),
            outcome=outcome,
            windows=self._session.calibration_windows if measured and self._session else 0,
            kpis=kpis,
            message=self._message[:300],
        )


def _request_seconds(plan: RunnerPlan) -> float:
    """Return how long a request may take: long enough to see whether it is beyond a limit."""
    limits = [kpi.limit for kpi in plan.kpis if kpi.metric == "latency"]
    return float(max([Fraction(_REQUEST_SECONDS), *(2 * limit for limit in limits)]))
