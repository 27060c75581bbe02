import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.contract import PlanKpi, RunnerPlan
from modelward.runner.client import Answer
from modelward.runner.form import exact
from modelward.runner.index import place
from modelward.runner.metrics import readings
from modelward.runner.metrics.answers import is_right_by
from modelward.runner.rows import Dataset, DatasetInvalidError
from modelward.strictjson import Json
from tests.unit.prepared import prepare
from tests.unit.runner_plans import ACCURACY, a_plan, asked_by, golden


def prepared(rows: bytes, prediction: str | None = None) -> Dataset:
    plan = with_prediction(a_plan("http://m:80", ACCURACY, rows=rows), prediction)
    return prepare(plan, {"golden": rows}, asked_by(plan))["golden"]


def with_prediction(plan: RunnerPlan, prediction: str | None) -> RunnerPlan:
    data = plan.datasets[0].model_copy(update={"prediction": prediction})
    return plan.model_copy(update={"datasets": (data,)})


def row(expected: str) -> bytes:
    return b'{"id": "a", "inputs": [], "expected": %b}' % expected.encode()


def is_right(expected: str, predicted: str, prediction: str | None = None) -> bool:
    dataset = prepared(row(expected), prediction)
    document = json.loads(f'{{"outputs": [{{"data": [{predicted}]}}]}}')
    return judged(dataset, Answer(document=document))


def judged(dataset: Dataset, answer: Answer) -> bool:
    kpi = PlanKpi.model_validate_json(json.dumps(ACCURACY))
    (reading,) = readings([kpi])
    return is_right_by(kpi)(dataset.questions[0].row, reading.of(dataset, answer))


@pytest.mark.parametrize(
    ("expected", "predicted", "right"),
    [
        ("5", "5", True),
        ("5", "5.0", True),
        ("0.1", "0.1", True),
        ("0.3", "0.30000000000000004", False),
        ("1", "true", False),
        ("true", "true", True),
        ('"cat"', '"cat"', True),
        ('"5"', "5", False),
        ('{"a": [1, 2.0]}', '{"a": [1.0, 2]}', True),
        ("[1, 2]", "[2, 1]", False),
        ("12345678901234567890123", "12345678901234567890123", True),
    ],
)
def test_answers_are_compared_as_json_with_numbers_as_decimals(
    expected: str, predicted: str, right: bool
) -> None:
    assert is_right(expected, predicted) == right


def test_a_prediction_can_be_computed_from_an_answer() -> None:
    assert is_right("0.75", "[0.25, 0.75]", "max(outputs[0].data[0])")
    assert is_right("true", "0.75", "outputs[0].data[0] > `0.5`")


def test_an_answer_without_a_prediction_is_wrong() -> None:
    assert not is_right("5", "5", "outputs[1].data[0]")
    assert not is_right("5", '"text"', "max(outputs[0].data[0])")


def test_a_failed_request_is_a_wrong_answer() -> None:
    dataset = prepared(row("null"))
    assert not judged(dataset, Answer(problem="status 500"))


def test_floats_are_the_decimals_that_they_are_written_as() -> None:
    floats: Json = {"a": [0.1, 1, True, None, "0.1"]}
    assert exact(floats) == {"a": [Decimal("0.1"), 1, True, None, "0.1"]}


def order(count: int, key: str) -> list[int]:
    return sorted(range(count), key=lambda number: place(number, key))


@given(st.integers(1, 60), st.text("abc123", min_size=1, max_size=5))
def test_rows_come_in_a_permutation_that_follows_from_digest_and_revision(
    count: int, revision: str
) -> None:
    plan = a_plan("http://m:80", ACCURACY, rows=golden(count))
    subject = plan.subject.model_copy(update={"revision": revision})
    plan = plan.model_copy(update={"subject": subject})
    dataset = prepare(plan, {"golden": golden(count)}, asked_by(plan))["golden"]
    read = [int(question.row.id.removeprefix("row-")) for question in dataset.questions]
    assert sorted(read) == list(range(count))
    assert read == order(count, f"{plan.datasets[0].sha256}/{revision}")


def test_another_revision_is_asked_in_another_order_and_neither_ever_changes() -> None:
    # An exam that an earlier version of Modelward began is gone on with in the same order.
    assert order(6, "d/one") == [3, 1, 2, 0, 4, 5]
    assert order(6, "d/two") != order(6, "d/one")


def test_a_sorted_file_is_not_read_from_front_to_back() -> None:
    plan = a_plan("http://m:80", ACCURACY, rows=golden(100))
    dataset = prepare(plan, {"golden": golden(100)}, asked_by(plan))["golden"]
    read = [int(question.row.id.removeprefix("row-")) for question in dataset.questions]
    assert sorted(read) == list(range(100))
    assert max(read[:20]) > 70
    assert min(read[:20]) < 30


def test_a_question_is_the_whole_body_of_its_request() -> None:
    bodies = {question.request.body for question in prepared(golden(2)).questions}
    assert (
        json.dumps(
            {"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [1]}]},
            separators=(",", ":"),
        ).encode()
        in bodies
    )


@pytest.mark.parametrize(
    ("rows", "prediction", "message"),
    [
        (b'{"id": "a", "inputs": []}', None, 'golden, line 1: "expected" is missing'),
        (b"", None, "golden, there are no rows"),
        (row("1"), "outputs[", r"golden: prediction 'outputs\[' is no JMESPath"),
    ],
)
def test_a_data_set_that_cannot_be_used_says_where(
    rows: bytes, prediction: str | None, message: str
) -> None:
    with pytest.raises(DatasetInvalidError, match=message):
        prepared(rows, prediction)


def test_other_rows_than_those_asked_for_are_refused() -> None:
    plan = a_plan("http://m:80", ACCURACY)
    with pytest.raises(DatasetInvalidError, match="is not the one that was asked for"):
        prepare(plan, {"golden": row("1")}, asked_by(plan))
