"""Reading users' requests beside the rounds, and the administrator's file."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from modelward.benchmark.live.scalars import Scalar
from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.cluster.documents import Key
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.live import NOT_CONFIGURED, LiveReader
from modelward.cluster.prometheus import (
    Prometheus,
    PrometheusSettings,
    SettingsError,
    narrowed,
    read_settings,
)
from tests.scraped import Scraped
from tests.unit.benchmark_world import IMAGE, START
from tests.unit.live_world import BUCKETS, LIVE_LATENCY, QUEUE, VERSUS_STABLE, live_run

KEY = Key("BenchmarkRun", "ml", "fraud-x7f9k2m4q1-1")
NOW = START + timedelta(minutes=1)


@dataclass
class Slow(Prometheus):
    """A Prometheus that answers when it is told to: what can't be had from a real one."""

    settings: PrometheusSettings = field(
        default_factory=lambda: PrometheusSettings(url="http://none", at_once=2)
    )
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def read(self, *question: Any) -> Reading | Unread:  # noqa: ANN401
        self.asked.append(question)
        await self.answer.wait()
        return Reading(end=question[3][1])

    async def close(self) -> None:
        self.answer.set()


@dataclass
class Ready(Slow):
    """One that answers soon, or in which a bug shows."""

    outcome: Reading | Unread | Exception = field(default_factory=lambda: Reading(end=0))

    async def read(self, *_: Any) -> Reading | Unread:  # noqa: ANN401
        await asyncio.sleep(0.01)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def snapshot(now: datetime = NOW) -> RunSnapshot:
    return RunSnapshot(now, live_run(VERSUS_STABLE), IMAGE)


def reader(prometheus: Prometheus | None, woken: list[Key]) -> LiveReader:
    return LiveReader(prometheus, woken.append, lambda: NOW, Metrics())


async def test_a_round_never_waits_and_is_woken_when_the_answer_is_there() -> None:
    slow, woken = Slow(), list[Key]()
    live = reader(slow, woken)
    assert live.take(KEY, snapshot()) is None
    await asyncio.sleep(0)
    assert live.take(KEY, snapshot()) is None
    assert len(slow.asked) == 1
    slow.answer.set()
    await asyncio.sleep(0.01)
    assert woken == [KEY]
    assert isinstance(live.take(KEY, snapshot()), Reading)
    await live.close()


async def test_what_is_read_are_both_revisions_from_before_the_last_window_until_now() -> None:
    slow = Slow()
    live = reader(slow, [])
    live.take(KEY, snapshot())
    await asyncio.sleep(0)
    ((namespace, replica_sets, selectors, (begin, end)),) = slow.asked
    assert namespace == "ml"
    assert replica_sets == ["fraud-x7f9k2m4q1", "fraud-b2c4d5f6g7"]
    assert selectors == {"requests_total", 'requests_total{code=~"5.."}'}
    assert end - begin == (60 + 300) * 1000
    await live.close()


async def test_a_few_are_read_at_a_time_however_many_hang() -> None:
    slow = Slow()
    live = reader(slow, [])
    keys = [Key("BenchmarkRun", "ml", f"run-{number}") for number in range(20)]
    for key in keys:
        assert live.take(key, snapshot()) is None
    await asyncio.sleep(0.01)
    assert len(slow.asked) == 2
    await live.close()


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
    await asyncio.sleep(0.01)
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
    await asyncio.sleep(0.01)
    live.take(run_key(2), snapshot())
    await asyncio.sleep(0.01)
    assert (woken, len(prometheus.asked)) == ([run_key(2)], 3)
    assert len(prometheus.queries) == 1
    prometheus.evaluated.set()
    await asyncio.sleep(0.01)
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
    await asyncio.sleep(0.01)
    told = Scraped.of(live.metrics.render().decode())
    name = "modelward_prometheus_read_duration_seconds"
    assert told.by(f"{name}_count", "result") == {(result,): 1}
    assert told.value(f"{name}_sum", result=result) == 2
    answer = live.take(KEY, WITH_QUEUE)
    assert isinstance(answer, Unread if bug else Reading)
    await live.close()


async def test_nothing_is_read_before_a_window_is_over() -> None:
    slow = Slow()
    live = reader(slow, [])
    assert live.take(KEY, snapshot(START + timedelta(seconds=29))) is None
    await asyncio.sleep(0)
    assert slow.asked == []


async def test_an_answer_about_another_run_of_the_same_name_counts_for_nothing() -> None:
    slow = Slow()
    live = reader(slow, [])
    slow.answer.set()
    live.take(KEY, snapshot())
    await asyncio.sleep(0.01)
    seen = snapshot()
    meta = seen.run.metadata.model_copy(update={"uid": "another"})
    other = RunSnapshot(NOW, seen.run.model_copy(update={"metadata": meta}), IMAGE)
    assert live.take(KEY, other) is None
    await live.close()


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Reading(end=0), "Read"),
        (Unread("QueryRefused", "400, unexpected character"), "QueryRefused"),
        (Unread("Unreachable", "Prometheus did not answer within 10 s"), "Unreachable"),
        (AttributeError("a bug"), "Unreachable"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
async def test_each_reading_is_counted_by_what_came_of_it_with_its_time(
    outcome: Reading | Unread | Exception, result: str
) -> None:
    woken = asyncio.Event()
    live = LiveReader(Ready(outcome=outcome), lambda _: woken.set(), lambda: NOW, Metrics())
    live.take(KEY, snapshot())
    await woken.wait()
    told = Scraped.of(live.metrics.render().decode())
    name = "modelward_prometheus_read_duration_seconds"
    assert told.by(f"{name}_count", "result") == {(result,): 1}
    assert told.value(f"{name}_sum", result=result) >= 0.005
    answer = live.take(KEY, snapshot())
    assert isinstance(answer, Reading) == (result == "Read")
    await live.close()


async def test_without_a_prometheus_the_reason_is_told_at_once() -> None:
    assert reader(None, []).take(KEY, snapshot()) == NOT_CONFIGURED


def test_no_file_is_no_prometheus(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.yaml") is None


def test_a_file_names_address_labels_and_namespaces(tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yaml"
    path.write_text(
        "url: https://prometheus:9090/\n"
        "podLabel: kubernetes_pod_name\n"
        "namespaces: {ml: {labels: {tenant: ml}, headers: {X-Scope-OrgID: ml}}}\n"
    )
    found = read_settings(path)
    assert found is not None
    assert (found.url, found.pod_label) == ("https://prometheus:9090", "kubernetes_pod_name")
    assert found.namespaces["ml"].labels == {"tenant": "ml"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url: prometheus:9090", "say an address such as"),
        ("url: http://user:secret@prometheus", "say an address such as"),
        ("{}", "url: Field required"),
        ("url: http://p\npodlabel: x", "podlabel: Extra inputs"),
        ("url: http://p\npodLabel: 'a=\"b\"'", "is no label's name"),
        ("url: [", "is no YAML"),
        ("url: http://p\nexpressions: {url: proxy:8080}", "expressions.url: "),
        ("url: http://p\nexpressions: {url: http://x, namespaceParameter: a-b}", "is no label"),
    ],
)
def test_a_file_that_can_t_be_used_is_told_with_the_field(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "prometheus.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        read_settings(path)
    assert told in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("a_total", "a_total{x}"),
        ("a_total{}", "a_total{x}"),
        ('a_total{b="c"}', 'a_total{b="c",x}'),
        ('a_total{b="c", }', 'a_total{b="c",x}'),
        ('a_total{b="}{"}', 'a_total{b="}{",x}'),
    ],
)
def test_matchers_are_added_inside_the_braces(selector: str, expected: str) -> None:
    assert narrowed(selector, "x") == expected
