"""Histograms and expressions as a real Prometheus tells them, and a real prom-label-proxy."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from aiohttp import web

from modelward.benchmark.live.buckets import slow
from modelward.benchmark.live.counting import to_millis
from modelward.benchmark.live.scalars import Scalar
from modelward.benchmark.live.scrapes import Pods, Reading
from modelward.cluster import clock
from modelward.cluster.expressions import evaluate
from modelward.cluster.prometheus import Prometheus
from modelward.judge.guards import UnusableError
from tests.apiserver.counting_pods import CountingPods, TimedPod, counting
from tests.apiserver.live_reading import REVISION, client, read, scrapes_of, until_scraped
from tests.apiserver.prometheus import Prometheus as Served
from tests.apiserver.prometheus import keeping_apart, scraping_pods

pytestmark = [pytest.mark.apiserver, pytest.mark.usefixtures("prometheus_installed")]

BUCKETS = "request_duration_seconds_bucket"
PODS = 3


@pytest.fixture
async def fleet() -> AsyncIterator[CountingPods]:
    """Three pods of a revision, and one in another namespace."""
    async with counting() as pods:
        for number in range(PODS):
            name, chance = f"{REVISION}-{number:05d}", random.Random(number)
            pods.add(TimedPod(name, "ml", chance=chance))
        pods.add(TimedPod("stranger", "other"))
        yield pods


@pytest.fixture
def server(fleet: CountingPods, tmp_path: Path) -> Iterator[Served]:
    with scraping_pods(fleet.discovery, tmp_path) as prometheus:
        yield prometheus


@pytest.fixture
def proxy(server: Served, tmp_path: Path) -> Iterator[int]:
    with keeping_apart(server.port, tmp_path) as port:
        yield port


async def test_slow_requests_are_counted_from_the_buckets_of_a_real_histogram_across_restarts(
    fleet: CountingPods, server: Served
) -> None:
    pods = [pod for pod in fleet.pods.values() if pod.namespace == "ml"]
    pods[1].restart_at = 4
    await until_scraped(fleet, 8)
    reading = await read(client(f"http://127.0.0.1:{server.port}"), BUCKETS)
    assert isinstance(reading, Reading)
    limits = (Fraction("0.25"), Fraction("0.1"))
    found = slow(reading, BUCKETS, limits, Pods(REVISION))
    assert not any(each.problem for each in found)
    requests = bad = beyond = 0
    for pod in pods:
        last = len(scrapes_of(reading, pod)) - 1
        served = pod.at_scrapes[last] - pod.at_scrapes[0]
        requests += served.total()
        bad += served["0.7"] + served["5.0"]
        beyond += served["0.2"] + served["0.7"] + served["5.0"]
    assert bad > 0
    assert (
        sum(each.requests for each in found),
        sum(each.bad for each in found),
        sum(each.beyond_expected for each in found),
    ) == (requests, bad, beyond)


async def test_a_limit_between_the_bounds_of_a_real_histogram_is_told_with_them(
    fleet: CountingPods, server: Served
) -> None:
    await until_scraped(fleet, 2)
    reading = await read(client(f"http://127.0.0.1:{server.port}"), BUCKETS)
    assert isinstance(reading, Reading)
    with pytest.raises(UnusableError, match="say one of 50ms, 100ms, 250ms, 1s"):
        slow(reading, BUCKETS, (Fraction("0.3"),), Pods(REVISION))


async def values(prometheus: Prometheus, *expressions: str) -> list[Scalar]:
    try:
        now = to_millis(clock.now())
        found = await evaluate(prometheus, "ml", REVISION, expressions, now)
    finally:
        await prometheus.close()
    return [found[each] for each in expressions]


def behind(server: Served, port: int, **changes: object) -> Prometheus:
    """Return a client whose expressions go to a port."""
    where = {"expressions": {"url": f"http://127.0.0.1:{port}"}}
    return client(f"http://127.0.0.1:{server.port}", **where, **changes)


GREEDY = (
    "count(up)",
    'count(up{namespace="other"})',
    'count(up{namespace=~".*"})',
    'count(up{namespace="ml"} or up{namespace="other"})',
    'count({__name__="up",namespace!="ml"})',
    'count(max_over_time(up{pod="stranger"}[5m:1s]) or up)',
    'count(up # }\n or up{namespace="other"})',
    'count(label_replace(up, "namespace", "other", "", ""))',
    "count(up offset 0s or up @ end())",
    'count({"up",namespace="other"})',
)


async def test_no_expression_of_a_tenant_sees_another_namespace(
    fleet: CountingPods, server: Served, proxy: int
) -> None:
    await until_scraped(fleet, 3)
    assert server.query("count(up)")[0]["value"][1] == str(PODS + 1)
    seen = await values(behind(server, proxy), *GREEDY)
    assert {each.value for each in seen} <= {Fraction(PODS), None}, seen
    assert {each.reason for each in seen} <= {"", "QueryRefused"}
    assert seen[0].value == PODS


async def test_an_expression_is_a_value_of_the_revisions_pods_or_told_with_its_reason(
    fleet: CountingPods, server: Served, proxy: int
) -> None:
    await until_scraped(fleet, 2)
    expected = {
        'count(up{pod=~"$pods"})': (Fraction(PODS), ""),
        'count(up{pod!~"$pods"})': (None, "NoSeries"),
        "1 / 8": (Fraction(1, 8), ""),
        "0 / 0": (None, "NotANumber"),
        "up": (None, "SeveralSeries"),
        "up[1m]": (None, "NotAScalar"),
        '"text"': (None, "NotAScalar"),
        "sum(": (None, "QueryRefused"),
    }
    found = await values(behind(server, proxy), *expected)
    assert [(each.value, each.reason) for each in found] == list(expected.values())
    assert "has 3 series" in found[4].message
    assert "parse error" in found[7].message


async def test_an_address_that_keeps_nothing_apart_is_not_used(
    fleet: CountingPods, server: Served, proxy: int
) -> None:
    await until_scraped(fleet, 2)
    (found,) = await values(behind(server, server.port), "1")
    assert (found.value, found.reason) == (None, "NotEnforced")
    assert "other" not in found.message.replace("of others", "")
    (found,) = await values(behind(server, proxy, labels={"cluster": "prod"}), "1")
    assert found.reason == "NotEnforced"
    (found,) = await values(behind(server, proxy, labels={"job": "pods"}), "1")
    assert found.value == 1


async def test_without_an_address_no_expression_is_evaluated(server: Served) -> None:
    (found,) = await values(client(f"http://127.0.0.1:{server.port}"), "1")
    assert (found.value, found.reason) == (None, "NotConfigured")
    assert "docs/operations.md" in found.message


async def test_an_expression_that_takes_too_long_is_told_and_costs_no_other_its_value() -> None:
    asked: list[tuple[str, str, str]] = []

    async def answers(request: web.Request) -> web.Response:
        form = await request.post()
        query = str(form["query"])
        asked.append((query, str(form["timeout"]), request.query["namespace"]))
        if query == "slow":
            await asyncio.sleep(3600)
        value = {"resultType": "scalar", "result": [0, "7"]}
        shown = {"resultType": "vector", "result": [{"metric": {"namespace": "ml"}}]}
        return web.json_response({"data": shown if query.startswith("group by") else value})

    app = web.Application()
    app.add_routes([web.post("/api/v1/query", answers)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        prometheus = client("http://127.0.0.1:1", expressions={"url": url}, timeoutSeconds=1)
        quick, slowly = await values(prometheus, "quick", "slow")
    finally:
        await runner.cleanup()
    assert quick.value == 7
    assert (slowly.reason, slowly.message) == (
        "Unreachable",
        "Prometheus did not answer within 1 s",
    )
    assert {each[1:] for each in asked} == {("1s", "ml")}
