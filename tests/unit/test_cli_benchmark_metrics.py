"""`modelward benchmark run` and its page: metrics of all kinds, rows from all places."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.rows import sha256_of
from tests.unit.laptop import (
    ACCURACY,
    ROWS,
    deployment,
    measure,
    write,
)
from tests.unit.model_server import ModelServer, serving, serving_app
from tests.unit.runner_plans import golden
from tests.unit.test_runner_streams import streaming

pytestmark = pytest.mark.usefixtures("quick")


def test_values_of_rows_worst_slices_and_rates_are_shown_and_stand_on_the_page(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [json.loads(line) | {"half": i // 15} for i, line in enumerate(golden().splitlines())]
    (place / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    source = {"metric": "accuracy", "dataset": "golden", "worstSliceOf": "half", "minRows": 5}
    worst = {"name": "worst", "benchmark": source, "objective": {"atLeast": "50%"}}
    error = {
        "name": "error",
        "benchmark": {"metric": "mae", "dataset": "golden"},
        "objective": {"atMost": "1"},
    }
    rate = {
        "name": "rate",
        "benchmark": {"metric": "requestsPerSecond"},
        "objective": {"atLeast": "1/s"},
        "effect": "report",
    }
    document = deployment(error, worst, rate)
    document["spec"]["load"]["for"] = "1s"
    write(place, document)
    with serving(ModelServer(wrong=frozenset(range(3)))) as url:
        assert measure(url, *ROWS, "--report", "page.html") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == "error 0.1 <= 1 Pass 30"
    assert lines[2] == "worst 80% >= 50% Pass 15"
    assert re.fullmatch(r"rate [0-9.]+/s >= 1/s Inconclusive NotJudged .+", lines[3])
    page = (place / "page.html").read_text()
    assert "half=0, whose value rests on 15" in page
    assert "The value of 30 rows is 0.1." in page
    assert '<h2 id="slices">Slices</h2>' in page


async def test_times_of_tokens_and_their_rates_are_shown_and_stand_on_the_page(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def kpi(metric: str, objective: dict[str, str], **more: object) -> dict[str, Any]:
        source = {"metric": metric} | more
        return {"name": metric.lower(), "benchmark": source, "objective": objective}

    report = {"effect": "report"}
    within = {"timeToFirstToken": "2s"}
    document = deployment(
        kpi("timeToFirstToken", {"atMost": "2s"}, quantile="p90"),
        kpi("timePerOutputToken", {"atMost": "2s"}, quantile="p90") | report,
        kpi("tokensPerSecond", {"atLeast": "1/s"}) | report,
        kpi("goodput", {"atLeast": "1/s"}, within=within) | report,
    )
    document["spec"]["serving"]["protocol"] = "openai"
    row = {"id": "one", "inputs": "hello", "expected": "abc"}
    (place / "rows.jsonl").write_text(json.dumps(row))
    write(place, document)
    async with serving_app(streaming(first=0.01)) as url:
        code = await asyncio.to_thread(measure, url, *ROWS, "--report", "page.html")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert code == 0, lines
    assert re.fullmatch(r"timetofirsttoken [0-9.]+m?s p90 <= 2s Pass [0-9,]+", lines[1])
    assert re.fullmatch(r"tokenspersecond [0-9.]+/s >= 1/s Inconclusive NotJudged .+", lines[3])
    assert re.fullmatch(r"goodput [0-9.]+/s >= 1/s Inconclusive NotJudged .+", lines[4])
    page = (place / "page.html").read_text()
    assert "<h3>timeperoutputtoken" in page
    assert "requests took longer than 2s" in page


def test_rows_are_fetched_from_where_a_data_set_s_uri_points(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = deployment(ACCURACY)
    remote = {"name": "golden", "uri": "URL/rows.jsonl", "sha256": sha256_of(golden())}
    document["spec"]["datasets"] = [remote]

    async def rows(_: web.Request) -> web.Response:
        return web.Response(body=golden())

    with serving(ModelServer()) as url, serving(ModelServer(rows=rows)) as store:
        remote["uri"] = f"{store}/rows.jsonl"
        write(place, document)
        assert measure(url) == 0
        write(place, document | {"spec": document["spec"] | {"datasets": [
            {"name": "golden", "persistentVolumeClaim": {"claimName": "c", "path": "rows.jsonl"},
             "sha256": sha256_of(golden())}
        ]}})  # fmt: skip
        assert measure(url) == 64
        told = "a claim of the cluster is not at hand here: say --dataset golden=FILE"
        assert told in capsys.readouterr().err
        assert measure(url, *ROWS) == 0
