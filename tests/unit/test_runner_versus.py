"""Whole attempts that compare a model with stable: two real HTTP servers with known faults."""

import asyncio
import json
from fractions import Fraction
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import PlanSubject, RunnerPlan, RunnerResult
from modelward.judge import shape
from modelward.runner.attempt import Attempt
from tests.unit.model_server import Handler, ModelServer
from tests.unit.runner_plans import ACCURACY, ERRORS, REPORT, a_plan, golden

VERSUS = {"versus": "stable", "expected": None}
ACCURACY_VERSUS = ACCURACY | VERSUS | {"name": "accuracy-vs-stable", "limit": "0.04"}
ERRORS_VERSUS = ERRORS | VERSUS | {"name": "errors-vs-stable", "limit": "0.05"}
TWICE = ERRORS_VERSUS | {"limit": "1", "relative": True}
LENIENT = ACCURACY | {"limit": "0.5"}


@pytest.fixture(autouse=True)
def short_windows_and_any_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MIN_WINDOW_SECONDS", Fraction(1, 50))
    monkeypatch.setattr(shape, "MIN_WINDOW_REQUESTS", 4)
    monkeypatch.setattr("modelward.benchmark.lag.sent_late", lambda *_: False)


def compared(plan: RunnerPlan, url: str, **subject: object) -> RunnerPlan:
    """Return the plan with a closed baseline at this address, so that it may be asked quickly."""
    told = {"url": url, "revision": "z2k8m5q7w9", "closed": True} | subject
    baseline = PlanSubject.model_validate(plan.subject.model_dump() | told)
    return plan.model_copy(update={"baseline": baseline})


def plan_for(url: str, *kpis: dict[str, Any]) -> RunnerPlan:
    """Return a plan; what parsing checks of it is the contract's, not the runner's."""
    alone = a_plan(url, *({**kpi, "versus": None} for kpi in kpis))
    versus = [kpi.get("versus") for kpi in kpis]
    pairs = zip(alone.kpis, versus, strict=True)
    return alone.model_copy(
        update={"kpis": tuple(kpi.model_copy(update={"versus": v}) for kpi, v in pairs)}
    )


async def measure(
    candidate: ModelServer, stable: ModelServer, *kpis: dict[str, Any]
) -> RunnerResult:
    async with candidate.serving(), stable.serving():
        plan = compared(plan_for(candidate.url, *kpis), stable.url)
        assert RunnerPlan.parse(plan.to_json()) == plan
        result = await Attempt(plan, {"golden": golden()}).run(seconds=30)
    assert RunnerResult.parse(result.to_json()) == result
    return result


def verdicts(result: RunnerResult) -> str:
    print(result)  # pytest shows it where a test fails
    return "".join(told.verdict for told in result.kpis)


async def test_a_version_that_is_less_accurate_than_stable_fails_above_its_own_limit() -> None:
    candidate, stable = ModelServer(wrong=frozenset({1, 2, 3})), ModelServer(wrong=frozenset({3}))
    result = await measure(candidate, stable, LENIENT, ACCURACY_VERSUS)
    assert verdicts(result) == "PF"
    assert result.kpis[0].counts == (30, 30, 27)
    assert result.kpis[1].counts == (30, 30, 27, 29, 2)


async def test_a_version_that_errs_elsewhere_is_as_accurate_as_stable() -> None:
    candidate, stable = ModelServer(wrong=frozenset({1, 2})), ModelServer(wrong=frozenset({3, 4}))
    result = await measure(candidate, stable, LENIENT, ACCURACY_VERSUS)
    assert verdicts(result) == "PP"
    assert result.kpis[1].counts == (30, 30, 28, 28, 2)


async def test_both_are_asked_each_row_in_turn() -> None:
    asked: list[tuple[str, int]] = []

    def noting(name: str) -> Handler:
        async def predict(request: web.Request) -> web.StreamResponse:
            value = (await request.json())["inputs"][0]["data"][0]
            asked.append((name, value))
            return web.json_response({"outputs": [{"name": "y", "data": [2 * value]}]})

        return predict

    candidate, stable = ModelServer(predict=noting("c")), ModelServer(predict=noting("s"))
    result = await measure(candidate, stable, ACCURACY_VERSUS)
    assert verdicts(result) == "P"
    rows = list(dict.fromkeys(value for _, value in asked))
    for value in rows:
        assert [name for name, v in asked if v == value][:2] == ["c", "s"]
    # Never more than the rows that are asked at a time lie between the two.
    distances = [asked.index(("s", value)) - asked.index(("c", value)) for value in rows]
    assert max(distances) <= 8


async def test_a_stable_revision_with_another_protocol_is_asked_by_its_own() -> None:
    async def predict(request: web.Request) -> web.StreamResponse:
        (tensor,) = await request.json()
        return web.json_response({"prediction": 2 * tensor["data"][0]})

    async with ModelServer().serving() as candidate, ModelServer(predict=predict).serving() as old:
        plan = plan_for(candidate.url, ACCURACY_VERSUS)
        plan = compared(plan, old.url, protocol="http", options={"path": "/predict"})
        result = await Attempt(plan, {"golden": golden()}).run(seconds=20)
    assert result.kpis[0].counts == (30, 30, 30, 30, 0)


async def test_a_version_with_as_many_errors_as_stable_passes() -> None:
    noisy = ModelServer(error_share=0.02), ModelServer(error_share=0.02)
    result = await measure(*noisy, ERRORS | REPORT, ERRORS_VERSUS)
    assert verdicts(result)[1] == "P"
    assert abs(noisy[0].requests - noisy[1].requests) <= 5


async def test_a_version_with_more_errors_than_stable_fails() -> None:
    result = await measure(ModelServer(error_share=0.3), ModelServer(), ERRORS_VERSUS)
    assert verdicts(result) == "F"
    _, _, requests, lost, won, both = result.kpis[0].counts
    assert lost > requests / 10
    assert (won, both) == (0, 0)


async def test_errors_are_compared_as_multiples_of_stables() -> None:
    result = await measure(ModelServer(error_share=0.4), ModelServer(error_share=0.1), TWICE)
    assert verdicts(result) == "F"
    assert len(result.kpis[0].counts) == 5
    same = await measure(ModelServer(error_share=0.2), ModelServer(error_share=0.2), TWICE)
    assert verdicts(same) == "P"


async def test_errors_that_stable_shares_are_not_held_against_a_version() -> None:
    """Of what both need, every fifth row is missing: a third of the limit would be enough alone."""

    async def missing(request: web.Request) -> web.StreamResponse:
        value = (await request.json())["inputs"][0]["data"][0]
        return web.json_response({}, status=503 if value % 5 == 0 else 200)

    result = await measure(
        ModelServer(predict=missing), ModelServer(predict=missing), ERRORS_VERSUS, ERRORS | REPORT
    )
    assert verdicts(result) == "PF"
    _, _, requests, lost, won, both = result.kpis[0].counts
    assert (lost, won) == (0, 0)
    assert both > requests / 10


async def test_a_stable_revision_that_nobody_reaches_is_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 0.3)
    async with ModelServer().serving() as gone:
        pass
    async with ModelServer().serving() as candidate:
        plan = compared(plan_for(candidate.url, LENIENT, ACCURACY_VERSUS), gone.url)
        result = await Attempt(plan, {"golden": golden()}).run(seconds=20)
    assert (result.outcome, verdicts(result)) == ("Unreachable", "II")
    assert f"the stable revision at {gone.url} can't be reached" in result.message


async def test_a_stable_revision_that_vanishes_under_load_excuses_no_errors() -> None:
    stable = ModelServer(enough=100)
    async with ModelServer(error_share=0.3).serving() as candidate:
        async with stable.serving():
            plan = compared(plan_for(candidate.url, ERRORS_VERSUS | REPORT), stable.url)
            pending = Attempt(plan, {"golden": golden()})
            attempt = asyncio.create_task(pending.run(seconds=20))
            await stable.had_enough.wait()
        result = await attempt
    assert verdicts(result) == "F"
    assert json.loads(result.to_json())["kpis"][0][6:] == [0, 0]
