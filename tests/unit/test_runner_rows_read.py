"""How many rows an attempt asks, and which, against a real HTTP server."""

import json
from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.contract import RunnerResult
from modelward.benchmark.rows import contradiction
from modelward.judge import ExamObjective, RowCounts, exam_decision
from modelward.runner.attempt import Attempt
from tests.unit.model_server import ModelServer
from tests.unit.prepared import prepare
from tests.unit.rows_in import rows_in
from tests.unit.runner_plans import ACCURACY, ERRORS, REPORT, a_plan, a_row, asked_by, golden

SAMPLE = ACCURACY | {"rows": "sample"}
MANY = 1_200


async def read(
    server: ModelServer, *kpis: dict[str, Any], rows: int = MANY, whole_exam_seconds: float = 0
) -> RunnerResult:
    content = golden(rows)
    async with server.serving():
        plan = a_plan(server.url, *kpis, rows=content)
        attempt = Attempt(plan, {"golden": content}, whole_exam_seconds)
        return await attempt.run(seconds=60)


async def test_a_long_exam_ends_when_the_rows_read_show_what_all_of_them_would() -> None:
    server = ModelServer()
    result = await read(server, ACCURACY)
    total, asked, correct = result.kpis[0].counts
    assert (result.kpis[0].verdict, total, correct) == ("P", MANY, asked)
    assert asked < 100
    assert server.requests < asked + 20 + 10


async def test_a_long_exam_of_a_bad_model_ends_as_soon() -> None:
    result = await read(ModelServer(wrong=frozenset(range(0, MANY, 2))), ACCURACY)
    assert result.kpis[0].verdict == "F"
    assert result.kpis[0].counts[1] < 100


async def test_an_exam_that_takes_less_than_a_minute_is_read_whole() -> None:
    result = await read(ModelServer(), ACCURACY, whole_exam_seconds=60)
    assert result.kpis[0].counts == (MANY, MANY, MANY)


async def test_an_exam_of_few_rows_is_read_whole_however_long_it_takes() -> None:
    result = await read(ModelServer(), ACCURACY, rows=300)
    assert result.kpis[0].counts == (300, 300, 300)


async def test_each_kpi_keeps_its_first_verdict_while_others_go_on_reading() -> None:
    stricter = ACCURACY | REPORT | {"name": "stricter", "limit": "0.99"}
    result = await read(ModelServer(), ACCURACY, stricter)
    first, second = (kpi.counts[1] for kpi in result.kpis)
    assert [kpi.verdict for kpi in result.kpis] == ["P", "P"]
    assert first < second < MANY


async def test_a_sample_is_drawn_until_it_is_shown_what_share_is_right() -> None:
    result = await read(ModelServer(error_share=0.02), SAMPLE, rows=30)
    assert result.kpis[0].verdict == "P"
    assert result.kpis[0].counts[1] > 30
    worse = await read(ModelServer(error_share=0.4), SAMPLE, ERRORS, rows=30)
    assert (worse.kpis[0].verdict, worse.kpis[1].reason) == ("F", "NotMeasured")


async def test_a_sample_may_be_answered_at_random() -> None:
    result = await read(ModelServer(random_answers=True), SAMPLE, rows=30)
    assert (result.kpis[0].verdict, result.kpis[0].reason) == ("F", "")


def test_draws_with_replacement_are_the_same_on_every_attempt_and_reach_every_row() -> None:
    plan = a_plan("http://x", SAMPLE)
    one, other = (prepare(plan, {"golden": golden()}, asked_by(plan))["golden"] for _ in "12")
    draws = [one.drawn(i).row.id for i in range(400)]
    assert draws == [other.drawn(i).row.id for i in range(400)]
    assert len(set(draws)) == 30


def test_rows_of_the_same_inputs_that_expect_different_answers_contradict_each_other() -> None:
    twin = json.loads(a_row(3)) | {"id": "twin", "expected": 7}
    first, other = rows_in(a_row(3).encode() + b"\n" + json.dumps(twin).encode())
    assert contradiction(first, other) == (
        'rows "row-3" and "twin" have the same inputs and expect different answers: correct one of '
        "them, or say rows: sample"
    )
    same = json.loads(a_row(3)) | {"id": "twin", "expected": 6.0}
    assert contradiction(first, *rows_in(json.dumps(same).encode())) is None
    assert contradiction(first, *rows_in(a_row(4).encode())) is None


@pytest.mark.parametrize(("kpi", "outcome"), [(ACCURACY, "DatasetInvalid"), (SAMPLE, "Measured")])
async def test_an_exam_that_contradicts_itself_is_not_judged(
    kpi: dict[str, Any], outcome: str
) -> None:
    twin = json.loads(a_row(3)) | {"id": "twin", "expected": 7}
    content = golden(5) + b"\n" + json.dumps(twin).encode()
    async with (server := ModelServer()).serving():
        plan = a_plan(server.url, kpi, rows=content)
        result = await Attempt(plan, {"golden": content}).run(seconds=60)
    assert result.outcome == outcome
    assert result.kpis[0].verdict != "P" or outcome == "Measured"


def test_the_operator_finds_the_verdict_of_an_exam_that_was_read_in_part() -> None:
    objective = ExamObjective(Fraction("0.9"), Fraction("0.05"), Fraction("0.05"))
    assert exam_decision(RowCounts(MANY, 60, 60), objective)[0] == "Pass"
    assert exam_decision(RowCounts(MANY, 60, 54), objective)[0] == "Inconclusive"
