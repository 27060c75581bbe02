"""What metrics of rows make of answers that are not as they should be."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.counts import ClassCounts, ExamCounts, SliceCounts, ValueCounts
from modelward.benchmark.judging import rows_decision
from modelward.benchmark.plankpi import PlanKpi
from modelward.benchmark.strictjson import Json
from modelward.runner.metrics import UnfitError
from modelward.runner.metrics.readings import Prediction
from tests.unit.judged import JUDGEMENT
from tests.unit.measured_rows import FAILED, a_kpi, counts_of_rows, rows_of, tally, value_of

RECALL: dict[str, Any] = {"metric": "recall", "positiveLabel": "fraud"}
PRECISION = RECALL | {"metric": "precision"}
F1 = RECALL | {"metric": "f1"}
AUROC: dict[str, Any] = {"metric": "auroc", "positiveLabel": "fraud"}
BRIER = AUROC | {"metric": "brier", "direction": "atMost"}
LOG_LOSS: dict[str, Any] = {"metric": "logLoss", "direction": "atMost"}
MAE: dict[str, Any] = {"metric": "mae", "direction": "atMost", "limit": "1"}
BOTH = [("fraud", "fraud"), ("ok", "ok")]
NAN, INFINITY = float("nan"), float("inf")


def decision(kpi: PlanKpi, answered: list[tuple[Any, Any]]) -> str:
    counts = tally(kpi, rows_of(answered)).counts()
    assert counts
    return rows_decision(kpi, counts, JUDGEMENT)


@pytest.mark.parametrize(
    ("metric", "expected", "predicted", "right"),
    [
        ("exactMatch", "Paris", " Paris\n", True),
        ("exactMatch", "Paris", "paris", False),
        ("exactMatch", ["Paris", "Lutetia"], "Lutetia", True),
        ("exactMatch", "5", 5, False),
        ("exactMatch", "", "", True),
        ("exactMatch", "Paris", None, False),
        ("exactMatch", "Paris", FAILED, False),
        ("contains", "Paris", "It is Paris.", True),
        ("contains", "Paris", "It is Rome.", False),
        ("contains", ["Paris", "Lutetia"], "Lutetia, of old", True),
        ("contains", "a", ["a"], False),
        ("contains", "Paris", FAILED, False),
        ("accuracy", None, FAILED, False),
        ("accuracy", None, None, True),
    ],
)
def test_a_text_is_right_or_wrong(
    metric: str, expected: Json, predicted: Prediction, right: bool
) -> None:
    assert counts_of_rows({"metric": metric}, [(expected, predicted)]) == ExamCounts(1, 1, right)


@pytest.mark.parametrize(
    ("predicted", "valid"),
    [
        ({"label": "a", "score": 0.5}, True),
        ('{"label": "a", "score": 1}', True),
        ({"label": "a", "score": 2.0}, True),
        ({"label": "a", "score": 2.5}, False),
        ({"score": 0.5}, False),
        ('```json\n{"label": "a"}```', False),
        ('{"label": "a", "score": NaN}', False),
        ("[" * 5_000, False),
        (None, False),
        (FAILED, False),
    ],
)
def test_answers_are_valid_by_a_schema_and_texts_are_read_as_json(
    predicted: Prediction, valid: bool
) -> None:
    score = {"anyOf": [{"maximum": 1}, {"type": "integer"}]}
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["label"],
        "properties": {"score": score},
    }
    kpi: dict[str, Any] = {"metric": "jsonSchema", "jsonSchema": schema}
    assert counts_of_rows(kpi, [(None, predicted)]) == ExamCounts(1, 1, valid)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "thing"}, "schema is no JSON Schema: 'thing' is not valid"),
        ({"$ref": "http://127.0.0.1:1/elsewhere"}, "schema refers to what is not in it"),
        ({"$ref": "#/$defs/none"}, "schema refers to what is not in it"),
    ],
)
def test_a_schema_that_is_none_or_leads_elsewhere_judges_nothing(schema: Json, told: str) -> None:
    with pytest.raises(UnfitError, match=told) as unfit:
        counts_of_rows({"metric": "jsonSchema", "jsonSchema": schema}, [(None, {})])
    assert unfit.value.reason == "RowsUnfit"


@pytest.mark.parametrize(
    ("kpi", "answered", "hits", "misses"),
    [
        (RECALL, [*BOTH, ("fraud", "ok")], 1, 1),
        (RECALL, [*BOTH, ("ok", "fraud")], 1, 0),
        (PRECISION, [*BOTH, ("ok", "fraud")], 1, 1),
        (PRECISION, [*BOTH, ("fraud", "ok")], 1, 0),
        (F1, [*BOTH, ("ok", "fraud"), ("fraud", "ok")], 1, 2),
        # A failed request counts against all three, and so does an answer that is no label.
        (RECALL, [*BOTH, ("fraud", FAILED)], 1, 1),
        (PRECISION, [*BOTH, ("fraud", FAILED), ("ok", FAILED), ("ok", [1])], 1, 3),
        (F1, [*BOTH, ("fraud", FAILED), ("ok", None)], 1, 2),
        # Nobody was taken for a fraud: that is no precision of 100%.
        (PRECISION, [("fraud", "ok"), ("ok", "ok")], 0, 0),
        (RECALL | {"positiveLabel": "1"}, [(1, 1.0), (0, 0), (1, "1")], 1, 1),
        (RECALL | {"positiveLabel": "true"}, [(True, True), (False, True), (True, 1)], 1, 1),
    ],
)
def test_rows_count_by_what_they_are_and_what_they_were_taken_for(
    kpi: dict[str, Any], answered: list[tuple[Any, Any]], hits: int, misses: int
) -> None:
    rows = len(answered)
    assert counts_of_rows(kpi, answered) == ClassCounts(rows, rows, hits, misses)


def test_a_model_that_takes_nobody_for_a_fraud_fails_a_precision() -> None:
    kpi = a_kpi(**PRECISION, limit="0.01")
    assert decision(kpi, [("fraud", "ok"), ("ok", "ok")]) == "Fail"


@pytest.mark.parametrize("metric", [RECALL, PRECISION, F1, AUROC, BRIER])
@pytest.mark.parametrize("label", ["ok", "maybe"])
def test_rows_without_the_positive_label_judge_nothing(metric: dict[str, Any], label: str) -> None:
    with pytest.raises(UnfitError, match="no row has the positive label fraud") as unfit:
        counts_of_rows(metric, [(label, 0)] * 3)
    assert unfit.value.reason == "ClassMissing"


@pytest.mark.parametrize("kpi", [AUROC, BRIER, LOG_LOSS | {"positiveLabel": "fraud"}])
def test_rows_that_all_have_the_positive_label_judge_no_score(kpi: dict[str, Any]) -> None:
    with pytest.raises(UnfitError, match="all rows have the positive label fraud"):
        counts_of_rows(kpi, [("fraud", 1)] * 3)


@pytest.mark.parametrize("metric", ["f1", "precision", "recall"])
def test_one_label_has_no_macro_average_and_no_log_loss(metric: str) -> None:
    with pytest.raises(UnfitError, match="all rows have the same label"):
        counts_of_rows({"metric": metric, "average": "macro"}, [("a", "a")] * 3)
    with pytest.raises(UnfitError, match="all rows have the same label"):
        counts_of_rows(LOG_LOSS, [("a", {"a": 1})] * 3)


def test_an_answer_that_is_no_label_of_the_rows_counts_against_that_of_its_row() -> None:
    rows = [("a", "a"), ("a", "zebra"), ("b", "b"), ("b", FAILED)]
    half = Fraction(1, 2)
    assert value_of({"metric": "precision", "average": "macro"}, rows) == half
    assert value_of({"metric": "recall", "average": "macro"}, rows) == half
    assert value_of({"metric": "f1", "average": "macro"}, rows) == Fraction(2, 3)


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


@pytest.mark.parametrize(
    ("kpi", "answered", "told"),
    [
        (LOG_LOSS, [("a", 0.5), ("b", 0.5)], "say of which label"),
        (
            LOG_LOSS | {"positiveLabel": "a"},
            [("a", 0.5), ("b", 0.5), ("c", 0.5)],
            "needs a probability of each",
        ),
        (MAE, [("five", 5)], 'row row-0: "expected" is no number'),
        (MAE, [(True, 5)], "is no number"),
        (RECALL, [(["fraud"], "fraud")], "is no label"),
        (AUROC, [(None, 0.5)], "is no label"),
        ({"metric": "contains"}, [(5, "5")], "is no text"),
        ({"metric": "contains"}, [("", "anything")], "any text contains"),
        ({"metric": "exactMatch"}, [([], "anything")], "is no text"),
        (LOG_LOSS, [(1, [0.5, 0.5]), ("1", [0.5, 0.5])], "differ in their kind alone"),
    ],
)
def test_rows_that_do_not_fit_a_metric_say_what_to_mend(
    kpi: dict[str, Any], answered: list[tuple[Any, Any]], told: str
) -> None:
    with pytest.raises(UnfitError, match=told) as unfit:
        counts_of_rows(kpi, answered)
    assert unfit.value.reason == "RowsUnfit"


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
