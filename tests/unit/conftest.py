"""What several modules of tests begin with."""

from pathlib import Path

import pytest

from modelward.cluster.act import Actor
from tests.unit.acting import an_actor
from tests.unit.fake_api import FakeApi
from tests.unit.judge_command import Ask
from tests.unit.laptop import make_quick, with_rows


@pytest.fixture
def api() -> FakeApi:
    """An API server that keeps what it is sent."""
    return FakeApi()


@pytest.fixture
def actor(api: FakeApi) -> Actor:
    """Who carries out plans on it."""
    return an_actor(api)


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`modelward judge`."""
    return Ask(tmp_path, capsys, monkeypatch)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads of a second."""
    make_quick(monkeypatch)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that `modelward benchmark run` is called in, with the golden rows."""
    return with_rows(tmp_path, monkeypatch)
