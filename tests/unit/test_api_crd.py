"""The generated definitions: structural, bounded, described, and up to date."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from modelward.api import crd
from modelward.api.base import ApiModel
from modelward.api.cel import Schema, rule, rules

FOLDER = Path(__file__).parents[2] / "crds"
KINDS = pytest.mark.parametrize("resource", crd.RESOURCES, ids=lambda found: found.kind)


def _nodes(path: str, node: Schema) -> Iterator[tuple[str, Schema]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from _nodes(f"{path}.{name}", child)
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from _nodes(f"{path}[]", node[key])


def _own_nodes(resource: crd.Resource) -> list[tuple[str, Schema]]:
    """All parts of a schema but those that Kubernetes bounds by itself."""
    properties = crd.schema(resource)["properties"]
    return [each for part in ("spec", "status") for each in _nodes(part, properties[part])]


def test_the_definitions_in_the_repository_are_the_generated_ones(tmp_path: Path) -> None:
    crd.main(tmp_path)
    for generated in tmp_path.iterdir():
        committed = FOLDER / generated.name
        assert committed.read_text() == generated.read_text(), "run `make generate`"


@KINDS
def test_schemas_are_structural(resource: crd.Resource) -> None:
    for path, node in _own_nodes(resource):
        strange = node.keys() & {"$ref", "$defs", "anyOf", "oneOf", "allOf", "const", "title"}
        assert not strange, path
        assert "type" in node or "x-kubernetes-int-or-string" in node, path
        assert node.get("default", "some") is not None, path


@KINDS
def test_every_list_text_and_map_is_bounded(resource: crd.Resource) -> None:
    bound = {"array": "maxItems", "string": "maxLength"}
    for path, node in _own_nodes(resource):
        if node.get("type") in bound and "enum" not in node:
            assert bound[node["type"]] in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path
        if "x-kubernetes-int-or-string" in node:
            assert "maxLength" in node, path


@KINDS
def test_every_field_is_described(resource: crd.Resource) -> None:
    for path, node in _own_nodes(resource):
        assert "description" in node or path.endswith("[]"), path


@KINDS
def test_every_message_says_something_on_one_line(resource: crd.Resource) -> None:
    found = [each for _, node in _own_nodes(resource) for each in _rules(node)]
    assert found
    for each in found:
        assert "\n" not in each["message"]
        assert 20 < len(each["message"]) < 200


def _rules(node: Schema) -> list[dict[str, str]]:
    found: list[dict[str, str]] = node.get("x-kubernetes-validations", [])
    return found


def test_what_a_revisions_hash_covers_has_no_defaults() -> None:
    """A stored default would change the hash of every model once a later version adds one."""
    spec = crd.schema(crd.MODEL_DEPLOYMENT)["properties"]["spec"]
    for part in ("model", "serving"):
        for path, node in _nodes(part, spec["properties"][part]):
            assert "default" not in node, path


class Part(ApiModel):
    """A part."""

    kind: Literal["only"] = "only"
    """The only kind."""
    names: list[str] = Field(default_factory=list)
    note: str | None = None


class Whole(ApiModel):
    """A whole."""

    part: Part = Part()
    """Its part."""
    other: Part | None = None
    """Another part, perhaps."""
    some_text: Annotated[str, Field(max_length=3, json_schema_extra=rules(rule("r", "m")))]
    parts: dict[str, Part] = Field(default_factory=dict)


def _generated() -> dict[str, Any]:
    document = Whole.model_json_schema(by_alias=True, ref_template="{model}")
    found: dict[str, Any] = crd._structural(document, document["$defs"])["properties"]
    return found


def test_references_are_put_in_place_and_the_fields_own_description_wins() -> None:
    assert _generated()["part"]["description"] == "Its part."
    assert _generated()["part"]["properties"]["kind"] == {
        "type": "string",
        "enum": ["only"],
        "default": "only",
        "description": "The only kind.",
    }


def test_defaults_are_kept_without_their_empty_members() -> None:
    assert _generated()["part"]["default"] == {"kind": "only"}
    assert "default" not in _generated()["part"]["properties"]["names"]
    assert "default" not in _generated()["part"]["properties"]["note"]


def test_an_optional_member_is_a_member_that_may_be_absent() -> None:
    other = _generated()["other"]
    assert other["type"] == "object"
    assert "default" not in other
    assert _generated()["part"]["properties"]["note"] == {"type": "string"}


def test_bounds_and_rules_reach_the_schema() -> None:
    assert _generated()["someText"] == {
        "type": "string",
        "maxLength": 3,
        "x-kubernetes-validations": [{"rule": "r", "message": "m"}],
    }


def test_the_values_of_maps_are_generated_too() -> None:
    assert _generated()["parts"]["additionalProperties"]["description"] == "A part."
