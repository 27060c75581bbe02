"""Each protocol against a server that others wrote, by whole attempts of the runner."""

import logging

import jmespath
import pytest

from modelward.benchmark.counts import ExamCounts
from modelward.strictjson import Json
from tests.servers.asking import ACCURACY, ask, attempt, is_ready, rows_of
from tests.servers.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

BINARY, GRPC = {"tensors": "binary"}, {"transport": "grpc"}
V2_WAYS = [
    pytest.param({}, id="REST"),
    pytest.param(GRPC, id="gRPC"),
    pytest.param(GRPC | BINARY, id="gRPC, raw"),
]


def address(server: Server, said: dict[str, str]) -> str:
    return server.grpc if said.get("transport") == "grpc" else server.rest


@pytest.mark.parametrize("said", V2_WAYS)
async def test_mlservers_classifier_is_as_accurate_by_each_transport(
    mlserver: Server, said: dict[str, str]
) -> None:
    assert mlserver.golden
    url, rows = address(mlserver, said), mlserver.golden.read_bytes()
    result = await attempt(url, "v2", rows, ACCURACY, model="digits", said=said)
    # train.py prints this share, 0.9694, counted by scikit-learn without any server.
    assert result.kpis[0].counts == ExamCounts(360, 360, 349).to_ints()


@pytest.mark.parametrize("said", V2_WAYS)
async def test_mlserver_is_asked_for_the_models_own_readiness_and_metadata(
    mlserver: Server, said: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert mlserver.golden
    url = address(mlserver, said)
    assert await is_ready(url, "v2", "digits", said)
    assert not await is_ready(url, "v2", "letters", said)
    row = mlserver.golden.read_bytes().splitlines()[0]
    with caplog.at_level(logging.INFO):
        await attempt(url, "v2", row, ACCURACY, model="digits", said=said)
    (told,) = (each for each in caplog.records if each.message == "model metadata")
    assert told.metadata["name"] == "digits"  # type: ignore[attr-defined]


@pytest.mark.parametrize("said", V2_WAYS)
async def test_mlservers_refusal_is_a_failed_request(
    mlserver: Server, said: dict[str, str]
) -> None:
    tensor: Json = {"name": "pixels", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}
    answer = await ask(address(mlserver, said), "v2", [tensor], "letters", said)
    assert answer.problem == "status 404"
    assert "letters" in answer.detail


DOUBLES = rows_of([(i, 2 * i) for i in range(30)])


def tensors(datatype: str) -> bytes:
    """Return rows of one tensor each that expect the double."""
    return rows_of(
        [
            ([{"name": "x", "shape": [1], "datatype": datatype, "data": [i / 2]}], i)
            for i in range(30)
        ]
    )


async def test_kserves_v1_answers(kserve: Server) -> None:
    result = await attempt(kserve.rest, "v1", DOUBLES, ACCURACY)
    assert result.kpis[0].counts == ExamCounts(30, 30, 30).to_ints()


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
@pytest.mark.parametrize("said", [*V2_WAYS, pytest.param(BINARY, id="REST, binary")])
async def test_kserves_v2_answers_by_each_transport(
    kserve: Server, said: dict[str, str], datatype: str
) -> None:
    url = address(kserve, said)
    result = await attempt(url, "v2", tensors(datatype), ACCURACY, said=said)
    assert result.kpis[0].counts == ExamCounts(30, 30, 30).to_ints()


@pytest.mark.parametrize(("protocol", "said"), [("v1", {}), ("v2", {}), ("v2", GRPC)])
async def test_kserve_is_asked_for_the_models_own_readiness(
    kserve: Server, protocol: str, said: dict[str, str]
) -> None:
    url = address(kserve, said)
    assert await is_ready(url, protocol, "m", said)
    assert not await is_ready(url, protocol, "loading", said)
    assert not await is_ready(url, protocol, "unknown", said)


async def test_kserves_own_error_is_a_failed_request(kserve: Server) -> None:
    assert (await ask(kserve.rest, "v1", {"a": 1})).problem == "status 500"
    assert (await ask(kserve.rest, "v1", 1, "unknown")).problem == "status 404"


LIMITED: dict[str, Json] = {"max_tokens": 8, "temperature": 0}
HELLO: dict[str, Json] = {"messages": [{"role": "user", "content": "hello"}], **LIMITED}


@pytest.mark.parametrize(
    ("endpoint", "inputs"), [("chat", HELLO), ("completions", {"prompt": "Once", **LIMITED})]
)
async def test_llama_cpp_streams_what_it_answers_at_once(
    openai: Server, endpoint: str, inputs: dict[str, Json]
) -> None:
    said = {"endpoint": endpoint}
    streamed = await ask(openai.rest, "openai", inputs, "tiny", said)
    whole = await ask(openai.rest, "openai", inputs | {"stream": False}, "tiny", said)
    where = {"chat": "choices[0].message.content", "completions": "choices[0].text"}[endpoint]
    text = jmespath.search(where, streamed.document)
    assert text
    assert text == jmespath.search(where, whole.document)
    assert whole.tokens is None
    assert streamed.tokens
    assert 1 <= streamed.tokens.tokens <= 8
    times = streamed.tokens.arrivals
    assert list(times) == sorted(times)
    assert times[-1] <= streamed.ended


async def test_llama_cpps_chat_is_judged_by_its_rows(openai: Server) -> None:
    answer = await ask(openai.rest, "openai", HELLO, "tiny")
    text = jmespath.search("choices[0].message.content", answer.document)
    rows = rows_of([(HELLO, text), (HELLO | {"max_tokens": 1}, "something else")])
    result = await attempt(openai.rest, "openai", rows, ACCURACY, model="tiny")
    assert result.kpis[0].counts == ExamCounts(2, 2, 1).to_ints()


async def test_llama_cpp_embeds(openai: Server) -> None:
    answer = await ask(openai.rest, "openai", "Once", "tiny", {"endpoint": "embeddings"})
    assert answer.problem is None
    assert jmespath.search("data[0].embedding[0]", answer.document)


async def test_a_model_that_llama_cpp_does_not_list_is_not_ready(openai: Server) -> None:
    assert await is_ready(openai.rest, "openai", "tiny")
    assert not await is_ready(openai.rest, "openai", "large")


async def test_fastapis_answers_and_its_refusals(fastapi: Server) -> None:
    path = {"path": "/predict"}
    rows = rows_of([({"x": i}, 2 * i) for i in range(30)])
    result = await attempt(fastapi.rest, "http", rows, ACCURACY, said=path)
    assert result.kpis[0].counts == ExamCounts(30, 30, 30).to_ints()
    refused = await ask(fastapi.rest, "http", {"x": "many"}, said=path)
    assert refused.problem == "status 422"
    assert "int_parsing" in refused.detail
