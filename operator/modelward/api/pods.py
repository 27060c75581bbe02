"""Pods as users describe them: the serving pods' template, and what benchmark pods need.

These documents go to the API server as they are, so they stay plain documents here; their schemas
bound what Modelward itself reads, and a child's own validation finds the rest.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from modelward.api.base import ApiModel
from modelward.api.cel import Schema, map_list, rule, rules
from modelward.api.fields import OBJECT_NAME, ObjectName, string_map
from modelward.api.names import PREFIX

_OURS = rule(
    f"!self.exists(key, key.startsWith('{PREFIX}'))",
    f"{PREFIX} is the operator's own prefix: take another one",
)
_LABELS = string_map({"type": "string", "maxLength": 63}, 32, _OURS)
_ANNOTATIONS = string_map({"type": "string", "maxLength": 4096}, 32, _OURS)

Labels = Annotated[dict[str, str], _LABELS]
Annotations = Annotated[dict[str, str], _ANNOTATIONS]


def _open(description: str, required: list[str], properties: dict[str, Schema]) -> Schema:
    """Return the schema of an object of which only some members are described."""
    shape: Schema = {"type": "object", "description": description, "properties": properties}
    if required:
        shape["required"] = required
    return shape | {"x-kubernetes-preserve-unknown-fields": True}


def _text(description: str, limit: int) -> Schema:
    return {"type": "string", "description": description, "minLength": 1, "maxLength": limit}


_CONTAINER = _open(
    "A container, as in a Pod.",
    ["name", "image"],
    {"name": _text("Name of the container.", 63), "image": _text("Image to run.", 1024)},
)
_POD_SPEC = _open(
    "Specification of the pod, as in a Pod.",
    ["containers"],
    {
        "containers": {
            "type": "array",
            "description": "Containers; the first one serves the model.",
            "minItems": 1,
            "maxItems": 16,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": _CONTAINER,
        }
    },
)
_TEMPLATE = _open(
    "Pod template.",
    ["spec"],
    {
        "metadata": _open(
            "Labels and annotations of the pods.",
            [],
            {"labels": {**(_LABELS.json_schema or {}), "description": "Labels of the pods."}},
        ),
        "spec": _POD_SPEC,
    },
)


def _has_container(template: dict[str, Any]) -> dict[str, Any]:
    """Refuse a template that only came past the schema, for what reads its first container."""
    spec = template.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    if not isinstance(containers, list) or not containers or not isinstance(containers[0], dict):
        raise ValueError("spec.containers must have at least one container")
    return template


PodTemplate = Annotated[dict[str, Any], AfterValidator(_has_container), WithJsonSchema(_TEMPLATE)]

_QUANTITY: Schema = {
    "x-kubernetes-int-or-string": True,
    "maxLength": 32,
    "pattern": r"^[0-9]+(\.[0-9]+)?(m|[kKMGTPE]i?)?$",
}
_AMOUNTS: Schema = {"type": "object", "maxProperties": 16, "additionalProperties": _QUANTITY}
_RESOURCES: Schema = {
    "type": "object",
    "properties": {
        "limits": _AMOUNTS | {"description": "The most that it may use."},
        "requests": _AMOUNTS | {"description": "What is set aside for it."},
    },
}
_SECRET: Schema = {
    "type": "object",
    "description": "Reference to a Secret in the resource's namespace.",
    "required": ["name"],
    "properties": {"name": OBJECT_NAME | {"description": "Name of the Secret."}},
}
_SECRET_KEY: Schema = {
    "type": "object",
    "description": "A key of a Secret in the resource's namespace.",
    "required": ["name", "key"],
    "properties": {
        "name": OBJECT_NAME | {"description": "Name of the Secret."},
        "key": _text("Key within it.", 253),
    },
}
_ENV: Schema = {
    "type": "object",
    "description": "An environment variable.",
    "required": ["name"],
    "properties": {
        "name": {
            "type": "string",
            "description": "Name of the variable.",
            "maxLength": 128,
            **rules(
                rule(
                    "self.matches('^[A-Za-z_][A-Za-z0-9_]*$')",
                    "say the name of an environment variable: letters, digits and underscores",
                )
            ),
        },
        "value": {"type": "string", "description": "Its value.", "maxLength": 1024},
        "valueFrom": {
            "type": "object",
            "description": "Where its value is.",
            "required": ["secretKeyRef"],
            "properties": {"secretKeyRef": _SECRET_KEY},
        },
    },
    **rules(
        rule(
            "has(self.value) != has(self.valueFrom)",
            "say either value or valueFrom: {secretKeyRef: {name: s3-reader, key: secret}}",
        )
    ),
}
_TOLERATION: Schema = {
    "type": "object",
    "description": "A toleration, as in a Pod.",
    "properties": {
        "key": {"type": "string", "maxLength": 317, "description": "Taint's key; none: all."},
        "operator": {
            "type": "string",
            "enum": ["Exists", "Equal"],
            "description": "How value is compared. Default: Equal.",
        },
        "value": {"type": "string", "maxLength": 63, "description": "Taint's value."},
        "effect": {
            "type": "string",
            "enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"],
            "description": "Taint's effect; none: all.",
        },
        "tolerationSeconds": {
            "type": "integer",
            "format": "int64",
            "description": "With NoExecute: how long the pod stays.",
        },
    },
}


class BenchmarkPod(ApiModel):
    """What benchmark pods need to run in this namespace."""

    labels: Labels = Field(default_factory=dict)
    """Extra labels."""
    annotations: Annotations = Field(default_factory=dict)
    """Extra annotations."""
    service_account_name: ObjectName | None = None
    """Service account; its token is not mounted. Data sets are fetched with what a cloud gives to
    it (workload identity)."""
    env: list[Annotated[dict[str, Any], WithJsonSchema(_ENV)]] = Field(
        default_factory=list, max_length=32, json_schema_extra=map_list("name")
    )
    """Environment of the benchmark container: credentials and addresses for fetching data sets."""
    image_pull_secrets: list[Annotated[dict[str, str], WithJsonSchema(_SECRET)]] = Field(
        default_factory=list, max_length=8
    )
    """References to Secrets for pulling the runner's image."""
    node_selector: Annotated[
        dict[str, str], string_map({"type": "string", "maxLength": 63}, 16)
    ] = Field(default_factory=dict)
    """Labels of the nodes that benchmark pods may run on."""
    tolerations: list[Annotated[dict[str, Any], WithJsonSchema(_TOLERATION)]] = Field(
        default_factory=list, max_length=16
    )
    """Tolerations of benchmark pods."""
    resources: Annotated[dict[str, Any], WithJsonSchema(_RESOURCES)] = Field(default_factory=dict)
    """Resources of the benchmark container."""
