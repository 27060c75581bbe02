"""Metrics that are one value of all rows, or of the worst slice: exact, and never too good."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.counts import SliceCounts, ValueCounts
from modelward.benchmark.judging import rows_decision
from modelward.benchmark.plankpi import PlanKpi
from modelward.runner.metrics import UnfitError
from modelward.runner.metrics.readings import Prediction
from tests.unit.judged import JUDGEMENT
from tests.unit.measured_rows import FAILED, a_kpi, counts_of_rows, rows_of, tally, value_of

RECALL: dict[str, Any] = {"metric": "recall", "positiveLabel": "fraud"}
AUROC: dict[str, Any] = {"metric": "auroc", "positiveLabel": "fraud"}
BRIER = AUROC | {"metric": "brier", "direction": "atMost"}
LOG_LOSS: dict[str, Any] = {"metric": "logLoss", "direction": "atMost"}
MAE: dict[str, Any] = {"metric": "mae", "direction": "atMost", "limit": "1"}
NAN, INFINITY = float("nan"), float("inf")


def decision(kpi: PlanKpi, answered: list[tuple[Any, Any]]) -> str:
    counts = tally(kpi, rows_of(answered)).counts()
    assert counts
    return rows_decision(kpi, counts, JUDGEMENT)


@pytest.mark.parametrize(
    "useless", [FAILED, None, "high", NAN, INFINITY, -INFINITY, True, [], {"maybe": 1.0}, [0.1] * 3]
)
def test_a_row_without_a_score_has_the_worst_value_there_is(useless: Prediction) -> None:
    good = [("fraud", 0.9), ("fraud", 0.8), ("ok", 0.1), ("ok", 0.2)]
    for spoilt, auroc in ((0, Fraction(1, 2)), (2, Fraction(1, 2))):
        rows = [*good[:spoilt], (good[spoilt][0], useless), *good[spoilt + 1 :]]
        counts = counts_of_rows(AUROC, rows)
        assert counts == ValueCounts(4, 1, int(auroc * 10**8))
        assert value_of(BRIER, rows) >= Fraction(1, 4)
        assert value_of(LOG_LOSS | {"positiveLabel": "fraud"}, rows) > 9


@pytest.mark.parametrize("useless", [1.5, -0.1, {"fraud": 0.9, "ok": 0.9}, [0.5, 0.1]])
def test_what_is_no_probability_is_no_answer_to_a_brier_score_or_a_log_loss(
    useless: Prediction,
) -> None:
    rows = [("fraud", useless), ("ok", 0)]
    for kpi in (BRIER, LOG_LOSS | {"positiveLabel": "fraud"}):
        counts = counts_of_rows(kpi, rows)
        assert isinstance(counts, ValueCounts)
        assert counts.unanswered == 1


def test_any_number_is_a_score_and_equal_ones_tell_nothing() -> None:
    assert value_of(AUROC, [("fraud", -3), ("ok", -700.5)]) == 1
    constant = [("fraud", 0.3), ("ok", 0.3), ("ok", 0.3)]
    assert value_of(AUROC, constant) == Fraction(1, 2)
    assert decision(a_kpi(**AUROC, limit="0.500001"), constant) == "Fail"


def test_a_list_of_probabilities_is_in_the_sorted_order_of_the_labels() -> None:
    rows = [("ok", [0.25, 0.75]), ("fraud", [1, 0])]
    assert value_of(AUROC, rows) == 1
    assert float(value_of(LOG_LOSS, rows)) == pytest.approx(0.5 * 0.2876820724517809)
    assert float(value_of(BRIER, rows)) == 0.25**2 / 2


@pytest.mark.parametrize("useless", [FAILED, None, "5", NAN, INFINITY])
def test_one_row_without_a_number_fails_a_mean_error(useless: Prediction) -> None:
    rows = [(5, 5.0)] * 99 + [(5, useless)]
    for metric in ("mae", "rmse"):
        assert decision(a_kpi(**MAE | {"metric": metric}), rows) == "Fail"
    assert decision(a_kpi(**MAE), rows[:99]) == "Pass"


@pytest.mark.parametrize(
    ("limit", "answered", "outcome"),
    [
        # In binary floats the mean of these is 0.10000000000000002.
        ("0.1", [(0, 0.1), (0, 0.1), (0, 0.1)], "Pass"),
        ("0.15", [(0, 0.1), (0, 0.2)], "Pass"),
        ("0.149999", [(0, 0.1), (0, 0.2)], "Fail"),
        ("0.333333", [(0, 1), (0, 0), (0, 0)], "Fail"),
        ("0.333334", [(0, 1), (0, 0), (0, 0)], "Pass"),
        ("9999999.999999", [(0, 1e300)], "Fail"),
        ("0", [(7, 7.0)], "Pass"),
    ],
)
def test_a_mean_error_is_compared_exactly(
    limit: str, answered: list[tuple[Any, Any]], outcome: str
) -> None:
    assert decision(a_kpi(**MAE | {"limit": limit}), answered) == outcome


def versus(kpi: dict[str, Any], rows: list[tuple[Any, Any]], stables: list[Any]) -> ValueCounts:
    compared = a_kpi(**kpi | {"versus": "stable"})
    counts = tally(
        compared, rows_of(rows), [each for _, each in rows_of([(0, s) for s in stables])]
    )
    found = counts.counts()
    assert isinstance(found, ValueCounts)
    return found


@pytest.mark.parametrize(
    ("margin", "ours", "stables", "outcome"),
    [
        ("0", [1, 0, 0], [1, 0, 0], "Pass"),  # both 1/3, which no decimal is
        ("0", [0, 0, 1], [1, 0, 0], "Pass"),
        ("0", [1, 1, 0], [1, 0, 0], "Fail"),
        ("0.333333", [1, 1, 0], [1, 0, 0], "Fail"),
        ("0.333334", [1, 1, 0], [1, 0, 0], "Pass"),
        ("0", [0, 0, 0], [1, 1, 1], "Pass"),
    ],
)
def test_a_mean_error_is_no_worse_than_stables_by_more_than_the_margin(
    margin: str, ours: list[int], stables: list[int], outcome: str
) -> None:
    kpi = MAE | {"limit": margin}
    counts = versus(kpi, [(0, each) for each in ours], stables)
    assert rows_decision(a_kpi(**kpi | {"versus": "stable"}), counts, JUDGEMENT) == outcome


def test_more_is_better_for_an_auroc_versus_stable() -> None:
    rows = [("fraud", 0.9), ("ok", 0.1), ("ok", 0.95)]
    counts = versus(AUROC | {"limit": "0.5"}, rows, [0.9, 0.1, 0.2])
    assert (counts.value, counts.baseline) == (50_000_000, 100_000_000)
    for limit, outcome in (("0.5", "Pass"), ("0.49999999", "Fail")):
        kpi = a_kpi(**AUROC | {"limit": limit, "versus": "stable"})
        assert rows_decision(kpi, counts, JUDGEMENT) == outcome


def test_stable_that_left_rows_without_a_number_is_not_compared_with() -> None:
    with pytest.raises(UnfitError, match="stable gave no number for 1 rows") as unfit:
        versus(MAE, [(0, 1), (0, 1)], [1, None])
    assert unfit.value.reason == "StableUnanswered"
    counts = versus(MAE, [(0, None), (0, 1)], [1, None])
    assert rows_decision(a_kpi(**MAE | {"versus": "stable"}), counts, JUDGEMENT) == "Fail"


REGIONS = [{"region": "EU"}] * 6 + [{"region": "US"}] * 4
BAD_IN_US = [("a", "a")] * 6 + [("a", "a"), ("a", "b"), ("a", "b"), ("a", "b")]
SLICED: dict[str, Any] = {"worstSliceOf": "region", "minRows": 4}


def test_the_worst_slice_is_the_value() -> None:
    found = tally(a_kpi(**SLICED), rows_of(BAD_IN_US, REGIONS))
    assert found.counts() == SliceCounts(10, 0, slices=2, slice_rows=4, value=25_000_000)
    assert found.worst_slice == "region=US"


def test_a_small_slice_is_not_judged_and_without_a_large_one_nothing_is() -> None:
    found = tally(a_kpi(**SLICED | {"minRows": 5}), rows_of(BAD_IN_US, REGIONS))
    assert found.counts() == SliceCounts(10, 0, slices=1, slice_rows=6, value=10**8)
    with pytest.raises(UnfitError, match="no slice of region has 7 rows") as unfit:
        counts_of_rows(SLICED | {"minRows": 7}, BAD_IN_US, REGIONS)
    assert unfit.value.reason == "SlicesTooSmall"


def test_two_hundred_rows_make_a_slice_unless_something_else_is_said() -> None:
    kpi: dict[str, Any] = {"worstSliceOf": "region"}
    rows = [("a", "b")] * 199 + [("a", "a")] * 200
    members = [{"region": "EU"}] * 199 + [{"region": "US"}] * 200
    counts = counts_of_rows(kpi, rows, members)
    assert counts == SliceCounts(399, 0, slices=1, slice_rows=200, value=10**8)


def test_of_a_recall_the_rows_with_the_label_make_a_slice() -> None:
    rows = [("ok", "ok")] * 9 + [("fraud", "ok")] + [("fraud", "fraud")] * 4
    members = [{"region": "EU"}] * 10 + [{"region": "US"}] * 4
    counts = counts_of_rows(RECALL | SLICED, rows, members)
    assert counts == SliceCounts(14, 0, slices=1, slice_rows=4, value=10**8)


def test_of_an_error_the_worst_slice_has_the_largest() -> None:
    rows = [(0, 1)] * 6 + [(0, 3)] * 4
    counts = counts_of_rows(MAE | SLICED, rows, REGIONS)
    assert counts == SliceCounts(10, 0, slices=2, slice_rows=4, value=3_000_000)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([{"region": "EU"}, {}], "row row-1 has no region"),
        ([{"region": "EU"}, {"region": None}], "row row-1 has no region"),
        ([{"region": "EU"}, {"region": ["EU"]}], "row row-1 has no region"),
    ],
)
def test_a_row_of_no_slice_says_so(members: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(UnfitError, match=told):
        counts_of_rows(SLICED | {"minRows": 1}, [("a", "a")] * 2, members)


def test_a_member_of_too_many_values_makes_no_slices() -> None:
    members = [{"region": i} for i in range(1_001)]
    with pytest.raises(UnfitError, match="more than 1000 values"):
        counts_of_rows(SLICED, [("a", "a")] * 1_001, members)


def test_slices_do_not_hide_that_no_row_has_the_label() -> None:
    with pytest.raises(UnfitError, match="no row has the positive label fraud"):
        counts_of_rows(BRIER | SLICED, [("ok", 0)] * 10, REGIONS)


def test_nothing_is_said_about_all_rows_before_the_last_one() -> None:
    for kpi in (AUROC, MAE | SLICED):
        found = tally(a_kpi(**kpi), [])
        assert found.read == 0
    assert counts_of_rows(RECALL, []) is None
