"""The model server of the stories behaves as it is told, or the stories would prove nothing."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import jmespath
import pytest
from aiohttp.test_utils import TestClient, TestServer

from modelward.benchmark.rows import check_rows
from modelward.protocols import dialogue
from modelward.runner.client import Answer
from modelward.runner.client import Client as Runner
from tests.e2e.server import overgrpc
from tests.e2e.server.app import Server
from tests.e2e.server.behaviour import MODEL, ROWS, Behaviour, Failures, golden_rows, predict
from tests.e2e.server.dialects import Dialects
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


@pytest.mark.parametrize("protocol", ["v2", "http", "openai"])
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


@pytest.mark.parametrize(("share", "burst"), [(0.1, 1), (0.1, 5), (0.5, 5), (0.0, 5), (1.0, 3)])
def test_failures_have_their_share_and_come_as_many_in_a_row_as_they_are_told(
    share: float, burst: int
) -> None:
    failures = Failures(random.Random(1))
    failed = "".join("x" if failures.next(share, burst) else "." for _ in range(50_000))
    assert abs(failed.count("x") / 50_000 - share) < 0.02
    assert all(len(stretch) % burst == 0 for stretch in failed.split(".")[:-1])


async def asked(
    url: str, protocol: str, model: str = MODEL, **said: str
) -> tuple[Answer, bool, object]:
    """Ask for the prediction of a golden row and for readiness; return what is expected, too."""
    row = json.loads(golden_rows("http" if protocol == "v1" else protocol).splitlines()[7])
    spoken = dialogue(protocol, model, said)
    async with Runner(url, spoken, 5.0) as runner:
        _, is_ready = await runner.ready()
        return await runner.predict(spoken.ask(row["inputs"])), is_ready, row["expected"]


@pytest.mark.parametrize(
    ("protocol", "prediction"),
    [("v1", "predictions[0]"), ("openai", "choices[0].message.content")],
)
async def test_it_speaks_other_dialects_about_its_own_model(protocol: str, prediction: str) -> None:
    async with TestServer(Dialects("one", Behaviour()).app()) as server:
        url = f"http://{server.host}:{server.port}"
        answer, is_ready, expected = await asked(url, protocol)
        assert (jmespath.search(prediction, answer.document), is_ready) == (expected, True)
        answer, is_ready, _ = await asked(url, protocol, "letters")
        assert (answer.status, is_ready) == (404, False)
    async with TestServer(Dialects("two", Behaviour(ready=False)).app()) as server:
        assert not (await asked(f"http://{server.host}:{server.port}", protocol))[1]


async def test_it_streams_word_by_word() -> None:
    async with TestServer(Dialects("one", Behaviour()).app()) as server:
        answer, _, _ = await asked(f"http://{server.host}:{server.port}", "openai")
    assert answer.tokens
    assert answer.tokens.tokens == 3


async def test_over_grpc_it_takes_raw_tensors_alone() -> None:
    server = overgrpc.server(overgrpc.Model("one", Behaviour()))
    url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        raw = {"transport": "grpc", "tensors": "binary"}
        answer, is_ready, expected = await asked(url, "v2", **raw)
        assert jmespath.search("outputs[0].data[0]", answer.document) == expected
        assert is_ready
        assert (await asked(url, "v2", "letters", **raw))[1] is False
        assert (await asked(url, "v2", transport="grpc"))[0].status == 400
    finally:
        await server.stop(grace=None)


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
