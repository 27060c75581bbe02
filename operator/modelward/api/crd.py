"""Generates the CustomResourceDefinitions and their field reference from the models.

    python -m modelward.api.crd FOLDER

A structural schema is JSON Schema without references, titles and alternatives, so those of
Pydantic are put in place, dropped and collapsed. Empty defaults are left out: a member that is
absent says the same, and the stored object stays as short as it was written.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from modelward.api.base import GROUP, VERSION, ApiModel
from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.cel import Schema, form, rule, rules
from modelward.api.fields import NAME_ADVICE, NAME_FORM
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.reference import to_markdown

Document = dict[str, Any]

HEADER = "# Generated from operator/modelward/api by `make generate`; change it there.\n"


@dataclass(frozen=True)
class Resource:
    """What a definition says beside its schema."""

    model: type[ApiModel]
    plural: str
    short_name: str
    name_limit: int
    """Longest metadata.name: names of children are longer, and labels end at 63."""
    columns: tuple[Document, ...]
    scale: Document | None = None

    @property
    def kind(self) -> str:
        """The resource's kind."""
        return self.model.__name__

    @property
    def file_name(self) -> str:
        """File of its definition."""
        return f"{GROUP}_{self.plural}.yaml"


def _column(name: str, path: str, kind: str = "string", *, wide: bool = False) -> Document:
    column: Document = {"name": name, "type": kind, "jsonPath": path}
    return column | {"priority": 1} if wide else column


_AGE = _column("Age", ".metadata.creationTimestamp", "date")

MODEL_DEPLOYMENT = Resource(
    model=ModelDeployment,
    plural="modeldeployments",
    short_name="mdep",
    name_limit=40,
    columns=(
        _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        _column("Phase", ".status.phase"),
        _column("Stable", ".status.stable.revision"),
        _column("Canary", ".status.candidate.revision"),
        _column("Weight", ".status.weight"),
        _column("KPIs", ".status.kpiSummary"),
        _AGE,
        _column("Stable-Version", ".status.stable.version", wide=True),
        _column("Canary-Version", ".status.candidate.version", wide=True),
        _column("Message", ".status.message", wide=True),
    ),
    scale={
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    },
)
BENCHMARK_RUN = Resource(
    model=BenchmarkRun,
    plural="benchmarkruns",
    short_name="brun",
    name_limit=60,
    columns=(
        _column("Phase", ".status.phase"),
        _column("Verdict", ".status.verdict"),
        _column("Revision", ".spec.subject.revision"),
        _AGE,
        _column("Message", ".status.message", wide=True),
    ),
)
RESOURCES = (MODEL_DEPLOYMENT, BENCHMARK_RUN)


def definition(resource: Resource) -> Document:
    """Return the CustomResourceDefinition of a resource."""
    version: Document = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": list(resource.columns),
        "subresources": {"status": {}} | ({"scale": resource.scale} if resource.scale else {}),
        "schema": {"openAPIV3Schema": schema(resource)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [resource.short_name],
                "categories": ["modelward"],
            },
            "versions": [version],
        },
    }


def schema(resource: Resource) -> Schema:
    """Return the structural schema of a resource."""
    document = resource.model.model_json_schema(by_alias=True, ref_template="{model}")
    root = _structural(document, document.get("$defs", {}))
    limit = resource.name_limit
    name_rule = rule(
        f"{form('self.metadata.name', NAME_FORM)} && self.metadata.name.size() <= {limit}",
        f"say a name of at most {limit} characters: {NAME_ADVICE}",
        field=".metadata.name",
    )
    properties: Schema = {
        "apiVersion": {"type": "string", "description": f"Always {GROUP}/{VERSION}."},
        "kind": {"type": "string", "description": f"Always {resource.kind}."},
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
        "spec": root["properties"]["spec"],
        "status": root["properties"]["status"],
    }
    return {
        "type": "object",
        "description": root["description"],
        "required": ["spec"],
        "properties": properties,
        **rules(name_rule),
    }


def _structural(node: Schema, definitions: Schema) -> Schema:
    """Return a schema without references, titles, alternatives and empty defaults."""
    if "$ref" in node:
        target = definitions[node["$ref"]]
        return _structural(target | {k: v for k, v in node.items() if k != "$ref"}, definitions)
    if "anyOf" in node:
        (present,) = (each for each in node["anyOf"] if each.get("type") != "null")
        return _structural(present | {k: v for k, v in node.items() if k != "anyOf"}, definitions)
    found = {key: value for key, value in node.items() if key not in ("title", "$defs")}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if found.get("additionalProperties") is True:
        del found["additionalProperties"]  # keys that the schema doesn't know are pruned
    if "properties" in found:
        found["properties"] = {
            name: _structural(child, definitions) for name, child in found["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _structural(found[key], definitions)
    if "default" in found and (default := _without_empty(found.pop("default"))) is not None:
        found["default"] = default
    return found


def _without_empty(value: object) -> object:
    """Return a default without its empty members; None where nothing is left."""
    if isinstance(value, dict):
        members = {key: _without_empty(member) for key, member in value.items()}
        value = {key: member for key, member in members.items() if member is not None}
    elif isinstance(value, list):
        value = [_without_empty(item) for item in value]
    return None if value in ("", [], {}) else value


def to_yaml(resource: Resource) -> str:
    """Return the file of a resource's definition."""
    text = yaml.safe_dump(definition(resource), sort_keys=False, width=100, allow_unicode=True)
    return HEADER + text


def main(folder: Path) -> None:
    """Write the definitions and their reference into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    reference = to_markdown({resource.kind: schema(resource) for resource in RESOURCES})
    (folder / "README.md").write_text(reference, encoding="utf-8")
    for resource in RESOURCES:
        (folder / resource.file_name).write_text(to_yaml(resource), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
