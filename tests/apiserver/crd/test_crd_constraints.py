"""Every constraint of the generated CRDs is shown to accept and to refuse, on a real API server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.crd import test_crd_lifecycle
from tests.apiserver.crd.accepted import ACCEPTED, ordinary
from tests.apiserver.crd.constraints import BOUNDS, Constraint, all_constraints
from tests.apiserver.crd.example import Changes, Example
from tests.apiserver.crd.paths import Document, Json, changed, patched, places, read, shown
from tests.apiserver.crd.refused import broken
from tests.apiserver.crd.rules import ELSEWHERE, RULES
from tests.apiserver.crd.server import Server
from tests.apiserver.crd.values import VALUES

pytestmark = pytest.mark.apiserver

CONSTRAINTS = all_constraints()
RULE_CONSTRAINTS = [each for each in CONSTRAINTS if each.keyword == "rule"]
MECHANICAL = [each for each in CONSTRAINTS if each.keyword != "rule"]
KINDS = sorted(ACCEPTED)
CROSSED = {
    "spec.rollout.steps[].for",
    "spec.rollout.steps[].upTo",
    "spec.rollout.progressDeadline",
}
"""Where a rule between fields has a say in which values are taken; its examples show them."""


def _value_examples(constraint: Constraint) -> tuple[tuple[Json, ...], tuple[Json, ...]] | None:
    found = [found for told, found in VALUES.items() if constraint.value.startswith(told)]
    return found[0] if found else None


def _example(constraint: Constraint) -> Example | None:
    found = RULES.get(constraint.path, ())
    return next((each for each in found if constraint.value.startswith(each.told)), None)


def _rule_cases(which: str) -> Iterator[Any]:
    for constraint in RULE_CONSTRAINTS:
        example = _example(constraint)
        for number, changes in enumerate(getattr(example, which) if example else ()):
            yield pytest.param(constraint, changes, id=f"{constraint} {number}")


def _holders(constraint: Constraint) -> tuple[Document, str]:
    """An accepted object that has the value which the rule is about, and its written place."""
    documents = ACCEPTED[constraint.kind]
    for document in (documents["the ordinary"], *documents.values()):
        if found := places(document, constraint.path):
            return document, shown(found[0])
    raise AssertionError(f"no accepted object has {constraint}: add it to one")


def _value_cases(which: int) -> Iterator[Any]:
    for constraint in RULE_CONSTRAINTS:
        examples = _value_examples(constraint)
        crossed = which == 0 and constraint.path in CROSSED
        for value in examples[which] if examples and constraint.path and not crossed else ():
            yield pytest.param(constraint, value, id=f"{constraint} {value!r}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(ACCEPTED["ModelDeployment"]))
def test_an_object_within_all_constraints_is_taken(server: Server, kind: str, name: str) -> None:
    server.take(ACCEPTED[kind][name])


@pytest.mark.parametrize("constraint", [c for c in MECHANICAL if c.keyword in BOUNDS], ids=str)
def test_an_accepted_object_reaches_the_bound(constraint: Constraint) -> None:
    values = [
        read(document, found)
        for document in ACCEPTED[constraint.kind].values()
        for found in places(document, constraint.path)
    ]
    sizes = {len(value) if isinstance(value, str | list | dict) else value for value in values}
    has_a_form = any(rule.path == constraint.path for rule in RULE_CONSTRAINTS)
    assert sizes, f"no accepted object has {constraint.path}: add it to one"
    # A form can be narrower than the bound, which then only bounds the cost of checking it.
    assert constraint.value in sizes or (has_a_form and constraint.keyword == "maxLength")


@pytest.mark.parametrize("constraint", MECHANICAL, ids=str)
def test_an_object_beyond_a_constraint_is_refused_and_told_where_and_why(
    server: Server, constraint: Constraint
) -> None:
    document, said = broken(constraint)
    refusal = server.refusal(document)
    for part in said:
        assert part in refusal


@pytest.mark.parametrize(
    ("constraint", "value"),
    [(c, value) for c in MECHANICAL if c.keyword == "enum" for value in c.value],
    ids=str,
)
def test_every_value_of_an_enum_is_taken(
    server: Server, constraint: Constraint, value: Json
) -> None:
    for document in ACCEPTED[constraint.kind].values():
        found = places(document, constraint.path)
        if any(read(document, each) == value for each in found):
            return  # taken with the object that holds it
    document = next(d for d in ACCEPTED[constraint.kind].values() if places(d, constraint.path))
    server.take(changed(document, places(document, constraint.path)[0], value))


@pytest.mark.parametrize("constraint", RULE_CONSTRAINTS, ids=str)
def test_a_rule_has_examples(constraint: Constraint) -> None:
    elsewhere = [name for told, name in ELSEWHERE.items() if constraint.value.startswith(told)]
    assert (
        _value_examples(constraint)
        or _example(constraint)
        or any(hasattr(test_crd_lifecycle, name) for name in elsewhere)
    ), f"add examples for {constraint}"


def test_every_example_belongs_to_a_rule() -> None:
    told = [*VALUES, *ELSEWHERE, *(each.told for found in RULES.values() for each in found)]
    messages = [constraint.value for constraint in RULE_CONSTRAINTS]
    assert [each for each in told if not any(text.startswith(each) for text in messages)] == []


@pytest.mark.parametrize(("constraint", "value"), list(_value_cases(0)))
def test_a_value_of_the_right_form_is_taken(
    server: Server, constraint: Constraint, value: Json
) -> None:
    document, _ = _holders(constraint)
    server.take(changed(document, places(document, constraint.path)[0], value))


@pytest.mark.parametrize(("constraint", "value"), list(_value_cases(1)))
def test_a_value_of_another_form_is_refused_and_told_what_to_say(
    server: Server, constraint: Constraint, value: Json
) -> None:
    document, where = _holders(constraint)
    refusal = server.refusal(changed(document, places(document, constraint.path)[0], value))
    assert f"{where}: Invalid value: " in refusal
    assert constraint.value in refusal


@pytest.mark.parametrize(("constraint", "changes"), list(_rule_cases("takes")))
def test_what_a_rule_allows_is_taken(
    server: Server, constraint: Constraint, changes: Changes
) -> None:
    server.take(patched(ordinary(constraint.kind), changes))


@pytest.mark.parametrize(("constraint", "changes"), list(_rule_cases("refuses")))
def test_what_a_rule_forbids_is_refused_and_told_what_to_do(
    server: Server, constraint: Constraint, changes: Changes
) -> None:
    refusal = server.refusal(patched(ordinary(constraint.kind), changes))
    lines = [line for line in refusal.splitlines() if constraint.value in line]
    assert lines
    assert constraint.field.removeprefix(".") in lines[0]
