"""Latencies beside stable's: two real HTTP servers that are sent load by turns."""

import asyncio
import itertools
import json
import logging
import random
import sys
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import PlanKpi, RunnerPlan, RunnerResult
from modelward.benchmark.counts import Counts
from modelward.benchmark.log import LOAD_PROFILE, Details, details
from modelward.judge import shape
from modelward.runner import gentle
from modelward.runner.attempt import Attempt
from modelward.runner.main import log_handler
from tests.unit.model_server import ModelServer
from tests.unit.runner_plans import ACCURACY, ERRORS, LATENCY, REPORT, a_plan, golden

SLOWER = LATENCY | {
    "name": "latency-vs-stable",
    "quantile": "0.8",
    "limit": "0.3",
    "relative": True,
    "versus": "stable",
}
BY_TIME = {key: value for key, value in SLOWER.items() if key != "relative"} | {"limit": "0.05"}
ACCURACY_VERSUS = ACCURACY | {"name": "accuracy-vs-stable", "versus": "stable", "limit": "0.04"}


@dataclass
class Turns:
    """Who was asked what, and whether two were ever asked at once."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    busy: dict[str, int] = field(default_factory=dict)
    overlaps: int = 0
    calibrated: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once both were asked more than calibration takes."""
    most: dict[str, int] = field(default_factory=dict)
    """Most requests that each had at once."""

    def server(self, name: str, mean: float, seed: int = 1, fails: float = 0) -> ModelServer:
        """Return a server that takes half to one and a half of `mean` seconds for an answer."""
        rng = random.Random(seed)

        async def predict(request: web.Request) -> web.StreamResponse:
            value = (await request.json())["inputs"][0]["data"][0]
            self.asked.append((name, value))
            if len(self.asked) == 2 * 300:
                self.calibrated.set()
            self.busy[name] = self.busy.get(name, 0) + 1
            self.most[name] = max(self.most.get(name, 0), self.busy[name])
            self.overlaps += sum(count > 0 for count in self.busy.values()) > 1
            await asyncio.sleep(mean * rng.uniform(0.5, 1.5))
            self.busy[name] -= 1
            status = 500 if rng.random() < fails else 200
            return web.json_response(
                {"outputs": [{"name": "y", "data": [2 * value]}]}, status=status
            )

        return ModelServer(predict=predict)

    def blocks(self) -> list[tuple[str, int]]:
        """Return whom each stretch of questions went to, and how many they were."""
        grouped = itertools.groupby(name for name, _ in self.asked)
        return [(name, len(list(group))) for name, group in grouped]


@pytest.fixture(autouse=True)
def short_windows_and_any_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MIN_WINDOW_SECONDS", Fraction(1, 50))
    monkeypatch.setattr(shape, "MIN_WINDOW_REQUESTS", 4)
    monkeypatch.setattr("modelward.benchmark.lag.sent_late", lambda *_: False)


def plan_for(candidate: str, stable: str, closed: bool, *kpis: dict[str, Any]) -> RunnerPlan:
    document = json.loads(a_plan(candidate, ERRORS).to_json())
    baseline = document["subject"] | {"url": stable, "revision": "z2k8m5q7w9"}
    baseline |= {"closed": True} if closed else {}
    return RunnerPlan.parse(json.dumps(document | {"baseline": baseline, "kpis": kpis}))


async def measure(
    candidate: ModelServer, stable: ModelServer, *kpis: dict[str, Any], closed: bool = True
) -> RunnerResult:
    async with candidate.serving(), stable.serving():
        plan = plan_for(candidate.url, stable.url, closed, *kpis)
        result = await Attempt(plan, {"golden": golden()}).run(seconds=40)
    print(result)  # pytest shows it where a test fails
    assert RunnerResult.parse(result.to_json()) == result
    return result


async def test_a_version_that_is_slower_than_stable_and_the_margin_fails() -> None:
    turns = Turns()
    result = await measure(turns.server("c", 0.08), turns.server("s", 0.004), SLOWER)
    (told,) = result.kpis
    assert told.verdict == "F"
    _, threshold, requests, lost, won, both, ours, stables = told.counts
    assert threshold > 3_000
    assert lost > won
    assert requests >= lost + won + both
    assert ours > stables


async def test_a_version_that_is_like_stable_passes() -> None:
    turns = Turns()
    result = await measure(turns.server("c", 0.006), turns.server("s", 0.006, 2), BY_TIME)
    assert [told.verdict for told in result.kpis] == ["P"]


async def test_errors_are_answers_that_come_too_late() -> None:
    turns = Turns()
    failing = turns.server("c", 0.002, fails=0.5)
    result = await measure(failing, turns.server("s", 0.002), SLOWER)
    assert [told.verdict for told in result.kpis] == ["F"]


async def test_two_revisions_are_never_sent_load_at_once_and_neither_always_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.blocks._PATIENCE", 1_000)  # on a busy machine all is late
    turns = Turns()
    await measure(turns.server("c", 0.001), turns.server("s", 0.001), SLOWER | REPORT)
    assert turns.overlaps == 0
    # The warm-up's blocks are as many, and two blocks of one revision meet in the middle.
    order = "".join(name for name, count in turns.blocks() for _ in range(round(count / 4)))
    assert order.startswith("cssc" * 30)


async def test_both_are_asked_the_same_rows() -> None:
    turns = Turns()
    await measure(turns.server("c", 0.001), turns.server("s", 0.001), SLOWER | REPORT)
    rows = {name: [value for who, value in turns.asked if who == name] for name in "cs"}
    # Within a block of four they may come in another order than they were sent in.
    together = min(len(rows["c"]), len(rows["s"])) // 4 - 2
    blocks = {
        name: [sorted(rows[name][4 * i : 4 * i + 4]) for i in range(together)] for name in rows
    }
    assert blocks["c"] == blocks["s"]


async def test_a_limit_of_its_own_is_judged_on_load_that_goes_on() -> None:
    turns = Turns()
    result = await measure(turns.server("c", 0.002), turns.server("s", 0.002), LATENCY, BY_TIME)
    assert [told.verdict for told in result.kpis] == ["P", "P"]
    alone = next(iter(turns.blocks()))
    assert alone[0] == "c"
    assert alone[1] > 240  # calibration at least, before stable is asked anything


async def logged(caplog: pytest.LogCaptureFixture, *kpis: dict[str, Any]) -> Details:
    """Return what the log tells of a measurement, as somebody reads it who has its lines alone."""
    caplog.set_level(logging.INFO, "modelward.runner")
    turns = Turns()
    await measure(turns.server("c", 0.004, fails=0.2), turns.server("s", 0.002), *kpis)
    form = log_handler(sys.stdout)
    return details(form.format(each) for each in caplog.records if each.message == LOAD_PROFILE)


async def test_what_each_came_to_is_logged_second_by_second_of_its_own_turns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = await logged(caplog, SLOWER | REPORT)
    assert not seen.loads
    ours, stables = seen.turns
    assert (ours.of, stables.of) == ("the revision", "the stable revision")
    assert ours.failures.keys() == {"status 500"}
    assert not stables.failures
    sent = [sum(load.answered) + sum(load.failed) for load in seen.turns]
    assert abs(sent[0] - sent[1]) <= 4
    assert min(sent) >= 240
    # At 200/s; by the clock it takes twice as long.
    assert max(len(load.answered) for load in seen.turns) <= max(sent) / 200 + 1


async def test_a_load_that_goes_on_and_one_by_turns_are_told_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = await logged(caplog, LATENCY | REPORT, SLOWER | REPORT)
    assert [load.of for load in seen.loads] == ["the revision"]
    assert [load.of for load in seen.turns] == ["the revision", "the stable revision"]


async def test_how_late_load_by_turns_was_sent_is_told_apart_from_other_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that can't send, because it does something else, sends late."""
    asked = 0

    async def busy(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if asked % 4 == 1:
            time.sleep(0.02)  # noqa: ASYNC251 - that is what must not go unnoticed
        value = (await request.json())["inputs"][0]["data"][0]
        return web.json_response({"outputs": [{"name": "y", "data": [2 * value]}]})

    def by_turns(kpi: PlanKpi, delay: int, _: Counts | None) -> bool:
        return kpi.is_compared_latency and delay > 5_000

    monkeypatch.setattr("modelward.benchmark.lag.sent_late", by_turns)
    servers = ModelServer(predict=busy), ModelServer(predict=busy)
    result = await measure(*servers, SLOWER)
    assert [told.reason for told in result.kpis] == ["GeneratorLagged"]
    assert result.send_delay_micros is None
    assert result.turns_delay_micros is not None
    assert result.turns_delay_micros > 5_000
    assert "KPI latency-vs-stable is not judged" in result.message


async def test_a_gate_that_fails_before_spares_the_comparison() -> None:
    turns = Turns()
    failing = turns.server("c", 0.001, fails=0.5)
    result = await measure(failing, turns.server("s", 0.001), ERRORS, SLOWER)
    assert [told.verdict for told in result.kpis] == ["F", "I"]
    assert result.kpis[1].reason == "NotMeasured"
    assert not turns.blocks()[1:]


async def test_pods_that_serve_users_are_asked_rows_one_at_a_time() -> None:
    turns = Turns()
    result = await measure(
        turns.server("c", 0.01), turns.server("s", 0.01), ACCURACY_VERSUS, closed=False
    )
    assert [told.verdict for told in result.kpis] == ["P"]
    assert turns.most == {"c": turns.most["c"], "s": 1}
    assert turns.most["c"] > 1


async def test_a_copy_is_asked_rows_as_the_candidate_is() -> None:
    turns = Turns()
    await measure(turns.server("c", 0.01), turns.server("s", 0.01), ACCURACY_VERSUS)
    assert turns.most["s"] > 1


async def test_questions_to_serving_pods_rest_as_long_as_their_answers_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, slept = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(round(seconds, 6))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now, raising=False)
    pace = gentle.Gentle(per_second=10)
    for took in (0.02, 0.5, 0.02):
        async with pace.turn():
            now += took
    async with pace.turn():
        pass
    assert slept == [0, 0.08, 0.5, 0.08]


async def test_a_copy_that_vanishes_says_nothing_about_the_candidate() -> None:
    turns = Turns()
    stable, candidate = turns.server("s", 0.002), turns.server("c", 0.002)
    async with candidate.serving():
        async with stable.serving():
            plan = plan_for(candidate.url, stable.url, True, SLOWER | REPORT | {"limit": "0.01"})
            attempt = asyncio.create_task(Attempt(plan, {"golden": golden()}).run(seconds=40))
            calibrated = asyncio.create_task(turns.calibrated.wait())
            await asyncio.wait({attempt, calibrated}, return_when=asyncio.FIRST_COMPLETED)
            assert calibrated.done(), attempt
        result = await attempt
    (told,) = result.kpis
    assert told.verdict != "F"
