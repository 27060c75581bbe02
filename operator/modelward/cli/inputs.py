"""Resources from files, with errors that name the file, the field and what to do."""

import sys
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from modelward.api.base import ApiModel, ObjectMeta
from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment

STDIN = "-"
_Resource = TypeVar("_Resource", bound=ApiModel)


class InputError(ValueError):
    """An input that can't be used; the message names it, the place and what to do."""


def read_deployment(path: str) -> ModelDeployment:
    """Return the one ModelDeployment of a YAML file; `-` is standard input. Raises InputError."""
    return _read(path, "ModelDeployment", ModelDeployment)


def read_run(path: str) -> BenchmarkRun:
    """Return the one BenchmarkRun of a YAML file; `-` is standard input. Raises InputError."""
    return _read(path, "BenchmarkRun", BenchmarkRun)


def _read(
    path: str, kind: Literal["ModelDeployment", "BenchmarkRun"], model: type[_Resource]
) -> _Resource:
    where = "standard input" if path == STDIN else path
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text()
        documents = list(yaml.safe_load_all(text))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{where} can't be read: {_why(error)}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{where} is not YAML: {_first_line(error)}") from error
    found = [d for d in documents if isinstance(d, dict) and d.get("kind") == kind]
    if len(found) != 1:
        raise InputError(
            f"{where} holds {len(found)} objects of kind {kind}: give a file with exactly one"
        )
    try:
        return model.model_validate(found[0] | {"metadata": _metadata(found[0])})
    except ValidationError as error:
        raise InputError(f"{where}: {_problem(error)}") from error


def _metadata(document: dict[str, Any]) -> dict[str, Any]:
    """Return metadata, with what a file has no need to say."""
    given = document.get("metadata")
    known = given if isinstance(given, dict) else {}
    return {**dict.fromkeys(("name", "namespace", "uid"), ""), **known}


def name_of(meta: ObjectMeta) -> str:
    """Return how an object is called."""
    return meta.name or "(no name)"


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f" (line {mark.line + 1})" if mark else ""
    return f"{getattr(error, 'problem', None) or str(error).splitlines()[0]}{line}"


def _problem(error: ValidationError) -> str:
    """Return the first problem with the field's path as people write it."""
    first = error.errors(include_url=False)[0]
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{to_camel(part)}"
    return f"{place.removeprefix('.')}: {first['msg'].removeprefix('Value error, ')}"
