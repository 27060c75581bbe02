"""Serving protocols in the resources: fields and rules made from the protocols' own options."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from modelward.api.cel import Schema, implies, rule, rules, text
from modelward.protocols import DEFAULT, PROTOCOLS
from modelward.protocols.base import Option, Protocol

PATH = text(r"^/[^\s?#]*$", "say a path that begins with a slash, such as /predict", 256)
"""Path of a URL, without a query."""


def _known(name: str) -> str:
    if name not in PROTOCOLS:
        raise ValueError(f"{name!r} is none of {', '.join(PROTOCOLS)}")
    return name


ProtocolName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(PROTOCOLS)}),
]
"""Name of a serving protocol."""

DESCRIPTION = "; ".join(
    f"{each.name} ({each.text}{', the default' if each.name == DEFAULT else ''})"
    for each in PROTOCOLS.values()
)


def said_of(protocol: str, said: object) -> dict[str, str]:
    """Return what a user said of a protocol's options; what can't be said of them is left out."""
    members = said if isinstance(said, dict) else {}
    told = PROTOCOLS[protocol].told(members)
    return {name: value for name, value in told.items() if members.get(name) == value}


def nested(schema: Schema) -> None:
    """Add to the schema of `serving` an object for each protocol that has options."""
    _describe(schema)
    for protocol in _with_options():
        properties = {option.name: _of(option) for option in protocol.options}
        required = [option.name for option in protocol.options if option.default is None]
        schema["properties"][protocol.name] = {
            "type": "object",
            "description": f"What is said of protocol {protocol.name}.",
            "properties": properties,
        } | ({"required": required} if required else {})
    schema.update(rules(*_rules_for_nested()))


def flattened(schema: Schema) -> None:
    """Add to the schema of a run's subject a field for each option of each protocol."""
    _describe(schema)
    found: list[Schema] = []
    for protocol in _with_options():
        for option in protocol.options:
            described = f"{option.text} For protocol {protocol.name}."
            schema["properties"][option.name] = _of(option) | {"description": described}
            spoken = _spoken("protocol", protocol)
            if option.default is None:
                found.append(
                    _needed(spoken, option.name, protocol, f"{option.name}: {option.example}")
                )
            found.append(_only(spoken, option.name, protocol))
    schema.update(rules(*found))


def _describe(schema: Schema) -> None:
    schema["properties"]["protocol"]["description"] = f"{DESCRIPTION}."


def _with_options() -> list[Protocol]:
    return [protocol for protocol in PROTOCOLS.values() if protocol.options]


def _of(option: Option) -> Schema:
    shape: Schema = {"type": "string", "enum": list(option.values)} if option.values else dict(PATH)
    return shape | {"description": option.text}


def _spoken(field: str, protocol: Protocol) -> str:
    said = f"has(self.{field}) && self.{field} == '{protocol.name}'"
    return f"!has(self.{field}) || {said}" if protocol.name == DEFAULT else said


def _rules_for_nested() -> list[Schema]:
    found: list[Schema] = []
    for protocol in _with_options():
        spoken = _spoken("protocol", protocol)
        needed = [option for option in protocol.options if option.default is None]
        if needed:
            said = ", ".join(f"{option.name}: {option.example}" for option in needed)
            found.append(_needed(spoken, protocol.name, protocol, f"{protocol.name}: {{{said}}}"))
        found.append(_only(spoken, protocol.name, protocol))
    return found


def _needed(spoken: str, field: str, protocol: Protocol, example: str) -> Schema:
    return rule(
        implies(spoken, f"has(self.{field})"),
        f"protocol {protocol.name} needs {field}: say it, as in {example}",
    )


def _only(spoken: str, field: str, protocol: Protocol) -> Schema:
    return rule(
        implies(f"has(self.{field})", spoken),
        f"only protocol {protocol.name} has {field}: remove it, or say protocol: {protocol.name}",
    )
