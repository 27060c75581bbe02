"""The OpenAI API as many servers speak it: chat and text completions, streamed, and embeddings.

https://platform.openai.com/docs/api-reference
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from modelward.protocols.base import (
    MAX_DETAIL,
    Answered,
    Asked,
    Bad,
    Dialogue,
    Good,
    NotAskableError,
    Option,
    Protocol,
    Reply,
    Request,
    TokenTimes,
    failed,
    read_json,
)
from modelward.protocols.wire.events import CONTENT_TYPE, Event, events
from modelward.protocols.wire.jsonbody import post
from modelward.strictjson import Json, StrictJsonError, loads_floats

_END = "[DONE]"
_MOST_TOKENS = 10_000_000
"""Of one answer; whoever counts more has not counted."""
_NOT_ASKABLE = "protocol openai takes a text, or an object with the members of the request"


@dataclass(frozen=True)
class _Endpoint:
    """One way of asking."""

    path: str
    member: str
    """Member of the request that a text or a list stands for."""
    prediction: str
    streams: bool
    text_of: Callable[[Mapping[str, Json]], Json] = lambda _: None
    """The text that a choice of a streamed event adds."""
    choice_of: Callable[[str], dict[str, Json]] = lambda _: {}
    """The choice of a whole answer, as it would be without streaming."""


def _delta(choice: Mapping[str, Json]) -> Json:
    delta = choice.get("delta")
    return delta.get("content") if isinstance(delta, dict) else None


ENDPOINTS = {
    "chat": _Endpoint(
        path="/chat/completions",
        member="messages",
        prediction="choices[0].message.content",
        streams=True,
        text_of=_delta,
        choice_of=lambda text: {"message": {"role": "assistant", "content": text}},
    ),
    "completions": _Endpoint(
        path="/completions",
        member="prompt",
        prediction="choices[0].text",
        streams=True,
        text_of=lambda choice: choice.get("text"),
        choice_of=lambda text: {"text": text},
    ),
    "embeddings": _Endpoint(
        path="/embeddings", member="input", prediction="data[0].embedding", streams=False
    ),
}


def _dialogue(asked: Asked) -> Dialogue:
    endpoint, prefix = ENDPOINTS[asked.options["endpoint"]], _prefix(asked)
    return Dialogue(
        ask=partial(_ask, f"{prefix}{endpoint.path}", endpoint, asked.model),
        read=partial(_read, endpoint),
        ready=Request("GET", f"{prefix}/models"),
        is_ready=partial(_lists, asked.model),
        prediction=endpoint.prediction,
        streams=endpoint.streams,
    )


def _prefix(asked: Asked) -> str:
    return asked.options["prefix"].rstrip("/")


def _ask(path: str, endpoint: _Endpoint, model: str, inputs: Json) -> Request:
    """Return a request; what a row says of it itself stands, `model` and `stream` among it."""
    defaults: dict[str, Json] = {"model": model}
    if endpoint.streams:
        defaults |= {"stream": True, "stream_options": {"include_usage": True}}
    if isinstance(inputs, str) and endpoint.member == "messages":
        inputs = [{"role": "user", "content": inputs}]
    if isinstance(inputs, str | list):
        inputs = {endpoint.member: inputs}
    if not isinstance(inputs, dict):
        raise NotAskableError(_NOT_ASKABLE)
    document = defaults | inputs
    if not document.get("stream"):
        document.pop("stream_options", None)
    return post(path, document)


def _read(endpoint: _Endpoint, reply: Reply) -> Answered:
    if bad := failed(reply):
        return bad
    if reply.headers.get("content-type", "").startswith(CONTENT_TYPE):
        return _read_stream(endpoint, reply)
    answer = read_json(reply)
    if isinstance(answer, Good) and not isinstance(answer.document, dict):
        return Bad("the answer is no JSON object")
    return answer


@dataclass
class _Stream:
    """What a stream has brought so far, of its first choice."""

    texts: list[str] = field(default_factory=list)
    arrivals: list[int] = field(default_factory=list)
    finish: Json = None
    usage: dict[str, Json] = field(default_factory=dict)

    def take(self, endpoint: _Endpoint, document: Mapping[str, Json], at: int | None) -> None:
        usage, choices = document.get("usage"), document.get("choices")
        if isinstance(usage, dict):
            self.usage = usage
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or choice.get("index", 0) != 0:
                continue
            self.finish = choice.get("finish_reason") or self.finish
            text = endpoint.text_of(choice)
            if isinstance(text, str) and text:
                self.texts.append(text)
                if at is not None:
                    self.arrivals.append(at)

    def token_times(self) -> TokenTimes | None:
        """Return when tokens came; None where nothing did, or nobody looked."""
        if not self.arrivals:
            return None
        counted = self.usage.get("completion_tokens")
        if not (isinstance(counted, int) and 0 < counted <= _MOST_TOKENS):
            counted = len(self.arrivals)
        return TokenTimes(tuple(self.arrivals), counted)


def _read_stream(endpoint: _Endpoint, reply: Reply) -> Answered:
    stream, ended = _Stream(), False
    try:
        for event in events(reply.body, reply.arrivals):
            if event.data == _END:
                ended = True
                break
            document = loads_floats(event.data)
            if bad := _error_in(document, event):
                return bad
            if isinstance(document, dict):
                stream.take(endpoint, document, event.at)
    except (StrictJsonError, UnicodeDecodeError):
        return Bad("an event of the stream is not JSON")
    if not ended and stream.finish is None:
        return Bad("the stream ended in the middle")
    choice = {"index": 0, "finish_reason": stream.finish}
    choice |= endpoint.choice_of("".join(stream.texts))
    return Good({"choices": [choice], "usage": stream.usage}, stream.token_times())


def _error_in(document: Json, event: Event) -> Bad | None:
    """A server that has begun a stream has no other way to say that it failed."""
    if isinstance(document, dict) and document.get("error"):
        return Bad("the stream brought an error", event.data[:MAX_DETAIL])
    return None


def _lists(model: str, reply: Reply) -> bool:
    """Tell whether a list of models has this one."""
    answer = read_json(reply)
    document = answer.document if isinstance(answer, Good) else None
    models = document.get("data") if isinstance(document, dict) else None
    if not isinstance(models, list):
        return False
    return any(isinstance(each, dict) and each.get("id") == model for each in models)


PROTOCOL = Protocol(
    name="openai",
    streams=True,
    text="the OpenAI API",
    prediction="choices[0].message.content, choices[0].text or data[0].embedding",
    open=_dialogue,
    ready_path=lambda asked: f"{_prefix(asked)}/models",
    options=(
        Option(
            "endpoint",
            "chat (the default), completions or embeddings. The first two are streamed, unless a "
            "row says stream: false.",
            values=tuple(ENDPOINTS),
            default="chat",
        ),
        Option("prefix", "Path before the endpoints, /v1 by default.", default="/v1"),
    ),
)
