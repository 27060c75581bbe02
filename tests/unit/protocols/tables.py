"""What the test table of a protocol consists of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jmespath

from modelward.protocols import dialogue
from modelward.protocols.base import Arrival, Bad, Good, Reply
from modelward.strictjson import Json


@dataclass(frozen=True)
class Asking:
    """A row as it is asked."""

    of: str
    """What is shown."""
    protocol: str
    inputs: Json
    path: str
    body: Json
    said: Mapping[str, str] = field(default_factory=dict)
    model: str = "m"


@dataclass(frozen=True)
class Reading:
    """A reply, and the prediction in it or the problem with it."""

    of: str
    """What is shown."""
    protocol: str
    reply: Reply
    prediction: Json = None
    problem: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


def told(document: Json, status: int = 200) -> Reply:
    """Return a reply with this JSON."""
    headers = {"content-type": "application/json"}
    return Reply(status, json.dumps(document).encode(), headers)


def streamed(*events: Json, times: Sequence[int] = (), ended: bool = True) -> Reply:
    """Return a reply that streams these events, each at its time in ns."""
    parts = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    if ended:
        parts.append(b"data: [DONE]\n\n")
    arrivals, body = [], b""
    for i, part in enumerate(parts):
        body += part
        arrivals.append(Arrival(times[min(i, len(times) - 1)] if times else i, len(body)))
    return Reply(200, body, {"content-type": "text/event-stream"}, tuple(arrivals))


def check_asking(case: Asking) -> None:
    """Hold the request for a row to what the table says."""
    request = dialogue(case.protocol, case.model, case.said).ask(case.inputs)
    assert (request.method, request.path) == ("POST", case.path)
    assert json.loads(request.body) == case.body
    assert dict(request.headers) == {"Content-Type": "application/json"}


def check_reading(case: Reading) -> None:
    """Hold the answer in a reply to what the table says."""
    asked = dialogue(case.protocol, "m", {"path": "/predict"} | dict(case.said))
    answer = asked.read(case.reply)
    if case.problem:
        assert isinstance(answer, Bad)
        assert answer.problem == case.problem
    else:
        assert isinstance(answer, Good), answer
        found: Any = jmespath.search(asked.prediction, answer.document)
        assert found == case.prediction
