"""The examples are what the API server takes, and together they leave nothing out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelward.api.modeldeployment import ModelDeployment
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples"
DEPLOYMENTS = (
    *("minimal.yaml", "complete.yaml", "labelled.yaml", "text.yaml", "quickstart.yaml"),
    "live.yaml",
    "demo/digits.yaml",
)
# Fields of someone else's schema: what the example shows of them is a choice.
NOT_OURS = ("spec.serving.template",)


def load(file: str) -> dict[str, Any]:
    """Return the ModelDeployment of an example, whatever it brings along before it."""
    *_, document = yaml.safe_load_all((EXAMPLES / file).read_text())
    deployment: dict[str, Any] = document
    return deployment


def documented_datasets() -> list[str]:
    """Return the examples in docs/datasets.md, each a part of a spec."""
    found = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs/datasets.md").read_text(), re.DOTALL)
    assert len(found) >= 5
    return found


@pytest.fixture(scope="module")
def namespace(served: Cluster) -> str:
    served.kubectl("create", "namespace", "examples")
    return "examples"


@pytest.mark.parametrize("file", DEPLOYMENTS)
def test_an_example_is_accepted_as_it_stands(served: Cluster, namespace: str, file: str) -> None:
    document = json.dumps(load(file) | {"metadata": {"name": load(file)["metadata"]["name"]}})
    apply = ("apply", "-n", namespace, "--server-side", "--validate=strict", "-o", "json")
    served.kubectl(*apply, "--dry-run=server", "-f", "-", stdin=document)
    stored = json.loads(served.kubectl(*apply, "-f", "-", stdin=document).stdout)
    assert ModelDeployment.model_validate(stored).spec.kpis
    warnings = served.kubectl(*apply, "-f", "-", stdin=document).stderr
    assert "Warning" not in warnings


def test_the_complete_example_and_those_it_names_show_every_field() -> None:
    crd = yaml.safe_load((PROJECT / "crds" / "modelward.dev_modeldeployments.yaml").read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    files = ("complete.yaml", "labelled.yaml", "text.yaml")
    seen = {field for file in files for field in shown(load(file)["spec"], "spec")}
    assert not set(declared(schema, "spec")) - seen


@pytest.mark.parametrize("example", documented_datasets())
def test_an_example_of_a_data_set_is_accepted_as_it_is_documented(
    served: Cluster, namespace: str, example: str
) -> None:
    document = load("minimal.yaml")
    document["spec"] |= yaml.safe_load(example)
    for kpi in document["spec"]["kpis"]:
        if "dataset" in kpi["benchmark"]:
            kpi["benchmark"]["dataset"] = "golden"
    apply = ("apply", "-n", namespace, "--server-side", "--validate=strict", "--dry-run=server")
    document["metadata"] = {"name": "documented"}
    served.kubectl(*apply, "-f", "-", stdin=json.dumps(document))


def declared(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the paths of all fields below a schema; those of a list's items carry no index."""
    if path in NOT_OURS:
        return
    for name, member in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from declared(member, f"{path}.{name}")
    if "items" in schema:
        yield from declared(schema["items"], path)


def shown(value: object, path: str) -> Iterator[str]:
    """Yield the paths of all fields of a document, in the same form."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}.{name}"
            yield from shown(member, f"{path}.{name}")
    if isinstance(value, list):
        for item in value:
            yield from shown(item, path)
