"""kind as a kind of cluster: what can be tried without a Docker daemon, and what can't."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.choice import KIND, docker_answers
from tests.cluster.kind import config
from tests.cluster.local import build
from tests.cluster.providers import provider

pytestmark = pytest.mark.e2e

NO_DAEMON = "no Docker daemon answers"


def create(path: Path, daemon: Path) -> str:
    """Ask kind for a cluster, with a daemon that isn't there; what it says."""
    environment = {**os.environ, "DOCKER_HOST": f"unix://{daemon}"}
    command = [str(build.kind()), "create", "cluster", f"--config={path}", "--name=nothing"]
    command.append(f"--kubeconfig={path.parent / 'kubeconfig'}")
    environment["KIND_EXPERIMENTAL_PROVIDER"] = "docker"
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    return result.stderr


def test_kind_takes_the_configuration_and_asks_for_docker_next(tmp_path: Path) -> None:
    said = create(config.write(tmp_path), tmp_path / "no.sock")
    assert "unable to decode config" not in said
    assert "docker" in said


def test_kind_would_refuse_a_configuration_with_a_field_that_it_has_not(tmp_path: Path) -> None:
    path = config.write(tmp_path)
    wrong = json.loads(path.read_text())
    wrong["nodes"][0]["extraMountz"] = []
    path.write_text(json.dumps(wrong))
    said = create(path, tmp_path / "no.sock")
    assert "unable to decode config" in said
    assert "extraMountz" in said


@pytest.mark.skipif(not docker_answers(), reason=NO_DAEMON)
def test_a_kind_cluster_is_made_found_and_removed() -> None:
    clusters, name = provider(KIND), f"test-kind-{os.getpid()}"
    try:
        cluster = clusters.up(name)
        assert clusters.find(name) == cluster
        assert name in clusters.names()
        cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
        arguments = cluster.kubectl(
            *("get", "pods", "-n", "kube-system", "-l", "component=kube-apiserver"),
            *("-o", "jsonpath={.items[0].spec.containers[0].command}"),
        )
        assert "OwnerReferencesPermissionEnforcement" in arguments.stdout
    finally:
        assert clusters.down(name)
    assert clusters.find(name) is None
