"""Every request to the API server, noted where it leaves the process: ours and Kopf's alike.

Both clients are aiohttp's, so one trace sees both. A request is named as the API server names it
in its audit log and as RBAC does: by verb and resource.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Protocol

import aiohttp

from modelward.cluster.clock import now

NO_ANSWER = "<error>"
"""The code of a request that was not answered, as in client-go's rest_client_requests_total."""

_GET = {False: "get", True: "list"}
_WRITING = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True)
class Request:
    """What a request asks for."""

    verb: str
    resource: str
    """Plural name, with its subresource (`modeldeployments/status`); empty for a discovery."""
    namespace: str
    """Empty for the whole cluster."""


def parse(method: str, path: str, query: Mapping[str, str]) -> Request:
    """Name a request by its method and address, as kube-apiserver's RequestInfo does."""
    parts = [part for part in path.split("/") if part]
    # /api/v1/... or /apis/<group>/<version>/...
    parts = parts[2:] if parts[:1] == ["api"] else parts[3:]
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    if not parts:
        return Request(_WRITING.get(method, "get"), "", "")
    resource = "/".join((parts[0], *parts[2:3]))
    if method in _WRITING:
        return Request(_WRITING[method], resource, namespace)
    if query.get("watch") in ("true", "1"):
        return Request("watch", resource, namespace)
    return Request(_GET[len(parts) == 1], resource, namespace)


class Observer(Protocol):
    """Takes note of requests."""

    def request(self, verb: str, resource: str, code: str, seconds: float) -> None:
        """Take note of a request and of how long its answer's head took; code may be NO_ANSWER."""

    def watch_restarted(self, resource: str) -> None:
        """Take note that a watch had to be asked for once more."""


@dataclass
class _Watch:
    asked: float
    """Monotonic time of the last request, whatever came of it."""
    connected: float | None = None
    """Unix time of the last one that was answered."""


class Requests:
    """Notes requests, and which watches there are."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = monotonic) -> None:
        self._observer = observer
        self._clock = clock
        self._watches: dict[tuple[str, str], _Watch] = {}
        """By resource and namespace."""

    def trace(self, *, watches: bool) -> aiohttp.TraceConfig:
        """Return what a client's session must be given to be noted.

        With `watches`, it is the one whose watches fill the cache; they are known one by one.
        """
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._started)
        config.on_request_end.append(self._ended)
        config.on_request_exception.append(self._failed)
        if watches:
            config.on_request_start.append(self._asked)
            config.on_request_end.append(self._answered)
        return config

    def connected_since(self) -> dict[str, float]:
        """Return by resource when its watch was last answered, as Unix time; 0: never yet.

        A watch ends after five minutes at most and is asked for again. Of the watches of several
        namespaces the oldest counts.
        """
        oldest: dict[str, float] = {}
        for (resource, _), watch in self._watches.items():
            since = watch.connected or 0.0
            oldest[resource] = min(since, oldest.get(resource, since))
        return oldest

    def forgotten(self, after: float) -> str | None:
        """Say which watch nobody has asked for in `after` seconds, answered or not, if any."""
        for (resource, _), watch in self._watches.items():
            idle = self._clock() - watch.asked
            if idle > after:
                return f"the watch of {resource} was last asked for {idle:.0f} s ago"
        return None

    async def _started(
        self,
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.request = parse(params.method, params.url.path, params.url.query)
        context.began = self._clock()

    async def _ended(
        self,
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        self._note(context, str(params.response.status))

    async def _failed(
        self,
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        __: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        self._note(context, NO_ANSWER)

    async def _asked(
        self,
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        __: aiohttp.TraceRequestStartParams,
    ) -> None:
        request: Request = context.request
        if request.verb != "watch":
            return
        key = request.resource, request.namespace
        if key in self._watches:
            self._watches[key].asked = context.began
            self._observer.watch_restarted(request.resource)
        else:
            self._watches[key] = _Watch(context.began)

    async def _answered(
        self,
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        request: Request = context.request
        if request.verb == "watch" and params.response.status == 200:
            self._watches[request.resource, request.namespace].connected = now().timestamp()

    def _note(self, context: SimpleNamespace, code: str) -> None:
        request: Request = context.request
        seconds = self._clock() - context.began
        self._observer.request(request.verb, request.resource, code, seconds)
