"""What an API server would refuse is told before anything is measured; tests/apiserver/crd holds
the rules themselves to the server's verdicts."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelward.cli.admission import refusals
from tests.unit.laptop import ACCURACY, ERRORS, ROWS, deployment, measure, with_rows, write

EXAMPLES = Path(__file__).parents[2] / "examples"
Place = tuple[str | int, ...]


def changed(place: Place, value: object) -> dict[str, Any]:
    """Return a deployment with another value somewhere."""
    document = copy.deepcopy(deployment(ACCURACY, ERRORS))
    holder: Any = document
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    return document


@pytest.mark.parametrize("name", ["complete.yaml", "quickstart.yaml", "text.yaml"])
def test_the_examples_would_be_taken(name: str) -> None:
    found = [*yaml.safe_load_all((EXAMPLES / name).read_text())]
    assert refusals(found[-1]) == []


OBJECTIVE: Place = ("spec", "kpis", 0, "objective")


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("spec", "laod"), {}, "spec: there is no field laod; do you mean load?"),
        (("spec", "kpis", 0, "weight"), 1, "spec.kpis[0]: there is no field weight; there are"),
        ((*OBJECTIVE, "atLeast"), 92, "spec.kpis[0].objective.atLeast: say a value with its unit"),
        ((*OBJECTIVE, "atLeast"), 0.92, "spec.kpis[0].objective.atLeast: 0.92: say a value with"),
        (("spec", "kpis", 0, "benchmark", "metric"), "acuracy", "'acuracy' is none of accuracy,"),
        (("spec", "kpis", 0, "benchmark", "dataset"), "goldn", "a KPI's benchmark.dataset is not"),
        (("spec", "kpis", 0, "benchmark"), {}, "spec.kpis[0].benchmark: metric is missing"),
        (("spec", "load", "for"), "200h", "one run sends at most 9999999 requests"),
        (("spec", "replicas"), "2", "spec.replicas: '2' is not of type 'integer'"),
        (("metadata", "name"), "A", "metadata.name: say a name of at most 40 characters"),
    ],
)
def test_what_it_would_refuse_is_told_with_its_field(
    place: Place, value: object, told: str
) -> None:
    assert any(told in each for each in refusals(changed(place, value)))


def test_what_a_pod_template_holds_is_not_judged_here() -> None:
    spec = {"containers": [{"name": "s", "image": "i", "anything": 1}], "hostNetwork": True}
    assert refusals(changed(("spec", "serving", "template", "spec"), spec)) == []


def test_the_command_names_all_of_it_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = with_rows(tmp_path, monkeypatch)
    write(place, changed(("spec", "laod"), {"rate": "20/s"}))
    assert measure("http://127.0.0.1:1", *ROWS) == 64
    assert capsys.readouterr().err.splitlines() == [
        "modelward benchmark run: plan.yaml would be refused by an API server:",
        "  spec: there is no field laod; do you mean load?",
    ]
