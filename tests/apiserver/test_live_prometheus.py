"""Users' requests as a real Prometheus tells them; no cluster is needed for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.api.values import ValueFormError, check_selector, parse_percent
from modelward.benchmark.live.scrapes import Counted, Pods, Reading, counted
from modelward.benchmark.snapshot import Unread
from modelward.cluster.prometheus import NamespaceSettings, narrowed
from modelward.judge.hypotheses import errors_objective
from modelward.judge.live import live_verdict
from modelward.judge.livecounts import LiveCounts
from tests.apiserver.counting_pods import CountingPod, CountingPods, counting
from tests.apiserver.live_reading import (
    REVISION,
    client,
    read,
    scrapes_of,
    truth,
    until_scraped,
)
from tests.apiserver.prometheus import Prometheus as Served
from tests.apiserver.prometheus import scraping_pods

pytestmark = [pytest.mark.apiserver, pytest.mark.usefixtures("prometheus_installed")]

BAD, TOTAL = 'requests_total{code=~"5.."}', "requests_total"
TRUE_RATE = 0.02
ALPHA = Fraction(5, 100)


@pytest.fixture
async def fleet() -> AsyncIterator[CountingPods]:
    """Ten pods of a revision, and one of the same name elsewhere in the cluster."""
    async with counting() as pods:
        for number in range(10):
            name, chance = f"{REVISION}-{number:05d}", random.Random(number)
            pods.add(CountingPod(name, "ml", TRUE_RATE, chance=chance))
        pods.add(CountingPod("stranger", "other", 0.5, 100)).name = "stranger"
        yield pods


@pytest.fixture
def server(fleet: CountingPods, tmp_path: Path) -> Iterator[Served]:
    with scraping_pods(fleet.discovery, tmp_path) as prometheus:
        yield prometheus


def by_second(found: list[Counted]) -> LiveCounts:
    """Judge windows of a second, so that a test takes seconds."""
    windows: dict[int, tuple[int, int]] = {}
    for each in found:
        requests, bad = windows.get(each.at // 1000, (0, 0))
        windows[each.at // 1000] = (requests + each.requests, bad + each.bad)
    counts = LiveCounts()
    for requests, bad in windows.values():
        counts = counts.with_window(requests, bad)
    return counts


async def test_a_true_rate_over_ten_pods_and_three_codes_lies_in_its_interval_across_restarts(
    fleet: CountingPods, server: Served
) -> None:
    pods = [pod for pod in fleet.pods.values() if pod.namespace == "ml"]
    pods[3].restart_at = 4
    pods[7].restart_at = 6
    await until_scraped(fleet, 12)
    reading = await read(client(f"http://127.0.0.1:{server.port}"), BAD, TOTAL)
    assert isinstance(reading, Reading)
    found = counted(reading, BAD, TOTAL, Pods(REVISION))
    assert not any(each.problem for each in found)
    true = [truth(pod, len(scrapes_of(reading, pod))) for pod in pods]
    seen = (sum(each.requests for each in found), sum(each.bad for each in found))
    assert seen == (sum(t[0] for t in true), sum(t[1] for t in true))
    assert {series.name.partition("code=")[2][:3] for series in reading.counters[BAD]} == {
        "500", "502", "503",
    }  # fmt: skip
    objective = errors_objective(parse_percent("5%"), parse_percent("2%"), ALPHA, ALPHA)
    verdict = live_verdict(1, [by_second(found)], objective)
    assert verdict.low <= Fraction(2, 100) <= verdict.high
    assert verdict.verdict != "Fail"


async def test_a_tenants_selector_reaches_no_other_namespace_and_no_other_pod(
    fleet: CountingPods, server: Served
) -> None:
    await until_scraped(fleet, 2)
    greedy = (
        'requests_total{namespace="other"}',
        'requests_total{pod="stranger"}',
        'requests_total{namespace=~".*",pod=~".*"}',
        'requests_total{code!="\\"} or requests_total{namespace=\\"other"}',
    )
    reading = await read(client(f"http://127.0.0.1:{server.port}"), *map(check_selector, greedy))
    assert isinstance(reading, Reading), reading
    seen = {series.pod for found in reading.counters.values() for series in found}
    assert all(Pods(REVISION).has(pod) for pod in seen)
    assert not reading.counters[greedy[0]]


async def test_labels_that_the_administrator_demands_narrow_every_selector(
    fleet: CountingPods, server: Served
) -> None:
    await until_scraped(fleet, 2)
    url = f"http://127.0.0.1:{server.port}"
    demanded = NamespaceSettings(labels={"cluster": "other"})
    reading = await read(client(url, namespaces={"ml": demanded}), BAD, TOTAL)
    assert isinstance(reading, Reading)
    assert (reading.up, reading.counters) == ((), {BAD: (), TOTAL: ()})
    reading = await read(client(url, labels={"job": "pods"}), TOTAL)
    assert isinstance(reading, Reading)
    assert len(reading.up) == 10


async def test_what_prometheus_refuses_is_told_in_its_own_words(server: Served) -> None:
    answer = await read(client(f"http://127.0.0.1:{server.port}"), 'a{b=~"("}')
    assert isinstance(answer, Unread)
    assert answer.reason == "QueryRefused"
    assert "missing closing )" in answer.message


async def _serve(handler: object) -> web.AppRunner:
    app = web.Application()
    app.add_routes([web.post("/api/v1/query", handler)])  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


async def _hangs(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def _never_ends(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 1_000_000)


async def _redirects(_: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"})


async def _is_partial(_: web.Request) -> web.Response:
    found = {"resultType": "matrix", "result": []}
    return web.json_response({"status": "success", "data": found, "warnings": ["a store is down"]})


async def _is_something_else(_: web.Request) -> web.Response:
    return web.Response(text="<html>welcome</html>")


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (_hangs, "did not answer within 1 s"),
        (_never_ends, "narrow the selector"),
        (_redirects, "status 307"),
        (_is_partial, "a store is down"),
        (_is_something_else, "JSON"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
async def test_a_prometheus_that_misbehaves_is_unreachable(handler: object, told: str) -> None:
    runner = await _serve(handler)
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        answer = await read(client(url, timeoutSeconds=1), TOTAL)
    finally:
        await runner.cleanup()
    assert isinstance(answer, Unread)
    assert answer.reason == "Unreachable"
    assert told in answer.message


async def test_nobody_listening_is_unreachable() -> None:
    answer = await read(client("http://127.0.0.1:1"), TOTAL)
    assert isinstance(answer, Unread)
    assert answer.reason == "Unreachable"


async def test_token_and_tenant_are_sent_as_the_administrator_says(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []

    async def keeps(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.json_response({"data": {"resultType": "matrix", "result": []}})

    (tmp_path / "token").write_text("secret\n")
    runner = await _serve(keeps)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    own = {"ml": {"headers": {"X-Scope-OrgID": "team-ml"}}}
    token = str(tmp_path / "token")
    try:
        await read(client(url, namespaces=own, bearerTokenFile=token), TOTAL)
        await read(client(url, namespaces=own, bearerTokenFile=token), TOTAL, namespace="web")
    finally:
        await runner.cleanup()
    assert {headers["Authorization"] for headers in seen} == {"Bearer secret"}
    assert [headers.get("X-Scope-OrgID") for headers in seen] == ["team-ml"] * 2 + [None] * 2


@settings(max_examples=25, deadline=None)
@given(
    st.from_regex(r"[a-z_]{1,6}", fullmatch=True),
    st.lists(
        st.tuples(
            st.sampled_from(["code", "pod", "le"]),
            st.sampled_from(["=", "!="]),
            st.text("ab\\\"'{}, =~", max_size=6),
        ),
        max_size=3,
    ),
)
def test_what_the_schema_takes_stays_one_selector_when_narrowed(
    name: str, matchers: list[tuple[str, str, str]]
) -> None:
    """Whatever stands in a value: what we add comes after it, inside the same braces."""
    inside = ", ".join(f'{label}{op}"{value}"' for label, op, value in matchers)
    text = f"{name}{{{inside}}}" if matchers else name
    try:
        check_selector(text)
    except ValueFormError:
        return
    added = narrowed(text, 'namespace="ml"')
    check_selector(added)
    assert added.endswith('namespace="ml"}')
