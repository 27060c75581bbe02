"""gRPC to one server: unary calls with messages as bytes, one HTTP/2 connection for all of them.

A reply has the HTTP status that stands for its gRPC status, so that whoever reads replies knows one
kind: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""

import asyncio
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Self

import grpc
from grpc import StatusCode, aio

from modelward.runner.address import Address
from modelward.runner.tls import NO_TLS, NOT_TRUSTED, OTHER_NAME, OUT_OF_DATE, SYSTEM, Trust
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


_SETTLED = {
    grpc.ChannelConnectivity.READY: True,
    grpc.ChannelConnectivity.TRANSIENT_FAILURE: False,
}
"""States in which it is known whether there is a connection, and whether there is one."""
_UNREACHED = (
    ("Hostname Verification Check failed", OTHER_NAME),
    ("certificate has expired", OUT_OF_DATE),
    ("certificate is not yet valid", OUT_OF_DATE),
    ("CERTIFICATE_VERIFY_FAILED", NOT_TRUSTED),
    ("WRONG_VERSION_NUMBER", NO_TLS),
    ("Connection refused", "connection refused"),
    ("errors resolving", "name not resolved"),
)
"""What gRPC says in words alone of a connection that did not come about; any other is told as one
that did not."""


class GrpcTransport:
    """Calls to one server. An async context manager."""

    def __init__(self, base: str, seconds: float, trust: Trust = SYSTEM) -> None:
        """`base` is http://HOST:PORT or https://HOST:PORT, `seconds` how long a request may take.

        `trust` says whose certificates are believed. Raises ValueError for another base.
        """
        address = Address.of(base)
        self._seconds = seconds
        if address.secure:
            tls = grpc.ssl_channel_credentials(trust.roots())
            self._channel = aio.secure_channel(address.target, tls, options=_OPTIONS)
        else:
            self._channel = aio.insecure_channel(address.target, options=_OPTIONS)

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
                connected = await self._settled()
                try:
                    content = await self._call(path)(body or b"")
                except aio.AioRpcError as error:
                    return _refused(error, connected=connected)
                return Response(200, {}, content, perf_counter_ns())
        except TimeoutError:
            raise RequestFailedError("no answer in time") from None

    def _call(self, path: str) -> "aio.UnaryUnaryMultiCallable[bytes, bytes]":
        return self._channel.unary_unary(path, _as_it_is, _as_it_is)

    async def _settled(self) -> bool:
        """Return whether there is a connection, once that is known.

        Where there is none, a call fails at once, and alone knows why. Raises RequestFailedError
        where it takes too long.
        """
        state = self._channel.get_state(try_to_connect=True)
        if state in _SETTLED:
            return _SETTLED[state]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while state not in _SETTLED:
                    await self._channel.wait_for_state_change(state)
                    state = self._channel.get_state(try_to_connect=True)
            return _SETTLED[state]
        except TimeoutError:
            raise RequestFailedError("no connection in time", unreached=True) from None


def _as_it_is(message: bytes) -> bytes:
    return message


def _refused(error: aio.AioRpcError, *, connected: bool) -> Response:
    """Return the reply that a call came to which the server, or the connection, ended."""
    if error.code() is StatusCode.UNAVAILABLE and not (connected or error.trailing_metadata()):
        told = error.details() or ""
        reason = next((reason for words, reason in _UNREACHED if words in told), "no connection")
        raise RequestFailedError(reason, unreached=True) from error
    if error.code() is StatusCode.UNAVAILABLE and not error.trailing_metadata():
        reason = "connection closed before the answer"
        raise RequestFailedError(reason) from error
    told = f"{error.code().name}: {error.details() or ''}"
    status = _HTTP_STATUS.get(error.code(), 500)
    return Response(status, {}, told.encode(), perf_counter_ns())
