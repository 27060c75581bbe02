"""What metrics of rows make of answers that are not as they should be."""

from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from modelward.benchmark.counts import ClassCounts, ExamCounts
from modelward.benchmark.judging import rows_decision
from modelward.benchmark.plankpi import PlanKpi
from modelward.runner.metrics import UnfitError
from modelward.runner.metrics.readings import Prediction
from modelward.strictjson import Json
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


def test_a_number_that_no_float_can_hold_is_not_valid_where_a_schema_divides_it() -> None:
    kpi: dict[str, Any] = {"metric": "jsonSchema", "jsonSchema": {"multipleOf": 0.5}}
    assert counts_of_rows(kpi, [(None, 10**400)]) == ExamCounts(1, 1, 0)


def test_a_schema_fetches_nothing() -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        schema = {"$ref": f"http://127.0.0.1:{server.server_port}/schema"}
        with pytest.raises(UnfitError, match="refers to what is not in it"):
            counts_of_rows({"metric": "jsonSchema", "jsonSchema": schema}, [(None, {})])
        server.shutdown()
    assert asked == []


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
