"""Files are fetched from real servers on loopback: plain HTTP, an S3 API, a hub."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from modelward.runner.fetch import FetchError, fetch, shown
from tests.unit.s3_server import put, s3_server

CONTENT = b"rows\n" * 1_000_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 10 * 2**20


@asynccontextmanager
async def serving(**handlers: object) -> AsyncIterator[str]:
    """Serve these handlers on paths of their names, and return the address."""
    app = web.Application()
    for name, handler in handlers.items():
        app.router.add_get(f"/{name}", handler)  # type: ignore[arg-type]
        app.router.add_get(f"/{name}/{{rest:.*}}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def content(_: web.Request) -> web.Response:
    return web.Response(body=CONTENT)


async def refused(_: web.Request) -> web.Response:
    return web.Response(status=403)


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 2**16)


async def silent(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def cut_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x")
    assert request.transport
    request.transport.close()
    return response


async def test_a_file_is_written_as_it_stands_with_its_digest(tmp_path: Path) -> None:
    async with serving(rows=content) as url:
        assert await fetch(f"{url}/rows?signature=s", tmp_path / "rows", LIMIT) == DIGEST
    assert (tmp_path / "rows").read_bytes() == CONTENT


async def test_what_is_larger_than_the_limit_is_not_fetched_to_the_end(tmp_path: Path) -> None:
    async with serving(rows=endless) as url:
        with pytest.raises(FetchError, match="is larger than sizeLimit, 1 MiB: raise"):
            await fetch(f"{url}/rows", tmp_path / "rows", 2**20)
    assert (tmp_path / "rows").stat().st_size <= 2**20


@pytest.mark.parametrize(
    ("path", "told"),
    [("refused", "answered with status 403"), ("cut", "not completed"), ("none", "status 404")],
)
async def test_a_file_that_cannot_be_had_is_told_without_its_signature(
    tmp_path: Path, path: str, told: str
) -> None:
    async with serving(refused=refused, cut=cut_short) as url:
        with pytest.raises(FetchError, match=told) as error:
            await fetch(f"{url}/{path}?signature=s", tmp_path / "rows", LIMIT)
    assert str(error.value).startswith(f"{url}/{path}")
    assert "signature" not in str(error.value)


async def test_nobody_at_the_address_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(FetchError, match=f"127.0.0.1:{port}"):
        await fetch(f"http://127.0.0.1:{port}/rows", tmp_path / "rows", LIMIT)


async def test_fetching_ends_at_once_when_it_is_cancelled(tmp_path: Path) -> None:
    async with serving(rows=silent) as url:
        task = asyncio.create_task(fetch(f"{url}/rows", tmp_path / "rows", LIMIT))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_token_for_the_hub_goes_to_the_hub_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, str | None] = {}

    async def store(request: web.Request) -> web.Response:
        told["store"] = request.headers.get("Authorization")
        return web.Response(body=CONTENT)

    async with serving(files=store) as elsewhere:

        async def hub(request: web.Request) -> web.Response:
            told["hub"] = request.headers.get("Authorization")
            told["path"] = request.path
            raise web.HTTPFound(f"{elsewhere}/files/a")

        async with serving(datasets=hub) as url:
            monkeypatch.setenv("HF_ENDPOINT", url)
            monkeypatch.setenv("HF_TOKEN", "secret")
            uri = "hf://datasets/owner/name@v1/data/rows.parquet"
            assert await fetch(uri, tmp_path / "rows", LIMIT) == DIGEST
    path = "/datasets/owner/name/resolve/v1/data/rows.parquet"
    assert told == {"hub": "Bearer secret", "path": path, "store": None}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on a real S3 API with one object, and credentials for it in the environment."""
    with s3_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        put(f"{url}/golden")
        put(f"{url}/golden/fraud/rows.jsonl", CONTENT)
        yield "s3://golden"


async def test_an_object_is_fetched_with_the_credentials_of_the_environment(
    tmp_path: Path, bucket: str
) -> None:
    assert await fetch(f"{bucket}/fraud/rows.jsonl", tmp_path / "rows", LIMIT) == DIGEST
    with pytest.raises(FetchError, match=r"s3://golden/none: .*; check the address"):
        await fetch(f"{bucket}/none", tmp_path / "rows", LIMIT)
    with pytest.raises(FetchError, match="is larger than sizeLimit"):
        await fetch(f"{bucket}/fraud/rows.jsonl", tmp_path / "rows", 2**20)


def test_a_long_address_is_cut_in_the_middle() -> None:
    text = shown(f"s3://bucket/{'a' * 500}/rows.jsonl?x=y")
    assert (len(text), text[:11], text[-10:]) == (100, "s3://bucket", "rows.jsonl")
