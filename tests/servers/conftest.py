"""The servers, each started once for all tests of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from modelward.protocols import dialogue
from tests.servers import venvs
from tests.servers.processes import free_port, serving

MODELS = Path(__file__).parent / "models"
TRAIN = venvs.FOLDER.parents[1] / "examples/demo/image/train.py"


@dataclass(frozen=True)
class Server:
    """A server that is running."""

    rest: str
    """Base of its URLs."""
    grpc: str = ""
    """The same for gRPC."""
    golden: Path | None = None
    """Rows with the right answers, where the model has any."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mlserver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """MLServer with the demo's classifier of digits."""
    folder = tmp_path_factory.mktemp("mlserver")
    venvs.run("mlserver", TRAIN, str(folder / "models"))
    rest, grpc, metrics = free_port(), free_port(), free_port()
    settings = {"host": "127.0.0.1", "http_port": rest, "grpc_port": grpc, "parallel_workers": 0,
                "metrics_port": metrics, "debug": False}  # fmt: skip
    (folder / "models/1/settings.json").write_text(json.dumps(settings))
    command = [venvs.program("mlserver", "mlserver"), "start", str(folder / "models/1")]
    url = f"http://127.0.0.1:{rest}"
    async with serving(command, folder / "log", url, dialogue("v2", "digits", {})):
        yield Server(url, f"http://127.0.0.1:{grpc}", folder / "models/golden.jsonl")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kserve(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """KServe's Python server with a model that doubles."""
    folder = tmp_path_factory.mktemp("kserve")
    rest, grpc = free_port(), free_port()
    command = [venvs.program("kserve", "python"), str(MODELS / "double.py"),
               "--model_name", "m", "--http_port", str(rest), "--grpc_port", str(grpc)]  # fmt: skip
    url = f"http://127.0.0.1:{rest}"
    async with serving(command, folder / "log", url, dialogue("v1", "m", {})):
        yield Server(url, f"http://127.0.0.1:{grpc}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def openai(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """llama.cpp's server of llama-cpp-python with a tiny model of random weights."""
    folder = tmp_path_factory.mktemp("openai")
    venvs.run("openai", MODELS / "tiny_gguf.py", str(folder / "tiny.gguf"))
    port = free_port()
    command = [venvs.program("openai", "python"), "-m", "llama_cpp.server",
               "--model", str(folder / "tiny.gguf"), "--model_alias", "tiny", "--host", "127.0.0.1",
               "--port", str(port), "--n_ctx", "256", "--n_threads", "1", "--embedding", "true",
               "--chat_format", "chatml"]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    async with serving(command, folder / "log", url, dialogue("openai", "tiny", {})):
        yield Server(url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fastapi(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """FastAPI on uvicorn with one path."""
    folder = tmp_path_factory.mktemp("fastapi")
    port = free_port()
    command = [venvs.program("fastapi", "uvicorn"), "fast:app", "--host", "127.0.0.1",
               "--port", str(port), "--app-dir", str(MODELS)]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    async with serving(command, folder / "log", url, dialogue("http", "m", {"path": "/predict"})):
        yield Server(url)
