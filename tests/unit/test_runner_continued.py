"""Attempts that go on from an earlier one's counts, against a real HTTP server."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import KpiReport, RunnerPlan, RunnerResult
from modelward.runner.attempt import Attempt
from modelward.strictjson import Json
from tests.unit.model_server import ModelServer
from tests.unit.runner_plans import ACCURACY, ERRORS, PATIENT, a_plan, golden
from tests.unit.test_runner_versus import (
    ACCURACY_VERSUS,
    compared,
    plan_for,
    short_windows_and_any_lag,
)

__all__ = ["short_windows_and_any_lag"]

Start = dict[str, Any]
SHORT_LOAD: Json = {"rate": "200", "forSeconds": "0.5", "warmUpSeconds": "0", "dataset": "golden"}
AT_LIMIT = ERRORS | {"expected": None}
DECIDED = {"verdict": "P", "windows": 60, "counts": [125, 1_000, 5]}
PASSED = KpiReport(verdict="P", counts=(125, 1_000, 5))


def undecided(*counts: int) -> Start:
    return {"verdict": "I", "windows": 60, "counts": list(counts)}


def goes_on(kpi: dict[str, Any], start: Start) -> dict[str, Any]:
    return kpi | {"start": start}


async def measure(server: ModelServer, *kpis: dict[str, Any]) -> RunnerResult:
    async with server.serving():
        return await carry_out(a_plan(server.url, *kpis, load=SHORT_LOAD))


async def carry_out(plan: RunnerPlan, seconds: float = 20) -> RunnerResult:
    result = await Attempt(plan, {"golden": golden()}).run(seconds=seconds)
    assert RunnerResult.parse(result.to_json()) == result
    print(result)  # pytest shows it where a test fails
    return result


async def test_undecided_load_goes_on_without_calibration_to_totals() -> None:
    server = ModelServer(error_share=0.1)
    result = await measure(server, goes_on(AT_LIMIT, undecided(400, 100, 10)))
    (told,) = result.kpis
    assert told.verdict == "I"
    assert told.counts[:2] == (400, 200)
    assert told.counts[2] > 10
    assert (server.requests, result.windows) == (100, 0)


async def test_evidence_from_before_decides_with_what_comes_on_top() -> None:
    server = ModelServer()
    alone = await measure(server, AT_LIMIT)
    before = ModelServer()
    result = await measure(before, goes_on(AT_LIMIT, undecided(125, 60, 0)))
    assert (alone.kpis[0].verdict, result.kpis[0].verdict) == ("P", "P")
    assert before.requests < server.requests - 60 * 4


async def test_a_kpi_that_had_its_verdict_keeps_it_and_uses_no_request() -> None:
    server = ModelServer(error_share=1.0)
    result = await measure(server, goes_on(ERRORS, DECIDED))
    assert result.kpis[0] == PASSED
    assert server.requests == 0


async def test_beside_a_verdict_only_what_is_open_is_measured_and_calibrated() -> None:
    result = await measure(ModelServer(), goes_on(ERRORS, DECIDED), PATIENT)
    assert result.kpis[0] == PASSED
    assert (result.kpis[1].verdict, result.windows) == ("P", 60)


async def test_a_latency_shows_the_quantile_of_this_attempt_or_else_the_one_before() -> None:
    before = undecided(125, 100, 9, 77)
    result = await measure(ModelServer(), goes_on(PATIENT, before))
    assert result.kpis[0].counts[1] > 100
    assert result.kpis[0].counts[3] > 77
    passed = {"verdict": "P", "windows": 60, "counts": [125, 100, 0, 77_000]}
    kept = await measure(ModelServer(), goes_on(PATIENT, passed), AT_LIMIT)
    assert kept.kpis[0].counts == (125, 100, 0, 77_000)


async def test_an_exam_that_was_read_whole_is_not_read_again() -> None:
    server = ModelServer(wrong=frozenset(range(30)))
    passed = {"verdict": "P", "windows": 0, "counts": [30, 30, 29]}
    result = await measure(server, goes_on(ACCURACY, passed))
    assert result.kpis[0].counts == (30, 30, 29)
    assert server.requests == 0


async def test_an_exam_that_was_interrupted_goes_on_after_the_last_row_in_order() -> None:
    whole, rest, asked = ModelServer(wrong=frozenset({7})), ModelServer(wrong=frozenset({7})), []

    async def hang_after_25(request: web.Request) -> web.StreamResponse:
        value = (await request.json())["inputs"][0]["data"][0]
        asked.append(value)
        # Rows are asked a few at a time; one answer that never comes holds the later ones back.
        if len(asked) == 20 + 20 + 5:
            await asyncio.sleep(60)
        return web.json_response({"outputs": [{"data": [2 * value + (value == 7)]}]})

    undisturbed = await measure(whole, ACCURACY)
    async with ModelServer(predict=hang_after_25).serving() as server:
        first = (await carry_out(a_plan(server.url, ACCURACY), seconds=4)).kpis[0]
    assert first.verdict == "I"
    assert first.counts[:2] == (30, 24)
    start = {"verdict": "I", "windows": 0, "counts": list(first.counts)}
    result = await measure(rest, goes_on(ACCURACY, start))
    assert result.kpis == undisturbed.kpis
    assert rest.requests == 6


async def test_an_exam_that_stable_takes_as_well_goes_on_for_both() -> None:
    starts = (undecided(30, 20, 18), undecided(30, 20, 18, 17, 1))
    kpis = (goes_on(ACCURACY, starts[0]), goes_on(ACCURACY_VERSUS, starts[1]))
    candidate, stable = ModelServer(), ModelServer()
    async with candidate.serving(), stable.serving():
        result = await carry_out(compared(plan_for(candidate.url, *kpis), stable.url))
    assert [told.counts for told in result.kpis] == [(30, 30, 28), (30, 30, 28, 27, 1)]
    assert (candidate.requests, stable.requests) == (10, 10)


async def test_a_plan_whose_starts_do_not_fit_together_is_refused() -> None:
    one, other = undecided(30, 20, 18), undecided(30, 21, 18)
    with pytest.raises(ValueError, match="different rows"):
        await measure(
            ModelServer(), goes_on(ACCURACY, one), goes_on(ACCURACY | {"name": "b"}, other)
        )
    with pytest.raises(ValueError, match="an exam of 40 rows can't go on with 30"):
        await measure(ModelServer(), goes_on(ACCURACY, undecided(40, 20, 18)))


async def test_what_cannot_be_reached_reports_nothing_and_keeps_nothing_from_the_operator() -> None:
    plan = a_plan("http://127.0.0.1:1", goes_on(ERRORS, DECIDED), PATIENT)
    result = await carry_out(plan)
    assert (result.outcome, {told.reason for told in result.kpis}) == (
        "Unreachable",
        {"NotMeasured"},
    )
