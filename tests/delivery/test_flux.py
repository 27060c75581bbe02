"""Flux: what its health expressions make of every state of a release."""

from pathlib import Path

import pytest
import yaml
from celpy import Environment
from celpy.adapter import json_to_cel

from modelward.writes import Document
from tests.delivery.situations import API_VERSION, KIND, SITUATIONS, Situation

FOLDER = Path(__file__).parents[2] / "manifests" / "gitops" / "flux"
ORDER = {"inProgress": "InProgress", "failed": "Failed", "current": "Current"}
"""The order in which Flux asks its expressions, and what the first true one means (RFC 0009)."""

each_situation = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.slug)


def answer(file: str, document: Document) -> str:
    """Return what Flux makes of the object with the expressions of this Kustomization."""
    if document["status"]["observedGeneration"] != document["metadata"]["generation"]:
        return "InProgress"  # Flux looks at this before any expression
    kustomization = yaml.safe_load((FOLDER / file).read_text())
    (check,) = kustomization["spec"]["healthCheckExprs"]
    assert (check["apiVersion"], check["kind"]) == (API_VERSION, KIND)
    for field, meaning in ORDER.items():
        if field in check and is_true(check[field], document):
            return meaning
    return "InProgress"


def is_true(expression: str, document: Document) -> bool:
    environment = Environment()
    program = environment.program(environment.compile(expression))
    return bool(program.evaluate({key: json_to_cel(part) for key, part in document.items()}))


@each_situation
def test_flux_waits_for_the_release_as_kstatus_does(situation: Situation) -> None:
    # A deleted object is no longer in the inventory that Flux asks about.
    if situation.kstatus != "Terminating":
        assert answer("released.yaml", situation.document()) == situation.kstatus


@each_situation
def test_flux_may_ask_only_whether_the_model_serves(situation: Situation) -> None:
    document = situation.document()
    unseen = document["status"]["observedGeneration"] != document["metadata"]["generation"]
    assert answer("serving.yaml", document) == ("InProgress" if unseen else situation.serves)


@pytest.mark.parametrize("file", ["released.yaml", "serving.yaml"])
def test_an_expression_is_false_and_no_error_where_there_is_no_status_yet(file: str) -> None:
    (check,) = yaml.safe_load((FOLDER / file).read_text())["spec"]["healthCheckExprs"]
    for field in ORDER:
        assert not is_true(check.get(field, "false"), {"status": {}})
