"""The model server of the stories behaves as it is told, or the stories would prove nothing."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from modelward.benchmark.rows import check_rows
from tests.e2e.server.app import Server
from tests.e2e.server.behaviour import ROWS, Behaviour, golden_rows, predict
from tests.scraped import Scraped

Client = TestClient[Any, Any]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(Server("one", Behaviour()).app())) as client:
        yield client


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 0.92, 1.0])
def test_accuracy_is_exact_on_the_golden_rows(accuracy: float) -> None:
    behaviour, chance = Behaviour(accuracy=accuracy), random.Random(1)
    right = sum(predict(behaviour, number, chance) == number for number in range(ROWS))
    assert right == round(accuracy * ROWS)


@pytest.mark.parametrize("protocol", ["v2", "http"])
def test_the_golden_rows_are_a_data_set(protocol: str) -> None:
    assert check_rows(golden_rows(protocol).encode()) == ROWS


async def test_it_answers_both_protocols_with_its_version(client: Client) -> None:
    v2, http = (json.loads(golden_rows(p).splitlines()[7])["inputs"] for p in ("v2", "http"))
    answer = await (await client.post("/v2/models/m/infer", json={"inputs": v2})).json()
    assert (answer["outputs"][0]["data"], answer["model_version"]) == ([7], "one")
    answer = await (await client.post("/predict", json=http)).json()
    assert answer == {"prediction": 7, "model_version": "one"}


async def test_it_can_fail_its_readiness_probe_and_answer_all_the_same(client: Client) -> None:
    assert (await client.get("/ready")).status == 200
    await client.put("/behaviour", json={"ready": False})
    assert (await client.get("/v2/models/m/ready")).status == 503
    assert (await client.post("/predict", json={"number": 1})).status == 200


async def test_it_fails_as_many_requests_as_it_is_told(client: Client) -> None:
    await client.put("/behaviour", json={"error_rate": 0.3})
    answers = [(await client.post("/predict", json={"number": 1})).status for _ in range(200)]
    assert 40 <= answers.count(500) <= 80


async def test_it_can_be_of_two_minds(client: Client) -> None:
    await client.put("/behaviour", json={"deterministic": False})
    answers = [await client.post("/predict", json={"number": 1}) for _ in range(20)]
    assert {(await answer.json())["prediction"] for answer in answers} == {1, -1}


async def test_it_can_fail_its_users_and_no_benchmark(client: Client) -> None:
    await client.put("/behaviour", json={"users_error_rate": 1})
    statuses = [
        (await client.post("/predict", json={"number": 1}, headers={"Host": host})).status
        for host in ("fraud.ml.svc:8080", "fraud-x7f9k2m4q1.ml.svc:8080")
    ]
    assert statuses == [500, 200]


async def test_it_counts_predictions_by_status_and_nothing_else(client: Client) -> None:
    await client.post("/predict", json={"number": 1})
    await client.put("/behaviour", json={"error_rate": 1})
    await client.post("/predict", json={"number": 2})
    await client.post("/predict", json={"number": 3})
    assert (await client.get("/ready")).status == 200
    told = Scraped.of(await (await client.get("/metrics")).text())
    assert told.by("requests_total", "code") == {("200",): 1, ("500",): 2}
    assert told.value("request_duration_seconds_count") == 3
