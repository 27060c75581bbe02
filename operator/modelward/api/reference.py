"""Writes the field reference beside the CRDs: one table per resource, from the same schema."""

from collections.abc import Iterator
from typing import Any

import yaml

from modelward.api.cel import Schema

_INTRODUCTION = (
    "Generated from operator/modelward/api by `make generate`. A value is written with its unit. "
    "In italics: what the API server answers where a rule is broken."
)
_HEAD = ("| field | type | default | what it says |", "|---|---|---|---|")


def to_markdown(schemas: dict[str, Schema]) -> str:
    """Return the reference of these resources, by kind."""
    lines = ["# Fields", "", _INTRODUCTION]
    for kind, schema in schemas.items():
        lines += ["", f"## {kind}", "", schema["description"]]
        for part in ("spec", "status"):
            lines += ["", f"### {kind} {part}", "", *_HEAD]
            lines += [_row(*field) for field in _fields(part, schema["properties"][part])]
    return "\n".join(lines) + "\n"


def _fields(path: str, node: Schema) -> Iterator[tuple[str, Schema, bool]]:
    """Yield path, schema and whether it must be given, of all fields below a node."""
    required = node.get("required", [])
    for name, child in node.get("properties", {}).items():
        below = f"{path}.{name}"
        yield below, child, name in required
        if child.get("type") == "array":
            yield f"{below}[]", child["items"], False
            yield from _fields(f"{below}[]", child["items"])
        else:
            yield from _fields(below, child)


def _row(path: str, node: Schema, required: bool) -> str:
    # A default that only repeats those of its members would fill the table.
    shown = "default" in node and "properties" not in node
    default = f"`{_inline(node['default'])}`" if shown else "required" if required else ""
    rules = [each["message"] for each in node.get("x-kubernetes-validations", [])]
    text = " ".join([node.get("description", ""), *(f"*{rule}*" for rule in rules)]).strip()
    return f"| {path} | {_type(node)} | {default} | {_escaped(text)} |"


def _type(node: Schema) -> str:
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "x-kubernetes-int-or-string" in node:
        return "value"
    if node["type"] == "array":
        least, most = node.get("minItems", 0), node["maxItems"]
        return f"list of {least} to {most}"
    if node["type"] == "integer" and "minimum" in node:
        return f"integer, {node['minimum']} to {node.get('maximum', 'any')}"
    if "additionalProperties" in node:
        return f"map of at most {node['maxProperties']}"
    return str(node["type"])


def _inline(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    return yaml.safe_dump(value, default_flow_style=True, width=1000).split("\n")[0].strip()


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
