"""kstatus, which Flux and Helm wait by: what it makes of every state of a release."""

import json
import subprocess

import pytest

from tests.cluster.local.build import program
from tests.delivery.situations import SITUATIONS, Situation

each_situation = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.slug)


@pytest.fixture(scope="module")
def computed() -> dict[str, dict[str, str]]:
    """What kstatus says of each situation, by its name."""
    documents = json.dumps([situation.document() for situation in SITUATIONS])
    kstatus = [program("kstatus")]
    output = subprocess.run(kstatus, input=documents, capture_output=True, check=True, text=True)
    results = json.loads(output.stdout)
    return {s.name: result for s, result in zip(SITUATIONS, results, strict=True)}


@each_situation
def test_kstatus_says_how_the_release_stands(
    situation: Situation, computed: dict[str, dict[str, str]]
) -> None:
    assert computed[situation.name]["status"] == situation.kstatus


@each_situation
def test_kstatus_passes_on_what_the_operator_says(
    situation: Situation, computed: dict[str, dict[str, str]]
) -> None:
    status = situation.document()["status"]
    if situation.kstatus == "Failed" or status.get("phase") in {"Progressing", "Paused"}:
        assert computed[situation.name]["message"] == status["message"]


def test_every_phase_and_every_answer_of_kstatus_is_in_the_table() -> None:
    phases = {situation.document()["status"].get("phase") for situation in SITUATIONS}
    assert phases == {None, "Healthy", "Progressing", "Paused", "Degraded"}
    # Unknown is its answer to an object that it can't read, and none of ours is.
    assert {s.kstatus for s in SITUATIONS} == {"InProgress", "Current", "Failed", "Terminating"}
