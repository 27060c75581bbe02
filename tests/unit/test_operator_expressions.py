"""Tenants' expressions, evaluated beside the rounds at an address that keeps namespaces apart."""

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.live.scalars import Scalar
from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.cluster.documents import Key
from modelward.cluster.prometheus import PrometheusSettings
from tests.scraped import Scraped
from tests.unit.benchmark_world import IMAGE
from tests.unit.live_reader import KEY, NOW, Slow, reader, snapshot, until_all_wait
from tests.unit.live_world import BUCKETS, LIVE_LATENCY, QUEUE, VERSUS_STABLE, live_run


@dataclass
class Open(Slow):
    """An address for expressions, and the series that it shows: none of others, if it is well."""

    shown: list[dict[str, str]] = field(default_factory=lambda: [{"namespace": "ml"}])
    queries: list[str] = field(default_factory=list)

    async def ask(self, url: str, _: str, form: Any, __: Any = None) -> dict[str, Any]:  # noqa: ANN401
        assert url == "http://apart"
        self.queries.append(form["query"])
        if form["query"].startswith("group by"):
            return {"resultType": "vector", "result": [{"metric": each} for each in self.shown]}
        return {"resultType": "scalar", "result": [0, "12.5"]}


EXPRESSION = QUEUE["prometheus"]["query"]
APART = PrometheusSettings.model_validate(
    {"url": "http://none", "expressions": {"url": "http://apart/"}}
)


async def value(prometheus: Slow) -> Scalar:
    """Return what the expression of a run came to, as it is read beside the rounds."""
    prometheus.answer.set()
    live = reader(prometheus, [])
    asked = RunSnapshot(NOW, live_run(VERSUS_STABLE, LIVE_LATENCY, QUEUE), IMAGE)
    assert live.take(KEY, asked) is None
    await until_all_wait()
    answer = live.take(KEY, asked)
    await live.close()
    assert isinstance(answer, Reading)
    assert BUCKETS in prometheus.asked[0][2]
    return answer.values[EXPRESSION]


async def test_an_expression_is_about_the_pods_of_the_revision_that_is_judged() -> None:
    prometheus = Open(APART)
    assert await value(prometheus) == Scalar(Fraction(25, 2))
    assert prometheus.queries == [
        "group by (namespace) (up)",
        'sum(queue_length{pod=~"(fraud-x7f9k2m4q1)-[a-z0-9]{5}"})',
    ]


async def test_without_an_address_for_expressions_none_is_evaluated() -> None:
    assert (await value(Slow())).reason == "NotConfigured"


@pytest.mark.parametrize("shown", [{"namespace": "other"}, {}, {"namespace": "ml", "a": "b"}])
async def test_an_address_that_shows_series_of_others_is_asked_no_expression(
    shown: dict[str, str],
) -> None:
    prometheus = Open(APART, shown=[{"namespace": "ml"}, shown])
    assert (await value(prometheus)).reason == "NotEnforced"
    assert len(prometheus.queries) == 1


async def test_an_address_that_shows_nothing_proves_nothing_and_is_asked_no_expression() -> None:
    prometheus = Open(APART, shown=[])
    found = await value(prometheus)
    assert (found.value, found.reason) == (None, "NoSeries")
    assert "shows no series of up in this namespace" in found.message
    assert len(prometheus.queries) == 1


async def test_all_labels_that_are_demanded_must_be_enforced() -> None:
    demanding = APART.model_copy(update={"labels": {"cluster": "prod"}})
    assert (await value(Open(demanding))).reason == "NotEnforced"
    both = {"cluster": "prod", "namespace": "ml"}
    assert (await value(Open(demanding, shown=[both]))).value


@dataclass
class Waiting(Open):
    """An address for expressions that answers when it is told to, by a clock of its own."""

    evaluated: asyncio.Event = field(default_factory=asyncio.Event)
    clock: float = 0.0
    bug: bool = False

    async def read(self, *question: Any) -> Reading | Unread:  # noqa: ANN401
        self.clock += 2
        return await super().read(*question)

    async def ask(self, *question: Any) -> dict[str, Any]:  # noqa: ANN401
        answer = await super().ask(*question)
        self.clock += 100
        await self.evaluated.wait()
        if self.bug:
            raise ZeroDivisionError("a bug")
        return answer


WITH_QUEUE = RunSnapshot(NOW, live_run(VERSUS_STABLE, QUEUE), IMAGE)


def run_key(number: int) -> Key:
    return Key("BenchmarkRun", "ml", f"run-{number}")


async def test_no_reading_of_others_waits_for_expressions_and_those_only_for_each_other() -> None:
    prometheus, woken = Waiting(APART.model_copy(update={"at_once": 1})), list[Key]()
    prometheus.answer.set()
    live = reader(prometheus, woken)
    for number in range(2):
        live.take(run_key(number), WITH_QUEUE)
    await until_all_wait()
    live.take(run_key(2), snapshot())
    await until_all_wait()
    assert (woken, len(prometheus.asked)) == ([run_key(2)], 3)
    assert len(prometheus.queries) == 1
    prometheus.evaluated.set()
    await until_all_wait()
    assert woken == [run_key(2), run_key(0), run_key(1)]
    await live.close()


@pytest.mark.parametrize(("bug", "result"), [(False, "Read"), (True, "Unreachable")])
async def test_a_reading_with_expressions_is_counted_once_without_their_time(
    monkeypatch: pytest.MonkeyPatch, bug: bool, result: str
) -> None:
    prometheus = Waiting(APART, bug=bug)
    monkeypatch.setattr("modelward.cluster.observe.live.monotonic", lambda: prometheus.clock)
    prometheus.answer.set()
    prometheus.evaluated.set()
    live = reader(prometheus, [])
    live.take(KEY, WITH_QUEUE)
    await until_all_wait()
    told = Scraped.of(live.metrics.render().decode())
    name = "modelward_prometheus_read_duration_seconds"
    assert told.by(f"{name}_count", "result") == {(result,): 1}
    assert told.value(f"{name}_sum", result=result) == 2
    answer = live.take(KEY, WITH_QUEUE)
    assert isinstance(answer, Unread if bug else Reading)
    await live.close()
