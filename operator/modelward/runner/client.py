"""Asks the model that is measured, and tells what came of it."""

import logging
from dataclasses import dataclass
from typing import Self

from modelward.protocols.base import Answered, Arrival, Bad, Dialogue, Reply, Request, TokenTimes
from modelward.runner.grpc_transport import GrpcTransport
from modelward.runner.tls import SYSTEM, Trust
from modelward.runner.transport import RequestFailedError, Response, Transport
from modelward.strictjson import Json

_TRANSPORTS: dict[str, type[Transport | GrpcTransport]] = {
    "http": Transport,
    "grpc": GrpcTransport,
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    document: Json = None
    """The document of a good answer; numbers are int or float."""
    problem: str | None = None
    """Why the request failed, in few words; None for a good answer."""
    detail: str = ""
    """What the server said of it."""
    status: int | None = None
    """HTTP status, or what stands for it, where there was one."""
    unreached: bool = False
    """True where no connection came about, so that the server never saw the request."""
    ended: int = 0
    """When the last byte had come, by time.perf_counter_ns."""
    tokens: TokenTimes | None = None
    """When its tokens came, where it was streamed."""


class Client:
    """Requests to one subject over kept connections. An async context manager."""

    def __init__(
        self,
        base: str,
        dialogue: Dialogue,
        seconds: float,
        name: str = "the revision",
        trust: Trust = SYSTEM,
    ) -> None:
        """`seconds` is how long one request may take, `name` who is asked, for people.

        `trust` says whose certificates are believed. Raises ValueError for a base that is none.
        """
        self.base = base
        self.name = name
        self.dialogue = dialogue
        self._transport = _TRANSPORTS[dialogue.transport](base, seconds, trust)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._transport.__aexit__(*raised)

    async def predict(self, request: Request) -> Answer:
        """Ask for a prediction. What the protocol can't read as an answer is a failed request."""
        try:
            response, arrivals = await self._send(request)
        except RequestFailedError as error:
            return _failed(error)
        return _answer(self.dialogue.read(_reply(response, arrivals)), response)

    async def ready(self) -> tuple[Answer, bool]:
        """Ask whether the model is ready; return what came of asking, and whether it is."""
        try:
            response, _ = await self._send(self.dialogue.ready)
        except RequestFailedError as error:
            return _failed(error), False
        answer = Answer(status=response.status, ended=response.ended)
        return answer, self.dialogue.is_ready(_reply(response))

    async def tell_metadata(self) -> None:
        """Log what the server knows of the model, where the protocol has that."""
        if self.dialogue.metadata is None or self.dialogue.read_metadata is None:
            return
        try:
            response, _ = await self._send(self.dialogue.metadata)
        except RequestFailedError:
            return
        known = _answer(self.dialogue.read_metadata(_reply(response)), response)
        if known.problem is None:
            _log.info("model metadata", extra={"of": self.name, "metadata": known.document})

    async def _send(self, request: Request) -> tuple[Response, list[Arrival]]:
        arrivals: list[Arrival] = []
        end = 0

        def on_chunk(data: bytes, time: int) -> None:
            nonlocal end
            end += len(data)
            arrivals.append(Arrival(time, end))

        response = await self._transport.send(
            request.method,
            request.path,
            dict(request.headers),
            request.body or None,
            on_chunk if self.dialogue.streams else None,
        )
        return response, arrivals


def _reply(response: Response, arrivals: list[Arrival] | None = None) -> Reply:
    return Reply(response.status, response.body, response.headers, tuple(arrivals or ()))


def _failed(error: RequestFailedError) -> Answer:
    status, problem = error.status, error.reason
    if status is not None and not 200 <= status < 300:
        problem = f"status {status}"
    return Answer(problem=problem, status=status, unreached=error.unreached, ended=error.ended)


def _answer(answered: Answered, response: Response) -> Answer:
    status, ended = response.status, response.ended
    if isinstance(answered, Bad):
        return Answer(problem=answered.problem, detail=answered.detail, status=status, ended=ended)
    return Answer(answered.document, status=status, ended=ended, tokens=answered.tokens)
