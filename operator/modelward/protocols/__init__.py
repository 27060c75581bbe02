"""The serving protocols, one module of this package for each, found by their names.

Whoever adds one writes a module with a PROTOCOL and a test table; schema, pods, plans, the runner
and the documentation read this registry. What several of them are made of is in `wire`.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from modelward.protocols.base import Asked, Dialogue, Protocol

DEFAULT = "v2"
"""Name of the protocol that is spoken where none is named."""


def _found() -> Iterator[Protocol]:
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg and module.name != "base":
            yield importlib.import_module(f"{__name__}.{module.name}").PROTOCOL


PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _found()}
"""All protocols by name, in the order of their names."""


def dialogue(name: str, model: str, said: Mapping[str, object]) -> Dialogue:
    """Return how a model is asked by the protocol of this name, given what was said of it.

    Raises ValueError where that isn't enough.
    """
    asked = Asked(model, PROTOCOLS[name].told(said))
    missing = [each.name for each in PROTOCOLS[name].options if each.name not in asked.options]
    if missing:
        raise ValueError(f"subject.options.{missing[0]} is missing: protocol {name} needs it")
    return PROTOCOLS[name].open(asked)


__all__ = ["DEFAULT", "PROTOCOLS", "Dialogue", "Protocol", "dialogue"]
