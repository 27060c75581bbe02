"""Fetches a file that a tenant names by URI, in the tenant's own pod and with its identity.

s3, gs and az go through obstore, which takes credentials from the environment, from a web identity
token or from the cloud's metadata server; hf is the Hugging Face hub's plain HTTPS.
"""

import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

_CHUNK_BYTES = 2**20
_CONNECT_SECONDS = 10
_SILENT_SECONDS = 60
_SHOWN_CHARS = 100
_HUB = "https://huggingface.co"


class FetchError(OSError):
    """A file that can't be had now; the message names it and what to look at."""


async def fetch(uri: str, target: Path, most_bytes: int) -> str:
    """Write the file to `target` and return its sha256, 64 hex digits.

    Raises FetchError, and OSError where `target` can't be written. Cancelling it ends it at once.
    """
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        async with aclosing(_chunks(uri)) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    raise FetchError(
                        f"{shown(uri)} is larger than sizeLimit, {most_bytes / 2**20:,.0f} MiB: "
                        "raise the data set's sizeLimit, or take a smaller file"
                    )
                digest.update(chunk)
                file.write(chunk)
    return digest.hexdigest()


def shown(uri: str) -> str:
    """Return a URI for people: without its query, which may hold a signature, and not too long."""
    text = uri.split("?", 1)[0]
    return text if len(text) <= _SHOWN_CHARS else f"{text[:50]}...{text[53 - _SHOWN_CHARS :]}"


def _chunks(uri: str) -> AsyncGenerator[bytes, None]:
    scheme = urlsplit(uri).scheme
    if scheme in ("http", "https"):
        return _over_http(uri, {}, uri)
    if scheme == "hf":
        return _from_hub(uri)
    return _from_store(uri)


def _from_hub(uri: str) -> AsyncGenerator[bytes, None]:
    """Read a file of a data set: https://huggingface.co/docs/hub/en/datasets-downloading."""
    owner, name, path = uri.removeprefix("hf://datasets/").split("/", 2)
    name, _, revision = name.partition("@")
    hub = os.environ.get("HF_ENDPOINT", _HUB)
    url = f"{hub}/datasets/{owner}/{name}/resolve/{revision or 'main'}/{path}"
    token = os.environ.get("HF_TOKEN")
    return _over_http(url, {"Authorization": f"Bearer {token}"} if token else {}, uri)


async def _over_http(url: str, headers: dict[str, str], uri: str) -> AsyncGenerator[bytes, None]:
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS
    )
    # The digest is that of the file, not of what a server makes of it on the way.
    plain = {"Accept-Encoding": "identity"}
    try:
        async with (
            aiohttp.ClientSession(
                timeout=timeout, headers=plain, auto_decompress=False, trust_env=True
            ) as session,
            session.get(url, headers=headers) as answer,
        ):
            if answer.status != 200:
                raise FetchError(
                    f"{shown(uri)} was answered with status {answer.status}: check the address, "
                    "and the credentials in benchmarkPod.env"
                )
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                yield chunk
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise FetchError(f"{shown(uri)}: {error or type(error).__name__}") from error


async def _from_store(uri: str) -> AsyncGenerator[bytes, None]:
    try:
        # Not in every installation, and 30 MB that only this needs.
        import obstore  # noqa: PLC0415
        from obstore.exceptions import BaseError  # noqa: PLC0415
    except ImportError as error:
        raise FetchError(f"{uri} needs modelward[datasets]: {error}") from error
    scheme, bucket, path = _store_parts(uri)
    try:
        store = obstore.store.from_url(
            f"{scheme}://{bucket}",
            client_options={
                "connect_timeout": f"{_CONNECT_SECONDS}s",
                "read_timeout": f"{_SILENT_SECONDS}s",
                # Of a whole answer; the attempt has a deadline of its own.
                "timeout": "24h",
                # For an endpoint of plain HTTP in the environment; a cloud's own has TLS.
                "allow_http": True,
            },
        )
        found = await obstore.get_async(store, path)
        async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
            yield bytes(chunk)
    except (BaseError, FileNotFoundError, PermissionError, TimeoutError, ValueError) as error:
        raise FetchError(
            f"{shown(uri)}: {_first_line(error)}; check the address, and what the service account "
            "or benchmarkPod.env may read"
        ) from error


def _store_parts(uri: str) -> tuple[str, str, str]:
    scheme, _, rest = uri.partition("://")
    bucket, _, path = rest.partition("/")
    return scheme, bucket, path


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
