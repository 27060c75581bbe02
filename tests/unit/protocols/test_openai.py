import pytest

from modelward.protocols import dialogue
from modelward.protocols.base import Good, NotAskableError, Reply, TokenTimes
from modelward.strictjson import Json
from tests.unit.protocols.tables import (
    Asking,
    Reading,
    check_asking,
    check_reading,
    streamed,
    told,
)

STREAM: dict[str, Json] = {"stream": True, "stream_options": {"include_usage": True}}
HELLO: Json = [{"role": "user", "content": "hello"}]
CHAT, TEXT, EMBED = ({"endpoint": e} for e in ("chat", "completions", "embeddings"))


def with_stream(**members: Json) -> Json:
    return {"model": "m"} | members | STREAM


ASKED = [
    Asking("a text is what the user says", "openai", "hello", "/v1/chat/completions",
           with_stream(messages=HELLO)),
    Asking("a list is the messages", "openai", HELLO, "/v1/chat/completions",
           with_stream(messages=HELLO), CHAT),
    Asking("an object has members of the request", "openai",
           {"messages": HELLO, "max_tokens": 8, "temperature": 0}, "/v1/chat/completions",
           with_stream(messages=HELLO, max_tokens=8, temperature=0)),
    Asking("what a row says itself stands", "openai", {"messages": HELLO, "model": "lora"},
           "/v1/chat/completions", with_stream(messages=HELLO, model="lora")),
    Asking("a row can do without a stream", "openai", {"messages": HELLO, "stream": False},
           "/v1/chat/completions", {"model": "m", "messages": HELLO, "stream": False}),
    Asking("a prompt", "openai", "Once", "/v1/completions",
           with_stream(prompt="Once"), TEXT),
    Asking("an embedding, which is no stream", "openai", "Once", "/v1/embeddings",
           {"model": "m", "input": "Once"}, EMBED),
    Asking("the prefix is another", "openai", "Once", "/serve/v3/embeddings",
           {"model": "m", "input": "Once"}, EMBED | {"prefix": "/serve/v3/"}),
    Asking("there is no prefix", "openai", "Once", "/embeddings",
           {"model": "m", "input": "Once"}, EMBED | {"prefix": "/"}),
]  # fmt: skip


def delta(content: Json, **more: Json) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": content}, **more}]}


def piece(text: Json, **more: Json) -> Json:
    return {"choices": [{"index": 0, "text": text, **more}]}


ROLE: Json = {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}
USAGE: Json = {"choices": [], "usage": {"completion_tokens": 5}}

READ = [
    Reading("a streamed chat", "openai", streamed(ROLE, delta("Hel"), delta("lo")), "Hello"),
    Reading("the same without a stream", "openai",
            told({"choices": [{"message": {"content": "Hello"}}]}), "Hello"),
    Reading("a streamed completion", "openai", streamed(piece("a "), piece("time")), "a time",
            said=TEXT),
    Reading("the same without a stream", "openai", told({"choices": [{"text": "a"}]}), "a",
            said=TEXT),
    Reading("an embedding", "openai", told({"data": [{"embedding": [0.5, 1]}]}), [0.5, 1],
            said=EMBED),
    Reading("an empty answer", "openai", streamed(ROLE, delta("", finish_reason="stop")), ""),
    Reading("the first choice of two", "openai",
            streamed(delta("a"), {"choices": [{"index": 1, "delta": {"content": "b"}}]}), "a"),
    Reading("a stream that ends by its reason", "openai",
            streamed(delta("a", finish_reason="stop"), ended=False), "a"),
    Reading("a stream that breaks off", "openai", streamed(delta("a"), ended=False),
            problem="the stream ended in the middle"),
    Reading("an error within a stream", "openai", streamed(delta("a"), {"error": {"code": 500}}),
            problem="the stream brought an error"),
    Reading("an event that is no JSON", "openai",
            Reply(200, b"data: {\n\n", {"content-type": "text/event-stream; charset=utf-8"}),
            problem="an event of the stream is not JSON"),
    Reading("a stream of bytes", "openai",
            Reply(200, b"data: \xff\n\n", {"content-type": "text/event-stream"}),
            problem="an event of the stream is not JSON"),
    Reading("a comment and an unknown field", "openai",
            Reply(200, b': ping\n\nid: 7\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n'
                  b"data: [DONE]\n\n", {"content-type": "text/event-stream"}), "a"),
    Reading("carriage returns", "openai",
            Reply(200, b'data:{"choices":[{"delta":{"content":"a"}}]}\r\n\r\ndata:[DONE]\r\n\r\n',
                  {"content-type": "text/event-stream"}), "a"),
    Reading("a status", "openai", told({"error": "overloaded"}, 529), problem="status 529"),
    Reading("no object", "openai", told([1]), problem="the answer is no JSON object"),
]  # fmt: skip


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.of)
def test_a_row_is_asked(case: Asking) -> None:
    check_asking(case)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.of)
def test_a_reply_is_read(case: Reading) -> None:
    check_reading(case)


@pytest.mark.parametrize("inputs", [7, None])
def test_a_row_that_is_no_request_is_refused(inputs: Json) -> None:
    with pytest.raises(NotAskableError, match="takes a text, or an object"):
        dialogue("openai", "m", {}).ask(inputs)


def tokens(*events: Json, times: tuple[int, ...]) -> TokenTimes | None:
    answer = dialogue("openai", "m", {}).read(streamed(*events, times=times))
    assert isinstance(answer, Good)
    return answer.tokens


def test_tokens_come_when_the_events_do_that_bring_text() -> None:
    found = tokens(ROLE, delta("a"), delta("b"), delta(""), delta("c"), times=(1, 20, 30, 40, 50))
    assert found == TokenTimes((20, 30, 50), 3)


def test_the_servers_own_count_of_tokens_is_believed_where_an_event_brings_several() -> None:
    found = tokens(ROLE, delta("abc"), delta("de"), USAGE, times=(1, 20, 30, 40))
    assert found == TokenTimes((20, 30), 5)


@pytest.mark.parametrize("count", [0, -1, 10**30, 1.5, "5", None])
def test_a_count_that_can_t_be_one_is_not_believed(count: Json) -> None:
    usage: Json = {"choices": [], "usage": {"completion_tokens": count}}
    assert tokens(delta("a"), delta("b"), usage, times=(1, 2, 3)) == TokenTimes((1, 2), 2)


def test_an_event_has_come_when_its_last_part_has() -> None:
    reply = streamed(delta("a"), times=(10,))
    first, rest = reply.arrivals[0], reply.arrivals[1:]
    cut = (type(first)(3, first.end // 2), type(first)(99, first.end), *rest)
    answer = dialogue("openai", "m", {}).read(Reply(200, reply.body, reply.headers, cut))
    assert isinstance(answer, Good)
    assert answer.tokens == TokenTimes((99,), 1)


def test_an_answer_without_any_text_has_no_tokens() -> None:
    assert tokens(ROLE, delta("", finish_reason="stop"), times=(1, 2)) is None


@pytest.mark.parametrize(
    ("reply", "ready"),
    [
        (told({"data": [{"id": "other"}, {"id": "m"}]}), True),
        (told({"data": [{"id": "other"}]}), False),
        (told({"data": []}), False),
        (told({"data": [{"id": "m"}]}, 503), False),
        (told([]), False),
        (Reply(200, b"ok"), False),
    ],
)
def test_a_model_is_ready_once_the_server_lists_it(reply: Reply, ready: bool) -> None:
    asked = dialogue("openai", "m", {"prefix": "/v3"})
    assert (asked.ready.method, asked.ready.path) == ("GET", "/v3/models")
    assert asked.is_ready(reply) is ready
