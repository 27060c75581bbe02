"""Walks a generated CRD and lists all that it demands."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.apiserver.crd.paths import Document, Json

CRDS = Path(__file__).parents[3] / "crds"

BOUNDS = ("maxLength", "minLength", "maxItems", "minItems", "maximum", "minimum", "maxProperties")
_DEMANDS = (*BOUNDS, "pattern", "format", "enum")
_DEMANDS_NOTHING = {
    "type",
    "description",
    "default",
    "properties",
    "items",
    "additionalProperties",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-list-type",
}
_BY_HAND = {"required", "x-kubernetes-validations", "x-kubernetes-list-map-keys"}
_MACHINE_FORMATS = ("int32", "int64")


@dataclass(frozen=True)
class Constraint:
    """One demand of a schema."""

    kind: str
    path: str
    """Path in the schema, `spec.kpis[].name`."""
    keyword: str
    value: Json
    """Bound, values of an enum, required member, list's keys; a rule's message."""
    field: str = ""
    """Of a rule: the field that its message is about, relative to the path."""

    def __str__(self) -> str:
        told = self.value if self.keyword in ("required", "rule") else ""
        return f"{self.kind} {self.path} {self.keyword} {told}".strip()


def definitions() -> dict[str, Document]:
    """The generated CRDs by kind."""
    found = [yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml"))]
    return {each["spec"]["names"]["kind"]: each for each in found}


def schema_of(definition: Document) -> Document:
    """The schema of a CRD."""
    schema: Document = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def all_constraints() -> list[Constraint]:
    """All that the generated CRDs demand."""
    return [
        constraint
        for kind, definition in definitions().items()
        for constraint in _walk(kind, "", schema_of(definition))
    ]


def _walk(kind: str, path: str, node: Document) -> Iterator[Constraint]:
    unknown = set(node) - set(_DEMANDS) - _BY_HAND - _DEMANDS_NOTHING
    assert not unknown, f"the walk doesn't know {unknown} at {kind} {path}: teach it"
    for keyword in _DEMANDS:
        if keyword in node and node[keyword] not in _MACHINE_FORMATS:
            yield Constraint(kind, path, keyword, node[keyword])
    for name in node.get("required", []):
        yield Constraint(kind, path, "required", name)
    for each in node.get("x-kubernetes-validations", []):
        yield Constraint(kind, path, "rule", each["message"], each.get("fieldPath", ""))
    if "x-kubernetes-list-map-keys" in node:
        yield Constraint(kind, path, "unique", node["x-kubernetes-list-map-keys"])
    for name, child in node.get("properties", {}).items():
        yield from _walk(kind, f"{path}.{name}".removeprefix("."), child)
    if "items" in node:
        yield from _walk(kind, path + "[]", node["items"])
    if "additionalProperties" in node:
        yield from _walk(kind, path + "{}", node["additionalProperties"])
