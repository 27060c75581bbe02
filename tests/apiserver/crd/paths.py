"""Places in documents: `spec.kpis[].name` in a schema is `spec.kpis[0].name` in a document."""

import copy
import re
from collections.abc import Iterator
from typing import Any

Json = Any
"""Whatever a JSON document can hold."""
Document = dict[str, Json]
Place = tuple[str | int, ...]

OMIT = object()
"""As a value: the member is taken out."""


def places(node: Json, path: str) -> list[Place]:
    """All places of a document that a path of its schema stands for."""
    return list(_places(node, re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path)))


def _places(node: Json, parts: list[str]) -> Iterator[Place]:
    if not parts:
        yield ()
        return
    first, rest = parts[0], parts[1:]
    if first == "[]":
        below: list[tuple[str | int, Json]] = list(enumerate(node))
    elif first == "{}":
        below = list(node.items())
    else:
        below = [(first, node[first])] if first in node else []
    for key, child in below:
        yield from ((key, *place) for place in _places(child, rest))


def place(text: str) -> Place:
    """The place that is written as `spec.kpis[0].name`; a key with dots stands in quotes."""
    found = re.findall(r'\[(\d+)\]|"([^"]+)"|([^.\[\]"]+)', text)
    return tuple(int(index) if index else quoted or name for index, quoted, name in found)


def shown(found: Place) -> str:
    """The place as the API server writes it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in found)
    return "".join(parts).removeprefix(".")


def read(document: Json, found: Place) -> Json:
    """What stands at a place."""
    for part in found:
        document = document[part]
    return document


def changed(document: Document, found: Place, value: Json) -> Document:
    """A copy of the document with another value at a place, or without it (OMIT)."""
    result = copy.deepcopy(document)
    holder = read(result, found[:-1])
    if value is OMIT:
        del holder[found[-1]]
    elif isinstance(holder, list) and found[-1] == len(holder):
        holder.append(value)
    else:
        holder[found[-1]] = value
    return result


def patched(document: Document, changes: dict[str, Json]) -> Document:
    """A copy of the document with these changes, by written place."""
    for text, value in changes.items():
        document = changed(document, place(text), value)
    return document
