"""Whole attempts against a real HTTP server with known faults.

Windows are short here, 4 requests in 20 ms, or calibration alone would take 15 seconds; all else
is as in the benchmark pod. One process is server and client on a machine that may be busy, so only
the test of lag looks at it.
"""

import asyncio
import itertools
import json
import random
import time
from fractions import Fraction
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import PlanJudgement, RunnerPlan, RunnerResult
from modelward.judge import shape
from modelward.runner.attempt import Attempt
from modelward.strictjson import Json
from tests.unit.model_server import ModelServer
from tests.unit.runner_plans import ACCURACY, ERRORS, LATENCY, LOAD, PATIENT, REPORT, a_plan, golden

SHORT_LOAD: Json = {"rate": "200", "forSeconds": "0.5", "warmUpSeconds": "0", "dataset": "golden"}


@pytest.fixture
def any_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelward.benchmark.lag.sent_late", lambda *_: False)


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MIN_WINDOW_SECONDS", Fraction(1, 50))
    monkeypatch.setattr(shape, "MIN_WINDOW_REQUESTS", 4)


async def measure(server: ModelServer, *kpis: dict[str, Any], load: Json = LOAD) -> RunnerResult:
    async with server.serving():
        plan = a_plan(server.url, *kpis, load=load)
        result = await Attempt(plan, {"golden": golden()}).run(seconds=20)
    assert RunnerResult.parse(result.to_json()) == result
    return result


def verdicts(result: RunnerResult) -> str:
    print(result)  # pytest shows it where a test fails
    return "".join(report.verdict for report in result.kpis)


async def test_where_only_jobs_measure_the_runner_tells_that_the_model_can_be_reached() -> None:
    job = {"name": "j", "kpis": [{"name": "k", "measures": "value", "effect": "gate"}]}
    async with ModelServer().serving() as server:
        asked = json.loads(a_plan(server.url, ACCURACY).to_json()) | {"kpis": [], "jobs": [job]}
        plan = RunnerPlan.parse(json.dumps(asked))
        result = await Attempt(plan, {"golden": golden()}).run(seconds=20)
    assert (result.outcome, result.kpis, server.requests) == ("Measured", (), 0)


@pytest.mark.usefixtures("any_lag")
async def test_a_version_below_its_limits_passes_and_a_failed_report_ends_nothing() -> None:
    server = ModelServer(error_share=0.02, wrong=frozenset({7}))
    perfect = ACCURACY | REPORT | {"limit": "1"}
    result = await measure(server, ACCURACY | {"limit": "0.5"}, perfect, ERRORS, PATIENT)
    assert (result.outcome, result.windows, verdicts(result)) == ("Measured", 60, "PFPP")
    assert result.kpis[0].counts == result.kpis[1].counts


@pytest.mark.usefixtures("any_lag")
async def test_a_version_above_its_error_limit_fails_and_ends_the_attempt() -> None:
    server = ModelServer(error_share=0.25)
    result = await measure(server, ERRORS, PATIENT)
    assert verdicts(result) == "FI"
    assert result.kpis[1].reason == "NotMeasured"
    assert server.requests < 600


@pytest.mark.usefixtures("any_lag")
async def test_a_version_above_its_latency_limit_fails() -> None:
    result = await measure(ModelServer(slow_share=0.4, slow_seconds=0.5), LATENCY)
    assert verdicts(result) == "F"
    assert result.kpis[0].counts[3] > 500_000


@pytest.mark.usefixtures("any_lag")
async def test_a_version_at_its_limit_is_undecided_within_its_budget() -> None:
    at_limit = ERRORS | {"expected": None}
    result = await measure(ModelServer(error_share=0.1), at_limit, load=SHORT_LOAD)
    assert verdicts(result) == "I"
    assert result.kpis[0].counts[1] == 100


async def test_a_version_that_is_less_accurate_than_required_fails_without_any_load() -> None:
    server = ModelServer(wrong=frozenset(range(4)))
    result = await measure(server, ACCURACY, ERRORS)
    assert verdicts(result) == "FI"
    assert result.kpis[0].counts == (30, 30, 26)
    assert server.requests == 30 + 20


@pytest.mark.parametrize("part", ["\\ud83d", "[" * 600 + "]" * 600, "9" * 5_000])
async def test_whatever_a_model_answers_there_is_a_result(part: str) -> None:
    turns = itertools.count()

    async def answer(_: web.Request) -> web.StreamResponse:
        data = f'"{part}"' if part.startswith("\\") else part
        document = f'{{"outputs": [{{"data": [{data}, {next(turns)}]}}]}}'
        return web.Response(text=document, content_type="application/json")

    of_both = ACCURACY | {"prediction": "outputs[0].data"}
    result = await measure(ModelServer(predict=answer), of_both)
    assert (result.outcome, verdicts(result)) == ("Measured", "F")


async def test_a_model_that_is_never_ready_is_measured_and_not_called_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 0.3)
    result = await measure(ModelServer(is_ready=False), ACCURACY)
    assert (result.outcome, verdicts(result)) == ("Measured", "P")


@pytest.mark.usefixtures("any_lag")
async def test_a_subject_that_vanishes_under_load_is_unreachable_and_has_not_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 0.3)
    async with ModelServer(enough=270).serving() as server:
        plan = a_plan(server.url, ERRORS | {"limit": "0.4", "expected": "0.3"})
        # Too few are answered for a Pass, even where many were sent at once.
        sure = PlanJudgement(false_promotion=Fraction(1, 10**6), false_rollback=Fraction(1, 20))
        plan = plan.model_copy(update={"judgement": sure})
        attempt = asyncio.create_task(Attempt(plan, {"golden": golden()}).run(seconds=20))
        await server.had_enough.wait()
    result = await attempt
    assert (result.outcome, verdicts(result)) == ("Unreachable", "I")
    assert "connection refused" in result.message


async def test_a_latency_says_nothing_when_the_generator_could_not_keep_its_schedule() -> None:
    turns = itertools.count()

    async def block(_: web.Request) -> web.StreamResponse:
        if next(turns) % 50 == 0:
            time.sleep(0.1)  # noqa: ASYNC251 -- both sides of this test share one event loop
        return web.json_response({})

    async with ModelServer(predict=block).serving() as server:
        plan = a_plan(server.url, LATENCY | {"limit": "0.1"})
        result = await Attempt(plan, {"golden": golden()}).run(seconds=1.0)
    assert result.kpis[0].reason == "GeneratorLagged"
    assert "KPI latency is not judged, although 1 of 100 requests was sent" in result.message


async def test_a_server_that_fails_every_row_fails_the_exam() -> None:
    result = await measure(ModelServer(error_share=1.0), ACCURACY)
    assert result.kpis[0].counts == (30, 30, 0)
    assert verdicts(result) == "F"


async def test_a_plain_http_model_is_asked_by_its_path_alone() -> None:
    async def predict(request: web.Request) -> web.StreamResponse:
        (tensor,) = await request.json()
        return web.json_response({"prediction": 2.0 * tensor["data"][0]})

    async with ModelServer(predict=predict).serving() as server:
        plan = a_plan(server.url, ACCURACY)
        subject = plan.subject.model_copy(
            update={"protocol": "http", "options": {"path": "/predict"}}
        )
        plan = plan.model_copy(update={"subject": subject})
        result = await Attempt(plan, {"golden": golden()}).run(seconds=20)
    assert result.kpis[0].counts == (30, 30, 30)


@pytest.mark.usefixtures("any_lag")
async def test_resets_in_mid_request_are_errors() -> None:
    rng = random.Random(7)

    async def reset(request: web.Request) -> web.StreamResponse:
        await request.read()
        if rng.random() < 0.3 and request.transport:
            request.transport.abort()
        return web.json_response({})

    result = await measure(ModelServer(predict=reset), ERRORS)
    assert verdicts(result) == "F"


async def test_what_was_measured_when_time_is_up_is_reported() -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    server = ModelServer(predict=hang)
    async with server.serving():
        plan = a_plan(server.url, ACCURACY, ERRORS)
        result = await Attempt(plan, {"golden": golden()}).run(seconds=0.5)
    assert (result.outcome, verdicts(result)) == ("Measured", "II")
    assert {kpi.reason for kpi in result.kpis} == {"NotMeasured"}


@pytest.mark.usefixtures("any_lag")
async def test_load_that_ends_within_calibration_leaves_a_latency_uncalibrated() -> None:
    slow: Json = {"rate": "50", "forSeconds": "60", "warmUpSeconds": "0", "dataset": "golden"}
    async with ModelServer().serving() as server:
        plan = a_plan(server.url, LATENCY, load=slow)
        # Sixty windows of four requests take five seconds.
        result = await Attempt(plan, {"golden": golden()}).run(seconds=3.0)
    assert verdicts(result) == "I"
    assert 0 < result.windows < 60
    assert result.kpis[0].counts == (125, 0, 0, 0)
