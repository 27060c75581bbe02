"""The Helm chart on a real API server: installed where kubectl was, upgraded, uninstalled."""

import json
import subprocess
from pathlib import Path

import pytest

from modelward import __version__
from tests.cluster.local.build import program
from tests.cluster.provider import Cluster
from tests.delivery.test_chart import CHART

pytestmark = pytest.mark.apiserver

NAMESPACE = "by-helm"
OPERATOR = ("-n", NAMESPACE, "deployment/modelward-operator")


def helm(cluster: Cluster, *arguments: str) -> str:
    where = (f"--kubeconfig={cluster.kubeconfig}", f"--namespace={NAMESPACE}")
    command = [str(program("helm", target="tool")), *arguments, *where]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def image(cluster: Cluster) -> str:
    deployment = json.loads(cluster.kubectl("get", *OPERATOR, "-o", "json").stdout)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


def test_a_chart_takes_over_from_kubectl_and_leaves_the_crds_when_it_goes(
    served: Cluster, tmp_path: Path
) -> None:
    over = ("--take-ownership", "--force-conflicts")
    helm(served, "install", "modelward", str(CHART), "--create-namespace", *over)
    assert image(served) == f"modelward:{__version__}"

    packed = helm(served, "package", str(CHART), f"--destination={tmp_path}").split()[-1]
    helm(served, "upgrade", "modelward", packed, "--set=image.tag=next")
    assert image(served) == "modelward:next"

    helm(served, "uninstall", "modelward")
    assert served.kubectl("get", *OPERATOR, check=False).returncode == 1
    served.kubectl("get", "crd/modeldeployments.modelward.dev", "crd/benchmarkruns.modelward.dev")
