"""The command line, and what its processes import."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelward import __version__
from modelward.cli.main import main
from modelward.cluster.connection import ConfigurationError
from modelward.cluster.observe.runs import Runner
from modelward.cluster.own_image import PodName, own_image
from tests.unit.fake_api import FakeApi

SOURCE = Path(__file__).parents[2] / "operator"


def loaded_by(code: str) -> set[str]:
    """The modules that a new process has after running this code."""
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SOURCE)}
    )
    return set(result.stdout.split())


def test_the_operator_s_process_imports_neither_arrays_nor_the_runner() -> None:
    modules = loaded_by("import modelward.cli.main, modelward.cluster.run")
    assert "kopf" in modules
    assert not modules & {"numpy", "scipy", "duckdb", "obstore", "modelward.runner.main"}


def test_the_command_line_itself_imports_neither_kopf_nor_kubernetes() -> None:
    modules = loaded_by("import modelward.cli.main")
    assert not modules & {"kopf", "kubernetes", "pydantic", "aiohttp"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    "argv", [[], ["nonsense"], ["operator", "--nonsense"], ["operator", "--namespace=team-*"]]
)
def test_a_command_line_that_makes_no_sense_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 64


async def test_benchmark_pods_run_the_image_of_our_own_pod() -> None:
    api = FakeApi()
    containers = [{"name": "operator", "image": "registry.example/modelward:1"}]
    metadata = {"name": "operator-0", "namespace": "modelward-system"}
    api.put({"kind": "Pod", "metadata": metadata, "spec": {"containers": containers}})
    pod = PodName("modelward-system", "operator-0")
    assert await own_image(api, pod, "Never") == Runner("registry.example/modelward:1", "Never")


@pytest.mark.parametrize("pod", [None, PodName("modelward-system", "gone")])
async def test_without_a_pod_of_our_own_the_image_must_be_said(pod: PodName | None) -> None:
    with pytest.raises(ConfigurationError, match="MODELWARD_RUNNER_IMAGE"):
        await own_image(FakeApi(), pod, "Never")
