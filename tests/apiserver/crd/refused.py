"""For each constraint that can be broken by a machine: how, and what the server then says."""

from collections.abc import Callable

from tests.apiserver.crd.accepted import ACCEPTED
from tests.apiserver.crd.constraints import Constraint
from tests.apiserver.crd.paths import OMIT, Document, Json, Place, changed, places, read, shown

_SAYS: dict[str, Callable[[Json], str]] = {
    "maxLength": lambda bound: f"Too long: may not be more than {bound} bytes",
    "minLength": lambda bound: f"should be at least {bound} chars long",
    "maxItems": lambda bound: f"must have at most {bound} items",
    "minItems": lambda bound: f"should have at least {bound} items",
    "maximum": lambda bound: f"should be less than or equal to {bound}",
    "minimum": lambda bound: f"should be greater than or equal to {bound}",
    "maxProperties": lambda bound: f"must have at most {bound} items",
    "pattern": lambda bound: f"should match '{bound}'",
    "format": lambda bound: f"must be of type {bound}",
    "enum": lambda bound: "supported values: " + ", ".join(f'"{each}"' for each in bound),
    "required": lambda _: "Required value",
    "unique": lambda _: "Duplicate value",
}
_BREAKS: dict[str, Callable[[Json, Json], Json]] = {
    "maxLength": lambda bound, _: "a" * (bound + 1),
    "minLength": lambda bound, _: "a" * (bound - 1),
    "maxItems": lambda bound, value: [value[0]] * (bound + 1),
    "minItems": lambda bound, value: value[: bound - 1],
    "maximum": lambda bound, _: bound + 1,
    "minimum": lambda bound, _: bound - 1,
    "maxProperties": lambda bound, _: {f"key-{index}": "1" for index in range(bound + 1)},
    "pattern": lambda *_: "no-such",
    "format": lambda *_: "no-such",
    "enum": lambda *_: "no-such",
    "required": lambda *_: OMIT,
    "unique": lambda _, value: [*value, value[0]],
}
"""From the bound and the value that an accepted object has, to one that breaks it."""


def broken(constraint: Constraint) -> tuple[Document, list[str]]:
    """An object that breaks this constraint alone, and what the refusal must contain."""
    document, found = _where(constraint)
    if constraint.keyword == "required":
        found = (*found, constraint.value)
    value = _BREAKS[constraint.keyword](constraint.value, read(document, found))
    named = (*found, len(value) - 1) if constraint.keyword == "unique" else found
    said = [f"{shown(named)}: ", _SAYS[constraint.keyword](constraint.value)]
    return changed(document, found, value), said


def _where(constraint: Constraint) -> tuple[Document, Place]:
    """The smallest accepted object that has the constrained member, and its place in it."""
    for document in ACCEPTED[constraint.kind].values():
        for found in places(document, constraint.path):
            held = read(document, found)
            if constraint.keyword != "required" or constraint.value in held:
                return document, found
    raise AssertionError(f"no accepted object has {constraint}: add it to one")
