"""Reading users' requests beside the rounds, and the administrator's file."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.cluster.documents import Key
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.live import NOT_CONFIGURED, LiveReader
from modelward.cluster.prometheus import (
    SettingsError,
    narrowed,
    read_settings,
)
from tests.scraped import Scraped
from tests.unit.benchmark_world import IMAGE, START
from tests.unit.live_reader import KEY, NOW, Slow, reader, snapshot, until_all_wait


@dataclass
class Ready(Slow):
    """One that answers soon, or in which a bug shows."""

    outcome: Reading | Unread | Exception = field(default_factory=lambda: Reading(end=0))

    async def read(self, *_: Any) -> Reading | Unread:  # noqa: ANN401
        await asyncio.sleep(0.01)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_a_round_never_waits_and_is_woken_when_the_answer_is_there() -> None:
    slow, woken = Slow(), list[Key]()
    live = reader(slow, woken)
    assert live.take(KEY, snapshot()) is None
    await until_all_wait()
    assert live.take(KEY, snapshot()) is None
    assert len(slow.asked) == 1
    slow.answer.set()
    await until_all_wait()
    assert woken == [KEY]
    assert isinstance(live.take(KEY, snapshot()), Reading)
    await live.close()


async def test_what_is_read_are_both_revisions_from_before_the_last_window_until_now() -> None:
    slow = Slow()
    live = reader(slow, [])
    live.take(KEY, snapshot())
    await until_all_wait()
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
    await until_all_wait()
    assert len(slow.asked) == 2
    await live.close()


async def test_nothing_is_read_before_a_window_is_over() -> None:
    slow = Slow()
    live = reader(slow, [])
    assert live.take(KEY, snapshot(START + timedelta(seconds=29))) is None
    await until_all_wait()
    assert slow.asked == []


async def test_an_answer_about_another_run_of_the_same_name_counts_for_nothing() -> None:
    slow = Slow()
    live = reader(slow, [])
    slow.answer.set()
    live.take(KEY, snapshot())
    await until_all_wait()
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
