"""Whole attempts against a real server that streams tokens as it is told.

Windows are short here, as in test_runner_real_server. What is asserted of times is that tokens
which come late are late: nothing is asserted of how late.
"""

import asyncio
import json
from fractions import Fraction
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark import lag
from modelward.benchmark.contract import RunnerPlan, RunnerResult
from modelward.benchmark.counts import ThroughputCounts
from modelward.benchmark.rows import sha256_of
from modelward.judge import shape
from modelward.runner.attempt import Attempt
from modelward.strictjson import Json
from tests.unit.model_server import serving_app

ROWS = b'{"id": "one", "inputs": "hello", "expected": "abc"}'
ACCURACY: dict[str, Any] = {
    "name": "accuracy", "metric": "accuracy", "dataset": "golden", "limit": "1",
    "direction": "atLeast", "effect": "gate",
}  # fmt: skip


def time_of(metric: str, limit: str) -> dict[str, Any]:
    return {"name": metric, "metric": metric, "quantile": "0.9", "limit": limit,
            "direction": "atMost", "effect": "gate"}  # fmt: skip


def shown(metric: str, **more: Json) -> dict[str, Any]:
    return {"name": metric, "metric": metric, "limit": "1", "direction": "atLeast",
            "effect": "report"} | more  # fmt: skip


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MIN_WINDOW_SECONDS", Fraction(1, 50))
    monkeypatch.setattr(shape, "MIN_WINDOW_REQUESTS", 4)
    monkeypatch.setattr(lag, "tolerated_delay", lambda _: Fraction(10))


def streaming(first: float = 0.0, gap: float = 0.0, breaks_off: bool = False) -> web.Application:
    """Return a server that streams `abc`: first token and gaps in seconds."""

    async def chat(request: web.Request) -> web.StreamResponse:
        assert (await request.json())["stream"] is True
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for i, text in enumerate("abc"):
            await asyncio.sleep(gap if i else first)
            event = {"choices": [{"index": 0, "delta": {"content": text}}]}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        if not breaks_off:
            await response.write(b"data: [DONE]\n\n")
        return response

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m"}]})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", chat)
    return app


async def measure(app: web.Application, *kpis: dict[str, Any], seconds: str = "5") -> RunnerResult:
    load: Json = {"rate": "200", "forSeconds": seconds, "warmUpSeconds": "0.1", "dataset": "golden"}
    async with serving_app(app) as url:
        subject: dict[str, Json] = {
            "url": url,
            "protocol": "openai",
            "modelName": "m",
            "revision": "x7f9k2m4q1",
        }
        plan: dict[str, Json] = {
            "version": 1, "nonce": "0123456789abcdef", "subject": subject, "kpis": list(kpis),
            "datasets": [{"name": "golden", "sha256": sha256_of(ROWS)}],
            "load": load if len(kpis) > 1 or kpis[0]["metric"] != "accuracy" else None,
            "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
            "deadlineSeconds": 60,
        }  # fmt: skip
        attempt = Attempt(RunnerPlan.parse(json.dumps(plan)), {"golden": ROWS})
        result = await attempt.run(seconds=20)
    assert RunnerResult.parse(result.to_json()) == result
    assert result.outcome == "Measured", result
    return result


def verdicts(result: RunnerResult) -> str:
    return "".join(report.verdict for report in result.kpis)


async def test_a_streamed_text_is_read_as_a_whole() -> None:
    result = await measure(streaming(), ACCURACY)
    assert verdicts(result) == "P"


async def test_a_late_first_token_fails_its_limit_and_no_other() -> None:
    late = await measure(
        streaming(first=0.3),
        time_of("timePerOutputToken", "0.25") | {"effect": "report"},
        time_of("timeToFirstToken", "0.25"),
    )
    assert verdicts(late) in ("IF", "PF")
    assert late.kpis[1].counts[3] >= 300_000


@pytest.mark.parametrize("metric", ["interTokenLatency", "timePerOutputToken"])
async def test_late_tokens_fail_their_limit(metric: str) -> None:
    result = await measure(streaming(gap=0.2), time_of(metric, "0.15"))
    assert verdicts(result) == "F"
    assert result.kpis[0].counts[3] >= 200_000


async def test_a_stream_that_breaks_off_has_no_times() -> None:
    result = await measure(streaming(breaks_off=True), time_of("timeToFirstToken", "5"))
    assert verdicts(result) == "F"


async def test_what_is_only_shown_is_counted_to_the_end_of_the_load_and_not_judged() -> None:
    goodput = shown("goodput", within={"timeToFirstToken": "5"})
    unmet = shown("goodput", within={"timeToFirstToken": "0.001"}) | {"name": "unmet"}
    rates = (shown("requestsPerSecond"), shown("tokensPerSecond"), goodput, unmet)
    result = await measure(streaming(first=0.01), *rates, seconds="0.5")
    assert verdicts(result) == "IIII"
    requests, tokens, good, none = (ThroughputCounts(*kpi.counts) for kpi in result.kpis)
    assert {each.milliseconds for each in (requests, tokens, good, none)} == {500}
    assert 0 < good.came <= requests.came <= 120
    assert abs(tokens.came - 3 * requests.came) <= 3 * 20
    assert none.came == 0
