"""gRPC to one server: unary calls with messages as bytes, one HTTP/2 connection for all of them.

A reply has the HTTP status that stands for its gRPC status, so that whoever reads replies knows one
kind: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""

import asyncio
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Self
from urllib.parse import urlsplit

import grpc
from grpc import StatusCode, aio

from modelward.runner.transport import (
    CONNECT_SECONDS,
    MAX_BODY,
    OnChunk,
    RequestFailedError,
    Response,
)

_HTTP_STATUS = {
    StatusCode.CANCELLED: 499,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.OUT_OF_RANGE: 400,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.ABORTED: 409,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.UNAVAILABLE: 503,
    StatusCode.DEADLINE_EXCEEDED: 504,
}
"""Any other is 500."""
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_BODY),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
    # A request is sent once: what is tried again in silence would hide errors.
    ("grpc.enable_retries", 0),
    ("grpc.primary_user_agent", "modelward-runner"),
    ("grpc.use_local_subchannel_pool", 1),
)


class GrpcTransport:
    """Calls to one server. An async context manager."""

    def __init__(self, base: str, seconds: float) -> None:
        """`base` is http://HOST:PORT, `seconds` how long one request may take."""
        self._seconds = seconds
        self._channel = aio.insecure_channel(urlsplit(base).netloc, options=_OPTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        on_chunk: OnChunk | None = None,
    ) -> Response:
        """Call the method of this full name with a message and return the reply.

        Raises RequestFailedError.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._connected()
                content = await self._call(path)(body or b"")
                return Response(200, {}, content, perf_counter_ns())
        except TimeoutError:
            raise RequestFailedError("no answer in time") from None
        except aio.AioRpcError as error:
            return _refused(error)

    def _call(self, path: str) -> "aio.UnaryUnaryMultiCallable[bytes, bytes]":
        return self._channel.unary_unary(path, _as_it_is, _as_it_is)

    async def _connected(self) -> None:
        """Return once there is a connection. Raises RequestFailedError where none comes about."""
        if self._channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                state = self._channel.get_state(try_to_connect=True)
                while state is not grpc.ChannelConnectivity.READY:
                    if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                        raise RequestFailedError("no connection", unreached=True)
                    await self._channel.wait_for_state_change(state)
                    state = self._channel.get_state(try_to_connect=True)
        except TimeoutError:
            raise RequestFailedError("no connection in time", unreached=True) from None


def _as_it_is(message: bytes) -> bytes:
    return message


def _refused(error: aio.AioRpcError) -> Response:
    """Return the reply that a call came to which the server, or the connection, ended."""
    if error.code() is StatusCode.UNAVAILABLE and not error.trailing_metadata():
        reason = "connection closed before the answer"
        raise RequestFailedError(reason) from error
    told = f"{error.code().name}: {error.details() or ''}"
    status = _HTTP_STATUS.get(error.code(), 500)
    return Response(status, {}, told.encode(), perf_counter_ns())
