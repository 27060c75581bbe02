"""Runs Argo CD's scripts as Argo CD does, and writes what goes with them.

Argo CD gives a script Lua 5.1 with the base and table libraries, and nothing else of the standard
library (util/lua/lua.go). A script that needs more fails there, so it must fail here.
"""

from pathlib import Path
from typing import Any

import yaml
from lupa import lua51

from modelward.writes import Document

FOLDER = Path(__file__).parents[2] / "manifests" / "gitops" / "argocd"
SCRIPTS = FOLDER / "modelward.dev" / "ModelDeployment"
ACTIONS = ("promote", "abort", "retry")

Plain = Any
"""What JSON can hold."""

_SANDBOX = """
debug.setmetatable("", nil)  -- methods of strings belong to the string library
for _, name in ipairs({"coroutine", "debug", "io", "math", "os", "python", "string"}) do
  _G[name], package.loaded[name] = nil, nil
end
package.path, package.cpath = "", ""
"""


def run(script: Path | str, document: Document) -> Plain:
    """Run a script on an object and return its result as plain values. Raises LuaError."""
    lua = lua51.LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute(_SANDBOX)
    lua.globals()["obj"] = lua.table_from(document, recursive=True)
    text = script if isinstance(script, str) else script.read_text()
    return _plain(lua.execute(text), document)


def health(document: Document) -> dict[str, str]:
    """Return the health that Argo CD shows; what is being deleted it doesn't ask the script."""
    if "deletionTimestamp" in document["metadata"]:
        return {"status": "Progressing", "message": "Pending deletion"}
    shown: dict[str, str] = run(SCRIPTS / "health.lua", document)
    return shown


def enabled(document: Document) -> set[str]:
    """Return the actions that a person can click on."""
    offered = run(SCRIPTS / "actions" / "discovery.lua", document)
    assert set(offered) == set(ACTIONS)
    return {name for name, action in offered.items() if not action["disabled"]}


def act(action: str, document: Document) -> Document:
    """Return the object that Argo CD would write after a click."""
    changed: Document = run(SCRIPTS / "actions" / action / "action.lua", document)
    return changed


def config_map() -> Document:
    """Return the part of the ConfigMap argocd-cm that teaches Argo CD about ModelDeployments."""
    key = "modelward.dev_ModelDeployment"
    actions = {
        "discovery.lua": (SCRIPTS / "actions" / "discovery.lua").read_text(),
        "definitions": [
            {
                "name": name,
                "action.lua": (SCRIPTS / "actions" / name / "action.lua").read_text(),
            }
            for name in ACTIONS
        ],
    }
    data = {
        f"resource.customizations.health.{key}": (SCRIPTS / "health.lua").read_text(),
        f"resource.customizations.actions.{key}": dump(actions),
    }
    return {"data": data}


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it stands."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def dump(document: Plain) -> str:
    """Return a document as YAML that a person can read."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)


def _plain(value: Plain, before: Plain = None) -> Plain:
    """Return a Lua value as JSON would have it: a table with numbers for keys is a list.

    An empty table may be either. As Argo CD does, it is taken for what stood there before.
    """
    if lua51.lua_type(value) != "table":
        return value
    if not len(value) and not set(value):
        return [] if before == [] else {}
    if set(value) == set(range(1, len(value) + 1)):
        items = before if isinstance(before, list) else []
        olds = [*items, *[None] * (len(value) - len(items))]
        return [_plain(value[index + 1], old) for index, old in enumerate(olds[: len(value)])]
    members = before if isinstance(before, dict) else {}
    return {key: _plain(member, members.get(key)) for key, member in value.items()}
