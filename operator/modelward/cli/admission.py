"""What an API server would refuse of a resource, found from here: by the schema in the CRD.

Types and bounds are checked by jsonschema, rules between fields, which are CEL, by cel-python. So
a typing error is told before anything is measured, and rules in the server's own words.
"""

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

import celpy
import jsonschema
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError, bool_eq

from modelward.api.cel import Schema
from modelward.api.crd import RESOURCES, schema

Value: TypeAlias = Any
"""Whatever YAML can hold, or CEL."""

_RULES = "x-kubernetes-validations"
_KEEPS_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
_RESERVED = frozenset({"for", "in", "as", "namespace", "if", "import", "return", "package"})
"""Names of members that CEL takes between underscores only."""


def refusals(document: Mapping[str, Value]) -> list[str]:
    """Return what the server would refuse: each with the path of its field, and what to do.

    `document` is of a kind that has a CRD; its status is left alone. Empty where all is well.
    """
    node = _schemas()[document["kind"]]
    given = {key: document[key] for key in ("metadata", "spec") if key in document}
    stored = with_defaults(node, copy.deepcopy(given))
    closed = _closed({**node, "properties": {"spec": node["properties"]["spec"]}})
    errors = jsonschema.Draft202012Validator(closed).iter_errors({"spec": stored.get("spec")})
    return [_told(error) for error in errors] or [*_broken_rules(node, stored, "")]


def holds(rule: Schema, node: Schema, value: Value) -> bool:
    """Tell whether a value of a schema keeps one of its rules; those about updates hold."""
    if "oldSelf" in rule["rule"]:
        return True
    try:
        return bool(_program(rule["rule"]).evaluate({"self": json_to_cel(_escaped(node, value))}))
    except CELEvalError:
        return False


@cache
def _schemas() -> dict[str, Schema]:
    return {resource.kind: schema(resource) for resource in RESOURCES}


def _closed(node: Schema) -> Schema:
    """Return a schema whose objects have no other members than those declared."""
    found = dict(node)
    if "properties" in node:
        found["properties"] = {name: _closed(child) for name, child in node["properties"].items()}
        if not node.get(_KEEPS_UNKNOWN):
            found.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            found[key] = _closed(node[key])
    if node.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    return found


def with_defaults(node: Schema, value: Value) -> Value:
    """Return a value with the defaults of its schema, all the way down."""
    match value:
        case dict():
            for name, child in node.get("properties", {}).items():
                if name not in value and "default" in child:
                    value[name] = copy.deepcopy(child["default"])
                if name in value:
                    value[name] = with_defaults(child, value[name])
        case list():
            return [with_defaults(node.get("items", {}), each) for each in value]
    return value


def _told(error: jsonschema.ValidationError) -> str:
    path = _path(error.absolute_path)
    held: Value = error.instance
    bound: Value = error.validator_value
    match error.validator:
        case "additionalProperties":
            holder: Value = error.schema
            known = sorted(holder["properties"])
            name = next(each for each in held if each not in known)
            alike = difflib.get_close_matches(str(name), known, 1)
            instead = f"do you mean {alike[0]}?" if alike else f"there are {', '.join(known)}"
            return f"{path}: there is no field {name}; {instead}"
        case "required":
            return f"{path}: {error.message.split(chr(39))[1]} is missing"
        case "enum":
            return f"{path}: {held!r} is none of {', '.join(map(str, bound))}"
        case "type" if isinstance(held, float):
            return f"{path}: {held}: say a value with its unit, or a number in quotes"
        case _:
            return f"{path}: {error.message[:200]}"


def _path(parts: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def _broken_rules(node: Schema, value: Value, path: str) -> Iterator[str]:
    for rule in node.get(_RULES, ()):
        if not holds(rule, node, value):
            yield f"{path}{rule.get('fieldPath', '')}: {rule['message']}".removeprefix(".")
    match value:
        case dict():
            properties, others = node.get("properties", {}), node.get("additionalProperties")
            for name, member in value.items():
                child = properties.get(name, others)
                if isinstance(child, dict):
                    yield from _broken_rules(child, member, f"{path}.{name}")
        case list():
            for i, item in enumerate(value):
                yield from _broken_rules(node.get("items", {}), item, f"{path}[{i}]")


@cache
def _program(expression: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression), functions=_FUNCTIONS)


def _escaped(node: Schema, value: Value) -> Value:
    """Return a value with the names of its members as CEL takes them."""
    match value:
        case dict():
            known = node.get("properties", {})
            return {
                f"__{name}__" if name in known and name in _RESERVED else name: _escaped(
                    known.get(name, {}), member
                )
                for name, member in value.items()
            }
        case list():
            return [_escaped(node.get("items", {}), each) for each in value]
    return value


def _equal(one: Value, other: Value) -> Value:
    """As in Kubernetes, where a text equals no number; cel-python refuses to compare them."""
    if isinstance(one, str) != isinstance(other, str):
        return celtypes.BoolType(False)
    return bool_eq(one, other)


_FUNCTIONS: dict[str, Any] = {
    "_==_": _equal,
    "replace": lambda text, old, new: celtypes.StringType(text.replace(old, new)),
    "split": lambda text, by: celtypes.ListType(map(celtypes.StringType, text.split(by))),
    "isSorted": lambda items: celtypes.BoolType(list(items) == sorted(items)),
    "getMilliseconds": lambda time: celtypes.IntType(time.total_seconds() * 1000),
    "getSeconds": lambda time: celtypes.IntType(time.total_seconds()),
}
"""Kubernetes' own: https://kubernetes.io/docs/reference/using-api/cel/"""
