"""Requests to the API server: how they are named, and what is known of the watches."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from modelward.cluster.requests import NO_ANSWER, Request, Requests, parse
from tests.requests_noted import Noted

OURS = "/apis/modelward.dev/v1alpha1"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", f"{OURS}/modeldeployments", {}, Request("list", "modeldeployments", "")),
        (
            "GET",
            f"{OURS}/modeldeployments",
            {"watch": "true"},
            Request("watch", "modeldeployments", ""),
        ),
        (
            "GET",
            "/apis/batch/v1/namespaces/ml/jobs",
            {"watch": "true"},
            Request("watch", "jobs", "ml"),
        ),
        ("GET", "/api/v1/namespaces/ml/pods", {}, Request("list", "pods", "ml")),
        ("GET", "/api/v1/namespaces/ml/configmaps/golden", {}, Request("get", "configmaps", "ml")),
        ("POST", "/api/v1/namespaces/ml/services", {}, Request("create", "services", "ml")),
        (
            "PATCH",
            f"{OURS}/namespaces/ml/modeldeployments/fraud/status",
            {},
            Request("patch", "modeldeployments/status", "ml"),
        ),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/ml/replicasets/fraud-1",
            {},
            Request("delete", "replicasets", "ml"),
        ),
        ("GET", "/api/v1/namespaces/ml", {}, Request("get", "namespaces", "")),
        ("GET", OURS, {}, Request("get", "", "")),
        ("GET", "/apis", {}, Request("get", "", "")),
        ("GET", "/api/v1", {}, Request("get", "", "")),
        ("GET", "/version", {}, Request("get", "", "")),
    ],
)
def test_a_request_is_named_as_the_audit_log_names_it(
    method: str, path: str, query: dict[str, str], expected: Request
) -> None:
    assert parse(method, path, query) == expected


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """Answers watches of pods with 200, and whatever else with 403."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.path.endswith("/pods") else 403)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def ask(requests: Requests, url: str, *, watches: bool = True) -> None:
    trace = requests.trace(watches=watches)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        try:
            async with session.get(url):
                pass
        except aiohttp.ClientError:
            pass


async def test_requests_are_noted_with_their_codes_and_watches_with_their_restarts(
    server: str,
) -> None:
    noted = Noted()
    requests = Requests(noted)
    await ask(requests, f"{server}/api/v1/pods?watch=true")
    await ask(requests, f"{server}/api/v1/services")
    assert noted.restarts == []
    await ask(requests, f"{server}/api/v1/pods?watch=true")
    await ask(requests, "http://127.0.0.1:1/api/v1/pods?watch=true")
    assert noted.codes == [
        ("watch", "pods", "200"),
        ("list", "services", "403"),
        ("watch", "pods", "200"),
        ("watch", "pods", NO_ANSWER),
    ]
    assert noted.restarts == ["pods", "pods"]


async def test_a_watch_that_nobody_asks_for_is_forgotten_and_one_without_an_answer_is_not(
    server: str,
) -> None:
    clock = Clock()
    requests = Requests(Noted(), clock)
    assert requests.forgotten(600) is None
    await ask(requests, f"{server}/api/v1/pods?watch=true")
    await ask(requests, f"{server}/api/v1/services?watch=true")
    clock.now += 500
    await ask(requests, "http://127.0.0.1:1/api/v1/pods?watch=true")
    clock.now += 99
    assert requests.forgotten(600) is None
    clock.now += 2
    assert requests.forgotten(600) == "the watch of services was last asked for 601 s ago"


async def test_a_watch_that_does_not_fill_the_cache_is_a_request_and_no_more(server: str) -> None:
    noted = Noted()
    requests = Requests(noted)
    for _ in range(2):
        await ask(requests, f"{server}/api/v1/pods?watch=true", watches=False)
    assert noted.codes == [("watch", "pods", "200")] * 2
    assert noted.restarts == []
    assert requests.connected_since() == {}


async def test_of_several_namespaces_the_watch_that_was_answered_longest_ago_counts(
    server: str,
) -> None:
    requests = Requests(Noted())
    await ask(requests, f"{server}/api/v1/namespaces/a/pods?watch=true")
    first = requests.connected_since()["pods"]
    await ask(requests, f"{server}/api/v1/namespaces/b/pods?watch=true")
    assert requests.connected_since() == {"pods": first}
    await ask(requests, f"{server}/api/v1/namespaces/c/services?watch=true")
    assert requests.connected_since() == {"pods": first, "services": 0.0}
