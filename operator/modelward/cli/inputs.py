"""Resources from files, with errors that name the file, the field and what to do."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from modelward.api.base import ApiModel, ObjectMeta
from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment

STDIN = "-"
_MOST_REFUSALS = 5
_Resource = TypeVar("_Resource", bound=ApiModel)


class InputError(ValueError):
    """An input that can't be used; the message names it, the place and what to do."""


@dataclass(frozen=True)
class Documents:
    """The objects of a YAML file."""

    where: str
    """The file's name, for people."""
    all: tuple[dict[str, Any], ...]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind."""
        return [document for document in self.all if document.get("kind") == kind]


def read_deployment(path: str) -> ModelDeployment:
    """Return the one ModelDeployment of a YAML file; `-` is standard input. Raises InputError."""
    documents = read_documents(path)
    return _valid(_only_one(documents, "ModelDeployment"), documents.where, ModelDeployment)


def read_run(path: str) -> BenchmarkRun:
    """Return the one BenchmarkRun of a YAML file; `-` is standard input. Raises InputError."""
    documents = read_documents(path)
    return _valid(_only_one(documents, "BenchmarkRun"), documents.where, BenchmarkRun)


def read_measurable(documents: Documents) -> ModelDeployment | BenchmarkRun:
    """Return the one ModelDeployment or BenchmarkRun among these.

    Raises InputError, also for one that an API server would refuse.
    """
    if documents.of_kind("BenchmarkRun"):
        return _admitted(documents, "BenchmarkRun", BenchmarkRun)
    return _admitted(documents, "ModelDeployment", ModelDeployment)


def read_documents(path: str) -> Documents:
    """Return the objects of a YAML file; `-` is standard input. Raises InputError."""
    where = "standard input" if path == STDIN else path
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text()
        found = list(yaml.safe_load_all(text))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{where} can't be read: {why(error)}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{where} is not YAML: {_first_line(error)}") from error
    return Documents(where, tuple(each for each in found if isinstance(each, dict)))


def run_in(document: dict[str, Any], where: str) -> BenchmarkRun:
    """Return a document as a BenchmarkRun. Raises InputError."""
    return _valid(document, where, BenchmarkRun)


def _admitted(documents: Documents, kind: str, model: type[_Resource]) -> _Resource:
    try:
        # Here, because reading what a cluster holds needs none of it.
        from modelward.cli.admission import refusals  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            f"checking a file needs {error.name}: pip install 'modelward[cli]'"
        ) from error
    document = _only_one(documents, kind)
    metadata = _metadata(document)
    named = document | {"metadata": metadata | {"name": metadata["name"] or "model"}}
    if found := refusals(named):
        told = "".join(f"\n  {each}" for each in found[:_MOST_REFUSALS])
        more = len(found) - _MOST_REFUSALS
        rest = f"\n  and {more} more" if more > 0 else ""
        raise InputError(f"{documents.where} would be refused by an API server:{told}{rest}")
    return _valid(document, documents.where, model)


def _only_one(documents: Documents, kind: str) -> dict[str, Any]:
    found = documents.of_kind(kind)
    if len(found) != 1:
        raise InputError(
            f"{documents.where} holds {len(found)} objects of kind {kind}: give a file with "
            "exactly one"
        )
    return found[0]


def _valid(document: dict[str, Any], where: str, model: type[_Resource]) -> _Resource:
    try:
        return model.model_validate(document | {"metadata": _metadata(document)})
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


def why(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file can't be read."""
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
