"""From the counts of a KPI to its verdict: the same in the pod and in the operator."""

from dataclasses import replace
from fractions import Fraction

from modelward import judge
from modelward.api.metrics import METRICS
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.contract import PlanJudgement, PlanKpi, RunnerPlan
from modelward.benchmark.counts import (
    ClassCounts,
    ComparedLatencyCounts,
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
    RelativeErrorCounts,
    SliceCounts,
    ThroughputCounts,
    ValueCounts,
    counts_of,
)
from modelward.benchmark.rowcounts import (
    UNITS,
    RowCounts,
    class_counts,
    slice_counts,
    value_counts,
)
from modelward.judge import (
    CALIBRATION_WINDOWS,
    ClassTally,
    Measured,
    Outcome,
    PairedCounts,
    RateCounts,
    Ratio,
    RelativeCounts,
    Tally,
    Verdict,
    exam_decision,
    exam_verdict,
    paired_verdict,
    quantile_verdict,
    rate_verdict,
    ratio_decision,
    ratio_verdict,
    relative_verdict,
    value_decision,
    value_verdict,
)
from modelward.judge.objectives import (
    exam_objective,
    paired_objective,
    quantile_objective,
    rate_objective,
    relative_objective,
    value_objective,
)


def counts_in(asked: PlanKpi, ints: tuple[int, ...]) -> Counts:
    """Return what the integers of a KPI of a plan mean. Raises CountsError."""
    if asked.is_unjudgeable:
        raise CountsError("answers differ, and no sample shows its limit")
    sampled = asked.is_sample
    match asked.row_kind:
        case "classes":
            return class_counts(ints, sampled=sampled)
        case "values":
            return value_counts(ints, versus=asked.versus is not None)
        case "slices":
            return slice_counts(ints)
    return counts_of(
        "accuracy" if asked.of_rows else asked.metric,
        ints,
        with_expected=asked.expected is not None,
        versus=asked.versus is not None,
        sampled=sampled,
        relative=asked.relative is True,
    )


def judged(asked: PlanKpi, counts: Counts, plan: RunnerPlan, windows: int) -> Verdict:
    """Return what a KPI's counts say; `windows` is the number of its calibration windows."""
    match counts:
        case ExamCounts() | PairedExamCounts() | ClassCounts() | ValueCounts() | SliceCounts():
            return rows_verdict(asked, counts, plan.judgement)
        case ThroughputCounts():
            return Verdict("Inconclusive", "NotJudged")
        case RelativeErrorCounts():
            multiple = relative_objective(asked, plan.judgement)
            return relative_verdict(relative_counts(counts, windows), multiple)
        case PairedErrorCounts():
            pairs = paired_counts(counts, windows)
            return paired_verdict(pairs, paired_objective(asked, plan.judgement))
        case ComparedLatencyCounts():
            # Before its calibration is complete there are no counts.
            slow = counts.to_judge(CALIBRATION_WINDOWS)
            return quantile_verdict(slow, quantile_objective(asked, plan.judgement))
    return rate_verdict(rate_counts(counts, windows), rate_objective(asked, plan.judgement))


def rows_verdict(asked: PlanKpi, counts: RowCounts, judgement: PlanJudgement) -> Verdict:
    """Return what counts of rows say."""
    match counts:
        case ExamCounts() | PairedExamCounts():
            return exam_verdict(row_counts(counts), exam_objective(asked, judgement))
        case ClassCounts():
            objective = exam_objective(asked, judgement)
            return ratio_verdict(class_tally(counts), _ratio(asked), objective)
        case ValueCounts():
            return value_verdict(measured(asked, counts), value_objective(asked))
        case SliceCounts():
            found = value_verdict(measured(asked, counts), value_objective(asked))
            # All rows were asked; the value that is shown is that of these.
            rests_on = counts.slice_rows
            return replace(found, samples=rests_on, effective_samples=rests_on)


def rows_decision(asked: PlanKpi, counts: Counts, judgement: PlanJudgement) -> Outcome:
    """Return the verdict alone of a KPI on rows: cheap enough to be asked for after each row.

    Raises ValueError for counts of requests.
    """
    match counts:
        case ExamCounts() | PairedExamCounts():
            return exam_decision(row_counts(counts), exam_objective(asked, judgement))[0]
        case ClassCounts():
            objective = exam_objective(asked, judgement)
            return ratio_decision(class_tally(counts), _ratio(asked), objective)[0]
        case ValueCounts() | SliceCounts():
            return value_decision(measured(asked, counts), value_objective(asked))[0]
    raise ValueError(f"{type(counts).__name__} are not of rows")


def row_counts(counts: ExamCounts | PairedExamCounts) -> judge.RowCounts:
    """Return counts as they are judged."""
    alone = judge.RowCounts(counts.rows, counts.read, counts.correct, counts.sampled)
    if isinstance(counts, ExamCounts):
        return alone
    return replace(alone, baseline=counts.baseline, lost=counts.lost)


def class_tally(counts: ClassCounts) -> ClassTally:
    """Return counts as they are judged."""
    return ClassTally(*counts.to_ints(), sampled=counts.sampled)


def measured(asked: PlanKpi, counts: ValueCounts | SliceCounts) -> Measured:
    """Return counts as they are judged."""
    units = UNITS[METRICS[asked.metric].unit]
    baseline = counts.baseline if isinstance(counts, ValueCounts) else None
    return Measured(
        rows=counts.rows,
        unanswered=counts.unanswered,
        value=Fraction(counts.value, units),
        baseline=None if baseline is None else Fraction(baseline, units),
    )


def _ratio(asked: PlanKpi) -> Ratio:
    ratios: dict[str, Ratio] = {"precision": "precision", "recall": "recall", "f1": "f1"}
    return ratios[asked.metric]


def paired_counts(counts: PairedErrorCounts, windows: int) -> PairedCounts:
    """Return counts as they are judged."""
    return PairedCounts(
        windows, counts.dispersion, counts.bet,
        requests=counts.requests, lost=counts.lost, won=counts.won, both=counts.both,
    )  # fmt: skip


def relative_counts(counts: RelativeErrorCounts, windows: int) -> RelativeCounts:
    """Return counts as they are judged."""
    return RelativeCounts(windows, *counts.to_ints())


def rate_counts(counts: ErrorCounts | LatencyCounts, windows: int) -> RateCounts:
    """Return counts as they are judged."""
    if isinstance(counts, ErrorCounts):
        return RateCounts(windows, counts.requests, Tally(counts.dispersion, counts.bad))
    expected = None
    if counts.dispersion_expected is not None and counts.beyond_expected is not None:
        expected = Tally(counts.dispersion_expected, counts.beyond_expected)
    limit = Tally(counts.dispersion, counts.beyond_limit)
    return RateCounts(windows, counts.requests, limit, expected)
