"""Helm, Flux and kubectl wait on a real API server, with the operator at work."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from modelward.cluster.kinds import MODEL_DEPLOYMENT
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import deployment, make_deployment, make_golden, serving
from tests.apiserver.waiting import wait_until_established
from tests.cluster.local import build
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

PROJECT = Path(__file__).parents[2]
FLUX = PROJECT / "manifests" / "gitops" / "flux"
FLUX_MODULE = PROJECT / "tests" / "cluster" / "go" / "flux"

Start = Callable[..., OperatorProcess]


@dataclass(frozen=True)
class Helm:
    """Helm with a chart of one ModelDeployment, whose version is the value `tag`."""

    kubeconfig: Path
    namespace: str
    home: Path

    def make_chart(self) -> None:
        chart = {"apiVersion": "v2", "name": "fraud", "version": "1.0.0"}
        rollout = {"steps": [{"benchmark": {"upTo": "5m"}}], "drainDelay": "0s"}
        document = deployment(self.namespace, rollout=rollout, serving=serving("{{ .Values.tag }}"))
        kind = {"apiVersion": "modelward.dev/v1alpha1", "kind": "ModelDeployment"}
        templates = self.home / "chart" / "templates"
        templates.mkdir(parents=True)
        (self.home / "chart" / "Chart.yaml").write_text(yaml.safe_dump(chart))
        (templates / "fraud.yaml").write_text(yaml.safe_dump(kind | document))

    async def run(self, verb: str, tag: str, *options: str) -> tuple[int, str]:
        """Install or upgrade; the exit code, and what Helm says."""
        helm = await asyncio.to_thread(build.program, "helm", "tool")
        homes = {f"HELM_{each}_HOME": str(self.home / each) for each in ("CACHE", "CONFIG", "DATA")}
        process = await asyncio.create_subprocess_exec(
            *(helm, verb, "fraud", str(self.home / "chart"), f"--namespace={self.namespace}"),
            *(f"--kubeconfig={self.kubeconfig}", f"--set-string=tag={tag}", *options),
            env=os.environ | homes,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()


@pytest.fixture
async def helm(served: Cluster, kube: Kube, namespace: str, tmp_path: Path) -> Helm:
    await make_golden(kube, namespace)
    made = Helm(served.kubeconfig, namespace, tmp_path / "helm")
    made.make_chart()
    return made


async def phase(kube: Kube, namespace: str) -> str:
    found = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
    assert found is not None
    return str(found["status"].get("phase"))


async def test_helm_waits_until_a_good_version_is_released(
    helm: Helm, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    controllers.ending = exam(lambda _: 95)
    start_operator()
    for verb, tag in (("install", "1"), ("upgrade", "2")):
        code, said = await helm.run(verb, tag, "--wait", "--timeout=180s")
        assert code == 0, said
        assert await phase(kube, namespace) == "Healthy"


async def test_helm_fails_with_the_operators_words_when_a_version_is_rolled_back(
    helm: Helm, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    controllers.ending = exam(lambda _: 95)
    start_operator()
    await helm.run("install", "1", "--wait", "--timeout=180s")
    controllers.ending = exam(lambda _: 91)
    code, said = await helm.run("upgrade", "2", "--wait", "--timeout=180s")
    assert code == 1
    assert "status: Failed" in said
    assert "accuracy is 91% on 100 rows, not enough: >= 92%" in said
    assert await phase(kube, namespace) == "Degraded"


async def test_helm_can_take_a_rolled_back_version_out_of_the_spec_by_itself(
    helm: Helm, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    controllers.ending = exam(lambda _: 95)
    start_operator()
    await helm.run("install", "1", "--wait", "--timeout=180s")
    controllers.ending = exam(lambda _: 91)
    code, said = await helm.run("upgrade", "2", "--rollback-on-failure", "--timeout=180s")
    assert code == 1, said
    assert await phase(kube, namespace) == "Healthy"


async def test_a_release_that_helm_did_not_wait_for_goes_on_and_can_be_waited_for_again(
    helm: Helm, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    start_operator()
    code, said = await helm.run("install", "1", "--wait", "--timeout=3s")
    assert code == 1
    assert "status: InProgress" in said
    assert await phase(kube, namespace) == "Progressing"
    controllers.ending = exam(lambda _: 95)
    code, said = await helm.run("upgrade", "1", "--wait", "--timeout=180s")
    assert code == 0, said


async def wait(served: Cluster, namespace: str, condition: str, seconds: int) -> str:
    """Return what `kubectl wait` says."""
    command = ("wait", f"--for=condition={condition}", "mdep/fraud", f"--timeout={seconds}s")
    waited = await asyncio.to_thread(served.kubectl, "-n", namespace, *command, check=False)
    return waited.stdout + waited.stderr


async def test_kubectl_waits_for_the_latest_spec_and_not_for_an_older_one(
    served: Cluster,
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    start_operator: Start,
) -> None:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace)
    operator = start_operator()
    assert "condition met" in await wait(served, namespace, "Ready", 180)
    operator.kill()
    # The conditions still say Ready, but of the spec before this one.
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", {"spec": {"serving": serving("2")}})
    assert "timed out" in await wait(served, namespace, "Ready", 1)


async def test_kubectl_may_wait_for_available_alone_while_a_release_is_under_way(
    served: Cluster,
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    start_operator: Start,
) -> None:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace)
    start_operator()
    await wait(served, namespace, "Ready", 180)
    controllers.ending = lambda _: None
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", {"spec": {"serving": serving("2")}})
    assert "condition met" in await wait(served, namespace, "Reconciling", 180)
    assert "condition met" in await wait(served, namespace, "Available", 180)
    assert "timed out" in await wait(served, namespace, "Ready", 1)


@pytest.fixture(scope="module")
def with_flux(served: Cluster) -> Cluster:
    """The control plane with the CRD of Flux's Kustomizations."""
    command = ["go", "mod", "download", "-json", "github.com/fluxcd/kustomize-controller"]
    module = json.loads(subprocess.check_output(command, cwd=FLUX_MODULE, text=True))
    crds = Path(module["Dir"], "config", "crd", "bases")
    served.kubectl("apply", "--server-side", "-f", str(crds))
    wait_until_established(served, "kustomizations.kustomize.toolkit.fluxcd.io")
    served.kubectl("create", "namespace", "flux-system")
    return served


@pytest.mark.parametrize("file", sorted(path.name for path in FLUX.glob("*.yaml")))
def test_a_kustomization_for_flux_is_what_flux_takes(with_flux: Cluster, file: str) -> None:
    apply = ("apply", "--server-side", "--validate=strict", "--dry-run=server", "-f")
    assert "serverside-applied" in with_flux.kubectl(*apply, str(FLUX / file)).stdout
