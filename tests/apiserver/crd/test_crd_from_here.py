"""The rules of the CRDs, evaluated on a laptop, come to what the API server's examples say."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from modelward.cli.admission import holds, with_defaults
from tests.apiserver.crd.accepted import ACCEPTED
from tests.apiserver.crd.constraints import Constraint, all_constraints, definitions, schema_of
from tests.apiserver.crd.paths import Document, Json, patched, places, read
from tests.apiserver.crd.rules import RULES

pytestmark = pytest.mark.apiserver

SCHEMAS = {kind: schema_of(found) for kind, found in definitions().items()}


def _cases() -> Iterator[Any]:
    for constraint in all_constraints():
        if constraint.keyword != "rule":
            continue
        for example in RULES.get(constraint.path, ()):
            if constraint.value.startswith(example.told):
                for which, good in ((example.takes, True), (example.refuses, False)):
                    for number, changes in enumerate(which):
                        yield pytest.param(
                            constraint, changes, good, id=f"{constraint} {good} {number}"
                        )


def _node(constraint: Constraint) -> Document:
    """The schema that holds a rule."""
    node: Json = SCHEMAS[constraint.kind]
    for part in constraint.path.replace("[]", ".[]").split("."):
        if part:
            node = node["items"] if part == "[]" else node["properties"][part]
    found: Document = node
    return found


@pytest.mark.parametrize(("constraint", "changes", "good"), list(_cases()))
def test_a_rule_holds_here_where_it_holds_on_the_server(
    constraint: Constraint, changes: dict[str, Json], good: bool
) -> None:
    document = patched(ACCEPTED[constraint.kind]["the ordinary"], changes)
    document = with_defaults(SCHEMAS[constraint.kind], copy.deepcopy(document))
    node = _node(constraint)
    (rule,) = [r for r in node["x-kubernetes-validations"] if r["message"] == constraint.value]
    found = [
        holds(rule, node, read(document, place)) for place in places(document, constraint.path)
    ]
    assert all(found) is good
