"""The administrator's Prometheus: where it is, what is asked of it, and how its answers are read.

Where it is and with which labels it is asked stands in a file that only the administrator of the
operator writes. A tenant writes selectors; what is added to them here narrows them to the pods of a
revision, and nothing that stands in a selector can take that away.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import yaml
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from modelward import __version__
from modelward.api.base import ApiModel
from modelward.benchmark.live.scrapes import SUFFIX, Reading, Series
from modelward.benchmark.snapshot import Unread

MOST_BYTES = 16 * 1024 * 1024
"""Of one answer: half a million samples."""
_CHUNK = 64 * 1024
_CLIENT_ERRORS = range(400, 500)
_BUSY = 429


class SettingsError(Exception):
    """The administrator's file can't be used; the message says what to change."""


def _label(name: str) -> str:
    if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name):
        raise ValueError(f"{name!r} is no label's name")
    return name


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s?#@]+", text):
        raise ValueError("say an address such as http://prometheus.monitoring.svc:9090")
    return text.rstrip("/")


LabelName = Annotated[str, AfterValidator(_label)]


class _Strict(ApiModel):
    model_config = ConfigDict(extra="forbid")


class NamespaceSettings(_Strict):
    """What is different for one namespace."""

    labels: dict[LabelName, str] = Field(default_factory=dict)
    """Labels that every selector of this namespace must match."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of its requests, such as X-Scope-OrgID."""


class ExpressionSettings(_Strict):
    """Where expressions are evaluated: an address that keeps namespaces apart in any of them.

    Tenants write expressions, and nothing that is added to one narrows all of its parts. So they
    go to a prom-label-proxy, or what does the same.
    """

    url: Annotated[str, AfterValidator(_url)]
    """Address of its HTTP API, without /api/v1."""
    namespace_parameter: Annotated[str, AfterValidator(_label)] = "namespace"
    """Parameter of the URL that takes the namespace, as in ?namespace=ml."""


class PrometheusSettings(_Strict):
    """Where Prometheus is and how it is asked."""

    url: Annotated[str, AfterValidator(_url)]
    """Address of the HTTP API, without /api/v1."""
    namespace_label: LabelName = "namespace"
    """Label that holds a series' namespace."""
    pod_label: LabelName = "pod"
    """Label that holds the name of its pod."""
    labels: dict[LabelName, str] = Field(default_factory=dict)
    """Labels that every selector must match, such as the cluster."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of every request."""
    namespaces: dict[str, NamespaceSettings] = Field(default_factory=dict)
    """By namespace: what is added for it."""
    expressions: ExpressionSettings | None = None
    """Where expressions are evaluated; nowhere by default."""
    bearer_token_file: Path | None = None
    """File with a token, read at each request."""
    ca_file: Path | None = None
    """File with the certificates that are trusted instead of the system's."""
    timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long an answer may take."""
    at_once: int = Field(default=4, ge=1, le=64)
    """Readings at the same time."""


def read_settings(path: Path) -> PrometheusSettings | None:
    """Return the settings in a file; None where there is no file. Raises SettingsError."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        return PrometheusSettings.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is no YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{path}: {where}: {first['msg']}") from error


class _RefusedError(Exception):
    """Prometheus understood who asks and does not take the question."""


_OF_ANY_FORM = (ValueError, LookupError, TypeError, AttributeError)
FAILURES = (_RefusedError, aiohttp.ClientError, OSError, *_OF_ANY_FORM)
"""What asking raises, TimeoutError among them; and reading an answer, which may be anything."""


class Prometheus:
    """Reads raw samples of revisions' pods."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    async def read(
        self,
        namespace: str,
        replica_sets: Iterable[str],
        selectors: Iterable[str],
        span: tuple[int, int],
    ) -> Reading | Unread:
        """Return raw samples of the pods of some ReplicaSets; a reason where there are none.

        `span` is from after when until when, in milliseconds since 1970.
        """
        matchers = self._matchers(namespace, replica_sets)
        asked = ["up", *sorted(set(selectors))]
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                found = [await self._series(namespace, each, matchers, span) for each in asked]
        except FAILURES as error:
            return self.unread(error)
        return Reading(span[1], found[0], dict(zip(asked[1:], found[1:], strict=True)))

    def unread(self, error: Exception) -> Unread:
        """Return what one of FAILURES means."""
        if isinstance(error, _RefusedError):
            return Unread("QueryRefused", f"Prometheus does not take the query: {error}")
        if isinstance(error, TimeoutError):
            seconds = f"{self.settings.timeout_seconds:g} s"
            return Unread("Unreachable", f"Prometheus did not answer within {seconds}")
        what = f"{type(error).__name__}: {error}"[:300]
        return Unread("Unreachable", f"Prometheus gave no usable answer, {what}")

    def _matchers(self, namespace: str, replica_sets: Iterable[str]) -> str:
        """Return what is added to a selector: the pods, and what the administrator demands."""
        settings = self.settings
        equal = self.demanded(namespace)
        parts = [f"{label}={json.dumps(value)}" for label, value in equal.items()]
        parts.append(f"{settings.pod_label}=~{json.dumps(pods_of(replica_sets))}")
        return ",".join(parts)

    def demanded(self, namespace: str) -> dict[str, str]:
        """Return the labels that all series of a namespace must have."""
        settings = self.settings
        own = settings.namespaces.get(namespace, NamespaceSettings())
        return settings.labels | own.labels | {settings.namespace_label: namespace}

    async def _series(
        self, namespace: str, selector: str, matchers: str, span: tuple[int, int]
    ) -> tuple[Series, ...]:
        begin, end = span
        query = f"{narrowed(selector, matchers)}[{end - begin}ms]"
        form = {"query": query, "time": f"{end / 1000:.3f}"}
        data = await self.ask(self.settings.url, namespace, form)
        return tuple(self._read(each) for each in data["result"])

    def _read(self, result: Mapping[str, Any]) -> Series:
        labels = result["metric"]
        return Series(
            pod=labels[self.settings.pod_label],
            job=labels.get("job", ""),
            instance=labels.get("instance", ""),
            name=_named(labels),
            samples=tuple(
                (round(float(at) * 1000), float(value)) for at, value in result["values"]
            ),
            le=labels.get("le"),
            histogram=_named(labels, without="le"),
        )

    async def ask(
        self,
        url: str,
        namespace: str,
        form: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the data of an instant query.

        `form` is what is asked, `parameters` are part of the URL. Raises one of FAILURES.
        """
        headers = await self._headers(namespace)
        async with self._connected().post(
            f"{url}/api/v1/query",
            params=parameters,
            data=form,
            headers=headers,
            allow_redirects=False,
        ) as response:
            body = await _bounded(response.content)
            if response.status != 200:
                raise _failure(response.status, body)
        answer = await asyncio.to_thread(json.loads, body)
        if answer.get("warnings"):
            raise ValueError(f"the answer is not whole: {answer['warnings'][0]}")
        data: dict[str, Any] = answer["data"]
        return data

    async def _headers(self, namespace: str) -> dict[str, str]:
        settings = self.settings
        own = settings.namespaces.get(namespace, NamespaceSettings())
        headers = {"User-Agent": f"modelward/{__version__}", **settings.headers, **own.headers}
        if settings.bearer_token_file:
            token = await asyncio.to_thread(settings.bearer_token_file.read_text)
            headers["Authorization"] = f"Bearer {token.strip()}"
        return headers

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            ca_file = self.settings.ca_file
            trusted = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trusted), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def narrowed(selector: str, matchers: str) -> str:
    """Return a selector with more matchers.

    A selector of the CRD's form ends with the brace that closes its matchers, or has none.
    """
    name, brace, inside = selector.partition("{")
    kept = inside.rstrip()[:-1].rstrip().removesuffix(",") if brace else ""
    return f"{name}{{{kept}{',' if kept else ''}{matchers}}}"


def pods_of(replica_sets: Iterable[str]) -> str:
    """Return the regular expression of the names of pods of some ReplicaSets."""
    return f"({'|'.join(sorted(replica_sets))})-[a-z0-9]{{{SUFFIX}}}"


def _named(labels: Mapping[str, str], without: str = "") -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != without)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes: narrow the selector")
    return bytes(body)


def _failure(status: int, body: bytes) -> Exception:
    try:
        told = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        told = body[:200].decode(errors="replace").strip()
    if status in _CLIENT_ERRORS and status != _BUSY:
        return _RefusedError(f"{status}, {told[:300]}")
    return ValueError(f"status {status}, {told}")
