"""Exams of models that answer differently when asked twice: their rows are judged as a sample."""

import asyncio
import json
import random
import threading
from contextlib import AsyncExitStack
from fractions import Fraction
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import KpiReport, PlanJudgement, RunnerPlan, RunnerResult
from modelward.protocols.base import Request
from modelward.runner.attempt import Attempt
from modelward.runner.client import Answer, Client
from modelward.runner.exam import Exam
from modelward.runner.examination import Examination
from modelward.runner.files import open_files
from modelward.runner.rows import read_tables
from modelward.runner.side import Side
from modelward.runner.tls import SYSTEM
from tests.unit.model_server import Handler, ModelServer
from tests.unit.runner_plans import ACCURACY, REPORT, a_plan, golden
from tests.unit.test_runner_versus import ACCURACY_VERSUS, LENIENT, compared, plan_for

PERFECT = ACCURACY | REPORT | {"name": "perfect", "limit": "1"}
VALUE = ACCURACY | REPORT | {"name": "mae", "metric": "mae", "direction": "atMost"}
SLICED = ACCURACY | REPORT | {"name": "slices", "worstSliceOf": "id", "minRows": 1}


def answers(right: float, seed: int = 1) -> Handler:
    """Answer rightly with this probability, each time anew."""
    rng = random.Random(seed)

    async def predict(request: web.Request) -> web.StreamResponse:
        value = (await request.json())["inputs"][0]["data"][0]
        wrong = rng.random() >= right
        return web.json_response({"outputs": [{"name": "y", "data": [2 * value + wrong]}]})

    return predict


def flaky(right: float, seed: int = 1) -> ModelServer:
    return ModelServer(predict=answers(right, seed))


async def measure(
    server: ModelServer,
    *kpis: dict[str, Any],
    stable: ModelServer | None = None,
    seconds: float = 30,
) -> RunnerResult:
    async with server.serving(), (stable or ModelServer()).serving() as other:
        plan = plan_for(server.url, *kpis)
        plan = compared(plan, other.url) if stable else plan
        assert RunnerPlan.parse(plan.to_json()) == plan
        result = await Attempt(plan, {"golden": golden()}).run(seconds=seconds)
    assert RunnerResult.parse(result.to_json()) == result
    print(result)  # pytest shows it where a test fails
    return result


def verdicts(result: RunnerResult) -> str:
    return "".join(told.verdict for told in result.kpis)


async def test_a_model_whose_answers_repeat_takes_an_exam_and_nothing_is_told_of_it() -> None:
    result = await measure(ModelServer(wrong=frozenset({7})), ACCURACY)
    assert result.kpis == (KpiReport(verdict="P", counts=(30, 30, 29)),)
    assert (result.repeats, "repeats" in result.to_json()) == ((), False)


@pytest.mark.parametrize(("right", "limit", "verdict"), [(0.9, "0.5", "P"), (0.5, "0.9", "F")])
async def test_rows_that_are_answered_differently_are_drawn_until_there_is_a_verdict(
    right: float, limit: str, verdict: str
) -> None:
    result = await measure(flaky(right), ACCURACY | {"limit": limit})
    ((asked, differing, _),) = result.repeats
    rows, draws, correct = result.kpis[0].counts
    assert (verdicts(result), rows, asked) == (verdict, 30, 20)
    assert 0 < differing <= 20
    assert correct <= draws
    assert "by the revision" in result.message


async def test_the_answers_of_the_rows_that_were_asked_twice_do_not_count() -> None:
    """Wrong at first and then always right: such a beginning would show in the counts."""
    turns = iter([False] * 20)

    async def predict(request: web.Request) -> web.StreamResponse:
        value = (await request.json())["inputs"][0]["data"][0]
        wrong = not next(turns, True)
        return web.json_response({"outputs": [{"name": "y", "data": [2 * value + wrong]}]})

    result = await measure(ModelServer(predict=predict), ACCURACY)
    _, draws, correct = result.kpis[0].counts
    assert result.repeats == ((20, 20, 0),)
    assert (verdicts(result), correct) == ("P", draws)


async def test_what_no_sample_shows_is_not_deterministic_and_keeps_nothing_else_waiting() -> None:
    result = await measure(flaky(0.9), PERFECT, VALUE, SLICED, ACCURACY | {"limit": "0.5"})
    assert [kpi.reason for kpi in result.kpis] == [*["NotDeterministic"] * 3, ""]
    assert verdicts(result) == "IIIP"
    assert result.kpis[3].counts[1] < 300


async def test_what_is_only_shown_is_drawn_no_longer_than_its_exam_would_have_taken() -> None:
    near = ACCURACY | REPORT | {"name": "near", "limit": "0.857"}
    result = await measure(flaky(6 / 7), ACCURACY | {"limit": "0.3"}, near)
    assert verdicts(result) == "PI"
    assert result.kpis[1].counts[1] == 30


async def test_no_rows_are_drawn_for_what_they_do_not_fit_and_the_message_says_why() -> None:
    texts = ACCURACY | {"name": "texts", "metric": "exactMatch"}
    server = flaky(6 / 7)
    result = await measure(server, ACCURACY | {"limit": "0.3"}, texts)
    assert [kpi.reason for kpi in result.kpis] == ["", "RowsUnfit"]
    assert server.requests < 100
    assert result.message.startswith("KPI texts: row row-")
    assert "was answered" in result.message


async def test_where_stable_alone_differs_the_version_takes_its_exam_and_is_compared_on_draws() -> (
    None
):
    candidate = ModelServer()
    result = await measure(candidate, LENIENT, ACCURACY_VERSUS, stable=flaky(0.5))
    assert result.kpis[0].counts == (30, 30, 30)
    assert verdicts(result) == "PP"
    assert result.kpis[1].counts[1] != 30
    ((asked, own, stables),) = result.repeats
    assert (asked, own) == (20, 0)
    assert stables > 0
    assert result.message.endswith("by the stable revision")


async def test_what_was_found_about_answers_is_told_although_time_is_up() -> None:
    turns = iter(range(45))

    async def hang_after_45(request: web.Request) -> web.StreamResponse:
        value = (await request.json())["inputs"][0]["data"][0]
        if next(turns, None) is None:
            await asyncio.sleep(60)
        return web.json_response({"outputs": [{"name": "y", "data": [2 * value]}]})

    candidate = ModelServer(predict=hang_after_45)
    result = await measure(candidate, LENIENT, ACCURACY_VERSUS, stable=flaky(0.5), seconds=2)
    assert result.kpis[0].counts[:2] == (30, 25)
    assert result.kpis[1].reason == "NotMeasured"
    assert result.repeats[0].stable_differing > 0


async def test_a_version_that_differs_is_compared_with_stable_on_draws() -> None:
    result = await measure(flaky(0.5), LENIENT | REPORT, ACCURACY_VERSUS, stable=ModelServer())
    assert verdicts(result)[1] == "F"
    assert len(result.kpis[1].counts) == 5
    assert result.kpis[0].counts[1] == result.kpis[1].counts[1]


async def test_a_sample_goes_on_as_one_without_asking_rows_twice() -> None:
    found = {"verdict": "I", "windows": 0, "counts": [30, 25, 20], "repeats": [20, 3, 0]}
    server = ModelServer()
    result = await measure(
        server, ACCURACY | {"start": found}, PERFECT | {"start": found | {"counts": []}}
    )
    rows, draws, correct = result.kpis[0].counts
    assert (rows, draws - correct) == (30, 5)
    # A few rows are asked at a time: some are under way when there is a verdict.
    assert draws - 25 <= server.requests < draws - 25 + 4
    assert [kpi.reason for kpi in result.kpis] == ["", "NotDeterministic"]
    assert (verdicts(result), result.repeats) == ("PI", ())


async def test_draws_from_before_are_not_mixed_with_those_of_an_exam_given_up_now() -> None:
    found = {"verdict": "I", "windows": 0, "counts": [30, 25, 20, 20, 4], "repeats": [20, 0, 3]}
    kpis = (LENIENT, ACCURACY_VERSUS | REPORT | {"start": found})
    result = await measure(flaky(0.9), *kpis, stable=ModelServer())
    assert verdicts(result)[0] == "P"
    assert result.kpis[0].counts[1] != result.kpis[1].counts[1]
    assert result.kpis[1].counts[1] > 25


class Flaky(Client):
    """Answers without a server, rightly with a probability."""

    def __init__(self, client: Client, right: float, rng: random.Random) -> None:
        vars(self).update(vars(client))
        self._right, self._rng = right, rng

    async def predict(self, request: Request) -> Answer:
        (tensor,) = json.loads(request.body)["inputs"]
        value = 2 * tensor["data"][0] + (self._rng.random() >= self._right)
        return Answer(document={"outputs": [{"name": "y", "data": [value]}]})


async def is_promoted(right: float, limit: str, alpha: Fraction, number: int) -> bool | None:
    """Take one exam of twenty rows; None where its answers happened to repeat."""
    plan = a_plan("http://127.0.0.1:1", ACCURACY | {"limit": limit}, rows=golden(20))
    plan = plan.model_copy(
        update={
            "judgement": PlanJudgement(false_promotion=alpha, false_rollback=alpha),
            "subject": plan.subject.model_copy(update={"revision": f"r{number}"}),
        }
    )
    stop = threading.Event()
    files = await open_files(plan, {"golden": golden(20)}, None, stop)
    tables = read_tables(plan, files, plan.subject.dialogue)
    examination = Examination(plan)

    def is_over(_: Exam) -> bool:
        told = examination.report(0)
        return told is not None and told.verdict != "I"

    async with AsyncExitStack() as clients:
        side = await Side.enter(clients, plan, tables, plan.subject, "it", SYSTEM)
        client = Flaky(side.client, right, random.Random(number))
        side = Side(client, side.datasets, None)
        while await examination.take("golden", side, None, is_over):
            pass
    told = examination.report(0)
    assert told is not None
    return told.verdict == "P" if examination.repeats else None


@pytest.mark.parametrize(("right", "limit"), [(0.8, "0.8"), (0.5, "0.55")])
async def test_versions_that_answer_at_random_below_the_limit_are_promoted_as_rarely_as_declared(
    right: float, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelward.runner.exam._LEAST_DRAWS", 200)
    alpha, count = Fraction(1, 5), 150
    found = [await is_promoted(right, limit, alpha, number) for number in range(count)]
    sampled = [promoted for promoted in found if promoted is not None]
    print(f"{sum(sampled)} of {len(sampled)} promoted")
    assert len(sampled) > 0.9 * count
    # Three standard deviations above what is declared, at most.
    expected = float(alpha) * len(sampled)
    assert 0 < sum(sampled) <= expected + 3 * (expected * (1 - float(alpha))) ** 0.5
