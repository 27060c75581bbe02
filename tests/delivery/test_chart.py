"""The Helm chart: by default it is what kustomize installs, and its values change what they say."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from modelward import __version__
from modelward.writes import Document
from tests.cluster.local.build import binaries, program
from tools.chart import INSTALLED, UnknownKustomizationError, sources

PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "charts" / "modelward"
NAMESPACE = "modelward-system"


def helm(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [str(program("helm", target="tool")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check)


def rendered(**values: object) -> dict[str, Document]:
    """Return what Helm would install with these values, by kind and name."""
    options = [f"--set-json={name}={json.dumps(value)}" for name, value in values.items()]
    where = (f"--namespace={NAMESPACE}", "--kube-version=1.36.3")
    return by_name(helm("template", "modelward", str(CHART), *where, *options).stdout)


def kustomized(folder: str) -> dict[str, Document]:
    kubectl = binaries(with_node=False).kubernetes("kubectl")
    command = [str(kubectl), "kustomize", str(PROJECT / "manifests" / folder)]
    return by_name(subprocess.check_output(command, text=True))


def by_name(text: str) -> dict[str, Document]:
    documents = [document for document in yaml.safe_load_all(text) if document]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in documents}


def operator(objects: dict[str, Document]) -> Document:
    """Return the pod template of the operator's Deployment."""
    template: Document = objects["Deployment/modelward-operator"]["spec"]["template"]
    return template


def test_by_default_helm_installs_what_the_release_manifests_do() -> None:
    by_helm, by_kustomize = rendered(**{"crds.keep": False}), kustomized("release")
    namespace = by_kustomize.pop(f"Namespace/{NAMESPACE}")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert by_helm == by_kustomize


def test_the_release_manifests_are_the_ordinary_ones_with_the_image_of_this_version() -> None:
    base, release = kustomized(INSTALLED), kustomized("release")
    for objects, tag in ((base, "dev"), (release, __version__)):
        (container,) = operator(objects)["spec"]["containers"]
        assert container.pop("image") == f"modelward:{tag}"
    assert base == release


def test_crds_outlive_the_chart_unless_it_is_said_otherwise() -> None:
    crds = [each for each in rendered().values() if each["kind"] == "CustomResourceDefinition"]
    assert len(crds) == 2
    for crd in crds:
        assert crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    without = rendered(**{"crds.enabled": False})
    assert not [each for each in without if each.startswith("CustomResourceDefinition")]


def test_every_value_reaches_the_operators_pod() -> None:
    toleration = {"key": "gpu", "operator": "Exists"}
    affinity: Document = {"nodeAffinity": {}}
    pod = operator(
        rendered(
            image={"repository": "registry.example.com/modelward", "pullPolicy": "Always"},
            imagePullSecrets=[{"name": "registry"}],
            extraArgs=["--log-level=debug"],
            resources={"limits": {"memory": "1Gi"}},
            podAnnotations={"team": "platform"},
            nodeSelector={"pool": "system"},
            tolerations=[toleration],
            affinity=affinity,
        )
    )
    (container,) = pod["spec"]["containers"]
    assert container["image"] == f"registry.example.com/modelward:{__version__}"
    assert container["imagePullPolicy"] == "Always"
    assert container["args"] == ["operator", "--log-level=debug"]
    assert container["resources"]["limits"] == {"memory": "1Gi"}
    assert pod["metadata"]["annotations"] == {"team": "platform"}
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["spec"]["nodeSelector"] == {"pool": "system"}
    assert pod["spec"]["tolerations"] == [toleration]
    assert pod["spec"]["affinity"] == affinity


def test_a_digest_overrules_the_tag() -> None:
    digest = f"sha256:{'a' * 64}"
    pod = operator(rendered(image={"repository": "here/modelward", "digest": digest}))
    assert pod["spec"]["containers"][0]["image"] == f"here/modelward@{digest}"


@pytest.mark.parametrize("values", [{"replicas": 2}, {"image": {"digest": "latest"}}])
def test_a_value_that_the_chart_does_not_know_is_refused(values: Document) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        rendered(**values)
    assert "schema" in refused.value.stderr


def test_helm_finds_nothing_wrong_with_the_chart() -> None:
    checked = helm("lint", "--strict", str(CHART), check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_kustomization_that_changes_objects_can_not_become_a_chart(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("namePrefix: my-\nresources: []\n")
    with pytest.raises(UnknownKustomizationError, match="namePrefix"):
        list(sources(tmp_path))
