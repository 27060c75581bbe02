"""Metrics of rows in the operator: plan, evidence and words, from integers alone."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.benchmark import words
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import (
    ClassCounts,
    Counts,
    ExamCounts,
    PairedExamCounts,
    SliceCounts,
    ValueCounts,
)
from modelward.benchmark.evidence import ContradictionError, evidence
from modelward.benchmark.explained import explain
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.rowcounts import SampleClassCounts
from tests.unit.benchmark_world import a_result, a_run

BASELINE = {"revision": "s", "service": "s", "port": 8080, "protocol": "v2", "modelName": "fraud"}
AT_LEAST = {"atLeast": "85%"}
VERSUS = {"versus": "stable", "worseByAtMost": "1pp"}
FRAUD = {"positiveLabel": "fraud"}


def a_kpi(metric: str, objective: dict[str, Any], **benchmark: object) -> dict[str, Any]:
    source = {"metric": metric, "dataset": "golden"} | benchmark
    return {"name": metric, "benchmark": source, "objective": objective}


RECALL = a_kpi("recall", AT_LEAST, positiveLabel="fraud")
SLICED = a_kpi("recall", AT_LEAST, positiveLabel="fraud", worstSliceOf="region")
MAE = a_kpi("mae", {"atMost": "2.5"})
BRIER = a_kpi("brier", {"atMost": "0.08"}, **FRAUD)
AUROC = a_kpi("auroc", {"atLeast": "95%"}, **FRAUD)


def run_of(kpi: dict[str, Any], **spec: object) -> BenchmarkRun:
    versus = {"baseline": BASELINE} if "versus" in kpi["objective"] else {}
    return a_run(kpi, **versus, **spec)


def judged(
    kpi: dict[str, Any], letter: str, counts: Counts, *, rows: str = "exam", **result: object
) -> tuple[RunKpiStatus, str]:
    """What status shows of a KPI, and its explanation."""
    golden = {"name": "golden", "configMap": {"name": "g", "key": "k"}, "sha256": "ab" * 32}
    run = run_of(kpi, datasets=[golden | {"rows": rows}])
    plan = runner_plan(run, 1, 1_200)
    report = KpiReport.model_validate({"verdict": letter, "counts": counts.to_ints()})
    (status,) = evidence(run.spec, plan, a_result(plan, kpis=(report,), **result))
    run = run.model_copy(update={"status": run.status.model_copy(update={"kpis": [status]})})
    (explained,) = explain(run)
    assert explained.agrees
    return status, " ".join(explained.sentences)


@pytest.mark.parametrize(
    ("kpi", "letter", "counts", "value", "reason"),
    [
        (RECALL, "P", ClassCounts(500, 500, 86, 14), "86%", None),
        (RECALL, "P", ClassCounts(500, 500, 85, 15), "85%", None),
        (RECALL, "F", ClassCounts(500, 500, 84, 16), "84%", "BelowLimit"),
        (RECALL, "F", ClassCounts(500, 500, 0, 0), "0%", "BelowLimit"),
        (a_kpi("f1", AT_LEAST, **FRAUD), "P", ClassCounts(500, 500, 75, 25), "85.71%", None),
        (a_kpi("f1", AT_LEAST, average="micro"), "P", ExamCounts(500, 500, 425), "85%", None),
        (a_kpi("f1", AT_LEAST, average="macro"), "P", ValueCounts(500, 0, 85_000_000), "85%", None),
        (a_kpi("contains", AT_LEAST), "F", ExamCounts(500, 500, 424), "84.8%", "BelowLimit"),
        (AUROC, "F", ValueCounts(500, 0, 94_999_999), "94.999999%", "BelowLimit"),
        (MAE, "P", ValueCounts(500, 0, 2_500_000), "2.5", None),
        (MAE, "F", ValueCounts(500, 0, 2_500_001), "2.500001", "BeyondLimit"),
        (MAE, "F", ValueCounts(500, 1, 1_000_000), "1", "RowsUnanswered"),
        (MAE, "F", ValueCounts(500, 500, 0), None, "RowsUnanswered"),
        (BRIER, "F", ValueCounts(500, 40, 100_000), "0.1", "BeyondLimit"),
        (BRIER, "P", ValueCounts(500, 40, 80_000), "0.08", None),
        (SLICED, "P", SliceCounts(5_000, 0, 4, 310, 85_000_000), "85%", None),
        (SLICED, "F", SliceCounts(5_000, 0, 4, 310, 84_999_999), "84.999999%", "BelowLimit"),
    ],
)
def test_the_operator_finds_the_verdict_from_the_integers(
    kpi: dict[str, Any], letter: str, counts: Counts, value: str | None, reason: str | None
) -> None:
    status, _ = judged(kpi, letter, counts)
    assert (status.value, status.reason) == (value, reason)
    assert status.evidence == list(counts.to_ints())
    other = "F" if letter == "P" else "P"
    with pytest.raises(ContradictionError, match=r"its counts say"):
        judged(kpi, other, counts)


@pytest.mark.parametrize(
    ("kpi", "counts", "shown"),
    [
        (a_kpi("recall", VERSUS, **FRAUD), ValueCounts(500, 0, 84_000_000, 85_000_000),
         ("84%", "85%", ">= stable - 1pp")),
        (a_kpi("recall", VERSUS, average="micro"), PairedExamCounts(500, 500, 420, 424, 10),
         ("84%", "84.8%", ">= stable - 1pp")),
        (a_kpi("mae", {"versus": "stable", "worseByAtMost": "0.5"}),
         ValueCounts(500, 0, 2_500_000, 2_000_000), ("2.5", "2", "<= stable + 0.5")),
    ],
)  # fmt: skip
def test_versus_stable_both_values_are_shown(
    kpi: dict[str, Any], counts: Counts, shown: tuple[str, ...]
) -> None:
    status, _ = judged(kpi, "P", counts)
    assert (status.value, status.baseline, status.objective) == shown


def test_a_value_of_all_rows_has_no_interval_and_a_ratio_has_one() -> None:
    value, _ = judged(AUROC, "P", ValueCounts(500, 0, 97_000_000))
    assert (value.low, value.high) == (None, None)
    ratio, _ = judged(RECALL, "P", ClassCounts(5_000, 5_000, 187, 13))
    # Of the 200 rows that count, as of 187 right answers of 200.
    assert (ratio.low, ratio.high) == ("89.2%", "96.16%")


def test_a_part_of_a_long_exam_may_show_a_recall_and_of_a_short_one_never() -> None:
    status, told = judged(RECALL, "P", ClassCounts(10_000, 2_000, 200, 4))
    assert (status.verdict, status.samples) == ("Pass", 2_000)
    assert "Of 2,000 rows read of 10,000, 200 were true positives and 4 false negatives" in told
    assert 'against "recall below 85%" (20 to 1 is needed, falsePromotion); so it passes' in told
    with pytest.raises(ContradictionError, match="its counts say Inconclusive"):
        judged(RECALL, "P", ClassCounts(999, 900, 200, 4))


def test_a_sample_of_rows_shows_a_recall_in_all_traffic() -> None:
    status, told = judged(RECALL, "P", SampleClassCounts(400, 3_000, 600, 6), rows="sample")
    assert status.effective_samples == 353
    assert "3,000 draws from 400 rows" in told


@pytest.mark.parametrize(
    ("letter", "counts"),
    [
        ("F", ClassCounts(10_000, 500, 90, 1)),
        ("I", ClassCounts(10_000, 9_999, 90, 0)),
        ("P", ClassCounts(10_000, 10_000, 90, 0)),
        ("F", ClassCounts(10_000, 10_000, 0, 0)),
    ],
)
def test_a_recall_of_all_is_failed_by_one_and_shown_by_all_rows(
    letter: str, counts: ClassCounts
) -> None:
    kpi = a_kpi("recall", {"atLeast": "100%"}, **FRAUD)
    status, _ = judged(kpi, letter, counts)
    assert status.verdict[0] == letter


def test_the_worst_slice_is_named_in_status_and_in_why_it_fails() -> None:
    counts = SliceCounts(5_000, 0, 4, 310, 60_000_000)
    status, told = judged(SLICED, "F", counts, slices=("region=EU",))
    assert (status.slice, status.samples) == ("region=EU", 310)
    run = run_of(SLICED)
    assert words.failed([status], run.spec.kpis) == (
        "recall is 60% on 310 rows in the slice region=EU, not enough: >= 85%"
    )
    assert "Of 4 slices of at least 200 rows the worst is region=EU, whose value rests" in told
    nameless, _ = judged(SLICED, "F", counts)
    assert nameless.slice is None


def test_of_an_error_there_is_too_much() -> None:
    counts = ValueCounts(500, 0, 2_500_000, 2_000_000)
    kpi = a_kpi("mae", {"versus": "stable", "worseByAtMost": "0.1"})
    status, _ = judged(kpi, "F", counts)
    assert words.failed([status], run_of(kpi).spec.kpis) == (
        "mae is 2.5 on 500 rows, where stable has 2, too much: <= stable + 0.1"
    )


def test_a_row_without_a_number_is_told_as_the_reason() -> None:
    status, told = judged(MAE, "F", ValueCounts(500, 3, 1_000_000))
    assert words.failed([status], run_of(MAE).spec.kpis) == (
        "mae (<= 2.5) has no value: rows were left without a number"
    )
    assert "3 rows were left without a usable answer; they have no error that could be" in told
    _, told = judged(BRIER, "F", ValueCounts(500, 40, 100_000))
    assert "40 rows were left without a usable answer; they count as the worst there is" in told


@pytest.mark.parametrize(
    ("kpi", "ints", "told"),
    [
        (RECALL, (500, 500, 400), "has 3 counts where 4 belong"),
        (RECALL, (500, 500, 400, 101), "misses"),
        (MAE, (500, 0, 1, 1), "has 4 counts where 3 belong"),
        (MAE, (500, 501, 1), "unanswered rows"),
        (SLICED, (500, 0, 0, 1, 1), "slices"),
        (SLICED, (500, 0, 1, 501, 1), "rows of the slice"),
    ],
)
def test_counts_that_nobody_can_have_counted_are_refused(
    kpi: dict[str, Any], ints: tuple[int, ...], told: str
) -> None:
    run = run_of(kpi)
    plan = runner_plan(run, 1, 1_200)
    report = KpiReport(verdict="F", counts=ints)
    with pytest.raises(ContradictionError, match=told):
        evidence(run.spec, plan, a_result(plan, kpis=(report,)))


def test_a_plan_says_all_that_a_pod_needs() -> None:
    kpi = a_kpi("f1", AT_LEAST, average="binary", positiveLabel=1, prediction="outputs[1].data[0]")
    (asked,) = runner_plan(run_of(kpi), 1, 1_200).kpis
    assert (asked.average, asked.positive_label, asked.row_kind) == (None, "1", "classes")
    assert (asked.prediction, asked.min_rows) == ("outputs[1].data[0]", None)
    (cut,) = runner_plan(run_of(SLICED), 1, 1_200).kpis
    assert (cut.worst_slice_of, cut.min_rows, cut.row_kind) == ("region", 200, "slices")
    schema = {"type": "object", "x-of-theirs": [1, 2.5, None]}
    valid = a_kpi("jsonSchema", AT_LEAST, schema=schema)
    (asked,) = runner_plan(run_of(valid), 1, 1_200).kpis
    assert asked.json_schema == schema
    (mae,) = runner_plan(run_of(MAE), 1, 1_200).kpis
    assert mae.limit == Fraction(5, 2)
    assert mae.direction == "atMost"


@pytest.mark.parametrize(
    ("metric", "objective"),
    [
        ("accuracy", {"versus": "stable", "worseByAtMost": "1"}),
        ("accuracy", {"atLeast": "1"}),
        ("mae", {"versus": "stable", "worseByAtMost": "1pp"}),
        ("mae", {"atMost": "1%"}),
        ("mae", {"atLeast": "1"}),
    ],
)
def test_a_limit_of_another_metric_that_came_past_the_schema_makes_no_plan(
    metric: str, objective: dict[str, Any]
) -> None:
    with pytest.raises(PlanError, match=r"say "):
        runner_plan(run_of(a_kpi(metric, objective)), 1, 1_200)


def test_a_value_of_all_rows_has_no_sample() -> None:
    golden = {"name": "golden", "configMap": {"name": "g", "key": "k"}, "sha256": "ab" * 32}
    for kpi in (AUROC, SLICED, a_kpi("f1", AT_LEAST, average="macro")):
        with pytest.raises(PlanError, match="is one value of all rows: say rows: exam"):
            runner_plan(run_of(kpi, datasets=[golden | {"rows": "sample"}]), 1, 1_200)


@pytest.mark.parametrize(
    "reason", ["RowsUnfit", "ClassMissing", "SlicesTooSmall", "StableUnanswered"]
)
def test_why_rows_judge_nothing_is_told_with_what_to_mend(reason: str) -> None:
    (kpi,) = run_of(MAE).spec.kpis
    assert words.advice(kpi, reason).startswith("not ")
