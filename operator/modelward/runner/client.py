"""Asks the model that is measured, and tells what came of it."""

from dataclasses import dataclass
from typing import Literal, Self

from modelward.benchmark.strictjson import Json, StrictJsonError, loads_floats
from modelward.runner.protocols import Protocol
from modelward.runner.transport import RequestFailedError, Response, Transport

_DETAIL_BYTES = 200
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    document: Json = None
    """The JSON of a good answer; numbers are int or float."""
    problem: str | None = None
    """Why the request failed, in few words; None for a good answer."""
    detail: str = ""
    """What the server said of it."""
    status: int | None = None
    """HTTP status, where there was one."""
    unreached: bool = False
    """True where no connection came about, so that the server never saw the request."""
    ended: int = 0
    """When the last byte had come, by time.perf_counter_ns."""


class Client:
    """Requests to one subject over kept connections. An async context manager."""

    def __init__(
        self, base: str, protocol: Protocol, seconds: float, name: str = "the revision"
    ) -> None:
        """`seconds` is how long one request may take, `name` who is asked, for people."""
        self.base = base
        self.name = name
        self.protocol = protocol
        self._transport = Transport(base, seconds)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._transport.__aexit__(*raised)

    async def predict(self, body: bytes) -> Answer:
        """Ask for a prediction. Anything but JSON with a status of 2xx is a failed request."""
        return await self._ask("POST", self.protocol.path, body)

    async def ready(self) -> Answer:
        """Ask whether the model is there."""
        return await self._ask("GET", self.protocol.ready_path, None)

    async def _ask(self, method: Literal["GET", "POST"], path: str, body: bytes | None) -> Answer:
        headers = None if body is None else _JSON
        try:
            return _judged(await self._transport.send(method, path, headers, body))
        except RequestFailedError as error:
            return _failed(error)


def _failed(error: RequestFailedError) -> Answer:
    status, problem = error.status, error.reason
    if status is not None and not 200 <= status < 300:
        problem = f"status {status}"
    return Answer(problem=problem, status=status, unreached=error.unreached, ended=error.ended)


def _judged(response: Response) -> Answer:
    status, ended = response.status, response.ended
    if not 200 <= status < 300:
        detail = response.body[:_DETAIL_BYTES].decode(errors="replace")
        return Answer(problem=f"status {status}", detail=detail, status=status, ended=ended)
    try:
        document = loads_floats(response.body.decode())
    except (StrictJsonError, UnicodeDecodeError):
        return Answer(problem="the answer is not JSON", status=status, ended=ended)
    return Answer(document=document, status=status, ended=ended)
