"""An attempt has its data sets from where its plan says, or has no result."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from modelward.benchmark.contract import RunnerPlan
from modelward.runner.attempt import Attempt
from modelward.runner.files import file_paths, large
from tests.unit.model_server import Handler, ModelServer
from tests.unit.runner_plans import ACCURACY, a_plan, golden


def from_elsewhere(plan: RunnerPlan, **members: object) -> RunnerPlan:
    wire = json.loads(plan.to_json())
    wire["datasets"][0] |= members
    return RunnerPlan.parse(json.dumps(wire))


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/rows", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/rows"
    finally:
        await runner.cleanup()


async def rows(_: web.Request) -> web.StreamResponse:
    return web.Response(body=golden())


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def test_rows_behind_a_uri_are_fetched_and_asked(tmp_path: Path) -> None:
    async with serving(rows) as uri, ModelServer().serving() as server:
        plan = from_elsewhere(a_plan(server.url, ACCURACY), uri=uri, sizeLimit=2**20)
        result = await Attempt(plan, {}, scratch=tmp_path).run(seconds=60)
    assert (result.outcome, result.kpis[0].counts) == ("Measured", (30, 30, 30))


async def test_other_rows_behind_a_uri_are_told_by_both_digests(tmp_path: Path) -> None:
    async with serving(rows) as uri:
        plan = a_plan("http://127.0.0.1:1", ACCURACY)
        found, pinned = plan.datasets[0].sha256[:16], "0" * 64
        plan = from_elsewhere(plan, uri=uri, sizeLimit=2**20, sha256=pinned)
        result = await Attempt(plan, {}, scratch=tmp_path).run(seconds=60)
    assert (result.outcome, result.datasets) == ("DatasetInvalid", (found,))
    assert f"begins with {found}, not with {pinned[:16]}" in result.message


async def test_time_that_runs_out_while_fetching_is_told_and_no_result(tmp_path: Path) -> None:
    async with serving(silent) as uri:
        plan = from_elsewhere(a_plan("http://127.0.0.1:1", ACCURACY), uri=uri, sizeLimit=2**20)
        with pytest.raises(TimeoutError, match="were not read within 1 s: raise upTo"):
            await Attempt(plan, {}, scratch=tmp_path).run(seconds=1)


async def test_a_file_that_is_not_on_its_claim_is_named_and_no_result(tmp_path: Path) -> None:
    plan = from_elsewhere(a_plan("http://127.0.0.1:1", ACCURACY), claimPath="a/rows", sizeLimit=1)
    assert large(plan)
    given = file_paths(plan, tmp_path / "datasets", tmp_path / "claims")
    assert given == {"golden": tmp_path / "claims" / "golden" / "a/rows"}
    with pytest.raises(OSError, match=r"data set golden: .*claims/golden/a/rows"):
        await Attempt(plan, given).run(seconds=60)
