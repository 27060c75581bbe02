"""What benchmark pods would have answered."""

from collections.abc import Callable
from fractions import Fraction

from modelward.api.names import PLAN
from modelward.benchmark.contract import DIGEST_CHARS, KpiReport, RunnerPlan, RunnerResult
from modelward.benchmark.counts import ExamCounts
from modelward.writes import Document
from tests.apiserver.controllers import Ending

ROWS = 100


def exam(correct: Callable[[str], int]) -> Callable[[Document], Ending]:
    """Every benchmark reads 100 rows; `correct` says how many of them a revision gets right."""

    def ending(job: Document) -> Ending:
        plan = plan_of(job)
        counts = ExamCounts(ROWS, ROWS, correct(plan.subject.revision))
        share = Fraction(counts.correct, ROWS)
        reports = (KpiReport.of("P" if share >= k.limit else "F", counts) for k in plan.kpis)
        return answer(plan, *reports)

    return ending


def plan_of(job: Document) -> RunnerPlan:
    """The plan that a Job's pod carries out."""
    return RunnerPlan.parse(job["spec"]["template"]["metadata"]["annotations"][PLAN])


def answer(plan: RunnerPlan, *reports: KpiReport) -> Ending:
    """The benchmark pod ends with these reports."""
    result = RunnerResult(
        v=1,
        nonce=plan.nonce,
        revision=plan.subject.revision,
        datasets=tuple(dataset.sha256[:DIGEST_CHARS] for dataset in plan.datasets),
        outcome="Measured",
        turns_delay_micros=400 if any(k.is_compared_latency for k in plan.kpis) else None,
        kpis=reports,
    )
    return Ending(0, result.to_json())
