"""`modelward judge plan` and `replay`: what they print, and how they end."""

import io
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelward.cli.inputs import InputError
from modelward.cli.main import main
from modelward.cli.observations import read_observations
from tests.unit.documents import deployment_document

ERRORS = {
    "name": "errors",
    "benchmark": {"metric": "errorRate"},
    "objective": {"atMost": "10%", "expected": "5%"},
}
LATENCY = {
    "name": "latency",
    "benchmark": {"metric": "latency", "quantile": "p90"},
    "objective": {"atMost": "250ms", "expected": "150ms"},
}
VERSUS = {
    "name": "versus",
    "benchmark": {"metric": "errorRate"},
    "objective": {"versus": "stable", "worseByAtMost": "5pp"},
}
ACCURACY = {
    "name": "accuracy",
    "benchmark": {"metric": "accuracy", "dataset": "golden"},
    "objective": {"atLeast": "92%"},
}
LOAD = {"rate": "20/s", "for": "1m", "warmUp": "1s"}

Ended = tuple[int, str, str]
Ask = Callable[..., Ended]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what runs `modelward judge`: exit code, standard output, standard error."""

    def asked(
        question: str,
        kpis: list[dict[str, Any]],
        *more: str,
        lines: Iterable[str] = (),
        **spec: Any,
    ) -> Ended:
        document = deployment_document(**{"load": LOAD, "kpis": kpis} | spec)
        path = tmp_path / "modeldeployment.yaml"
        path.write_text(yaml.safe_dump({"kind": "ModelDeployment"} | document))
        monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
        code = main(["judge", question, "-f", str(path), *more])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return asked


def window(bad: int, requests: int = 10, kpi: str = "errors") -> str:
    return json.dumps({"kpi": kpi, "requests": requests, "bad": bad})


def drawn(share: float, windows: int) -> list[str]:
    rng = random.Random(1)
    return [window(sum(rng.random() < share for _ in range(10))) for _ in range(windows)]


def test_a_plan_tells_each_quality_with_its_requests_time_and_ends(ask: Ask) -> None:
    code, out, _ = ask("plan", [ERRORS])
    assert code == 0
    assert "fraud: load 20/s for 1m at most, after 1s of warm-up and 30s of calibration" in out
    row = next(line for line in out.splitlines() if "as expected" in line)
    assert row.split()[0] == "5%"
    assert out.count("%  ") > 4
    assert "exact, at the dispersions that calibration finds" in out


def test_a_plan_for_scripts_has_the_same_numbers(ask: Ask) -> None:
    code, out, _ = ask("plan", [ERRORS, ACCURACY], "--json", "--rows", "golden=1000")
    document = json.loads(out)
    errors, accuracy = document["kpis"]
    assert code == 0
    assert document["load"]["evidenceRequests"] == 1_200
    for quality in (*errors["qualities"], *accuracy["qualities"]):
        ends = quality["pass"] + quality["fail"] + quality["inconclusive"]
        assert ends == pytest.approx(1, abs=1e-5)
    assert [quality["label"] for quality in errors["qualities"]] == [
        "half of expected", "as expected", "at the limit", "beyond the limit"
    ]  # fmt: skip
    assert accuracy["qualities"][0]["samples"]["mean"] == pytest.approx(101.5, abs=0.1)
    assert accuracy["qualities"][0]["seconds"] is None


def test_a_budget_that_is_too_small_is_told_with_what_is_enough(ask: Ask) -> None:
    code, out, _ = ask("plan", [ERRORS], load=LOAD | {"for": "5s"})
    assert code == 3
    assert "BUDGET TOO SMALL: a verdict is not likely even for a good version" in out
    assert "enough for 95 of 100 good versions: load.for " in out
    code, out, _ = ask("plan", [ERRORS | {"effect": "report"}, LATENCY], load=LOAD | {"for": "5s"})
    assert "errors: <= 10%, expected 5%  (report only)" in out


def test_dependent_requests_take_longer(ask: Ask) -> None:
    def mean(*more: str) -> float:
        _, out, _ = ask("plan", [ERRORS], "--json", *more, load=LOAD | {"for": "10m"})
        expected = json.loads(out)["kpis"][0]["qualities"][1]
        return float(expected["samples"]["mean"])

    assert mean("--dispersion", "5") > 3 * mean("--dispersion", "1")


@pytest.mark.parametrize(
    ("kpi", "told"),
    [
        (LATENCY, "300 simulated benchmarks each, seed 1, independent requests"),
        (VERSUS, "300 simulated benchmarks each, seed 1, independent requests"),
        (ACCURACY, "say how many rows there are: --rows golden=N"),
    ],
)
def test_a_plan_says_how_it_was_made(ask: Ask, kpi: dict[str, Any], told: str) -> None:
    _, out, _ = ask("plan", [kpi])
    assert told in out


def test_short_exams_are_read_whole(ask: Ask) -> None:
    _, out, _ = ask("plan", [ACCURACY], "--rows", "golden=999")
    assert "all 999 rows are read, the verdict is exact for them" in out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--rows", "silver=5"], "--rows silver=5: say a data set and its number of rows, as in"),
        (["--rows", "golden=many"], "as in golden=1000; there are golden"),
        (["--stable-errors", "2"], "--stable-errors '2': say a percentage such as 92%"),
    ],
)
def test_options_that_make_no_sense_are_explained(ask: Ask, more: list[str], told: str) -> None:
    code, _, err = ask("plan", [ERRORS], *more)
    assert code == 2
    assert told in err


@pytest.mark.parametrize(
    ("kpi", "told"),
    [
        (ERRORS | {"objective": {"atMost": "0%"}}, "spec.kpis: errors: null 0 is not between"),
        (ERRORS | {"objective": {"atMost": "2"}}, "spec.kpis[0].objective.atMost: '2': say"),
    ],
)
def test_a_declaration_that_cannot_be_judged_names_the_field(
    ask: Ask, kpi: dict[str, Any], told: str
) -> None:
    for question in ("plan", "replay"):
        code, _, err = ask(question, [kpi])
        assert code == 2
        assert told in err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: Secret", "holds 0 objects of kind ModelDeployment"),
        ("a: [", "is not YAML: "),
        ("kind: ModelDeployment\nspec: {}", "spec.serving: Field required"),
    ],
)
def test_a_file_that_is_no_deployment_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(text)
    assert main(["judge", "plan", "-f", str(path)]) == 2
    assert told in capsys.readouterr().err
    assert main(["judge", "plan", "-f", str(tmp_path / "missing")]) == 2
    assert "missing can't be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("share", "windows", "code", "told"),
    [
        (0.03, 120, 0, "every gate passes"),
        (0.3, 120, 1, "a gate fails"),
        (0.07, 70, 3, "Inconclusive"),
    ],
)
def test_a_replay_ends_as_the_benchmark_would_have(
    ask: Ask, share: float, windows: int, code: int, told: str
) -> None:
    ended, out, _ = ask("replay", [ERRORS], lines=drawn(share, windows))
    assert ended == code
    assert told in out


def test_a_replay_tells_where_the_verdict_was_reached(ask: Ask) -> None:
    lines = [window(0)] * 60 + ['{"kpi": "errors", "requests": 100, "bad": 60, "at": "noon"}']
    code, out, _ = ask("replay", [ERRORS], "--json", lines=lines)
    (kpi,) = json.loads(out)["kpis"]
    assert code == 1
    assert (kpi["verdict"], kpi["reason"]) == ("Fail", "WorseThanExpected")
    assert kpi["reached"] == {"line": 61, "at": "noon", "samples": 700}
    assert kpi["samples"] == 100


def test_requests_make_the_windows_of_the_declared_load(ask: Ask) -> None:
    """Ten at 20/s: the same verdicts as from counts of ten."""
    rng = random.Random(2)
    slow = [rng.random() < 0.3 for _ in range(1_000)]
    requests = [json.dumps({"latency": f"{200 if is_slow else 20}ms"}) for is_slow in slow]
    counts = [
        json.dumps({"kpi": "latency", "requests": 10, "bad": 0, "beyondExpected": sum(slow[i:i + 10])})
        for i in range(0, 1_000, 10)
    ]  # fmt: skip
    of_requests, of_counts = (
        json.loads(ask("replay", [LATENCY], "--json", lines=lines)[1])["kpis"][0]
        for lines in (requests, counts)
    )
    assert of_requests["verdict"] == of_counts["verdict"] == "Fail"
    assert of_requests["samples"] == of_counts["samples"]


def test_failed_requests_are_slow_ones_and_are_compared_with_stable(ask: Ask) -> None:
    rng = random.Random(3)
    lines = [
        json.dumps({"failed": rng.random() < 0.4, "latency": "1ms", "stable": {"failed": False}})
        for _ in range(1_500)
    ]
    _, out, _ = ask("replay", [ERRORS, LATENCY, VERSUS], "--json", lines=lines)
    assert {kpi["verdict"] for kpi in json.loads(out)["kpis"]} == {"Fail"}


def test_without_answers_of_stable_what_is_versus_it_does_not_apply(ask: Ask) -> None:
    code, out, _ = ask("replay", [ERRORS, VERSUS], lines=drawn(0.03, 120))
    assert code == 0
    assert "NotApplicable NoStable" in out


@pytest.mark.parametrize(("right", "code"), [(92, 0), (91, 1)])
def test_rows_of_an_exam_are_judged_exactly(ask: Ask, right: int, code: int) -> None:
    lines = [json.dumps({"dataset": "golden", "id": str(i), "correct": i < right})
             for i in range(100)]  # fmt: skip
    ended, out, _ = ask("replay", [ACCURACY], lines=lines)
    assert ended == code
    assert "100" in out


def test_rows_of_a_sample_are_judged_as_they_come(ask: Ask) -> None:
    sample = [{"name": "golden", "configMap": {"name": "g", "key": "k"}, "rows": "sample"}]
    lines = ['{"dataset": "golden", "id": "a", "correct": true}'] * 200
    code, out, _ = ask("replay", [ACCURACY], "--json", lines=lines, datasets=sample)
    reached = json.loads(out)["kpis"][0]["reached"]
    assert code == 0
    assert 20 < reached["line"] < 200


def test_all_lines_are_evidence_where_a_dispersion_is_given(ask: Ask) -> None:
    lines = [window(5)] * 20
    assert ask("replay", [ERRORS], lines=lines)[0] == 3
    assert ask("replay", [ERRORS], "--dispersion", "1", lines=lines)[0] == 1


def test_no_data_is_no_verdict(ask: Ask) -> None:
    code, out, _ = ask("replay", [ERRORS, LATENCY, ACCURACY])
    assert code == 3
    assert out.count("Inconclusive NotMeasured") >= 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: "),
        ("[1]", "line 2: it is no JSON object: write a request"),
        ('{"kpi": "errors", "requests": NaN, "bad": 1}', "line 2: NaN is not a JSON number"),
        ('{"kpi": "errors", "requests": 10, "bad": 11}', "line 2: more bad requests than the 10"),
        ('{"kpi": "errors", "requests": 10, "bad": -1}', "line 2: bad is -1: say a whole number"),
        ('{"kpi": "errors", "requests": 10, "bad": 0.5}', "line 2: bad is 0.5: say a whole number"),
        ('{"kpi": "errors", "requests": true, "bad": 1}', "line 2: requests is True"),
        ('{"kpi": "errors", "requests": 10}', "line 2: counts are missing"),
        ('{"kpi": "typo", "requests": 10, "bad": 1}', "line 2: no KPI under load is named typo"),
        ('{"kpi": "errors", "requests": 9, "lost": 1, "won": 0, "both": 0}',
         'line 2: counts of KPI errors are "bad"'),
        ('{"kpi": "errors", "requests": 9, "bad": 1, "worse": 2}', "line 2: worse is not known"),
        ('{"latency": 120}', "line 2: latency is 120: say a string"),
        ('{"latency": "120"}', "line 2: '120': say a duration such as 250ms"),
        ('{"failed": false}', "line 2: latency is missing, and KPI latency is about it"),
        ('{"failed": "no"}', "line 2: failed is no: say true or false"),
        ('{"dataset": "golden"}', "line 2: correct is missing: say true or false"),
        ('{"dataset": "silver", "correct": true}', "line 2: no KPI is on a data set named silver"),
        ('{"colour": "red"}', "line 2: it says nothing that is known"),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named_by_its_number(ask: Ask, line: str, told: str) -> None:
    code, out, err = ask("replay", [ERRORS, LATENCY, ACCURACY], lines=[window(0), line])
    assert code == 2
    assert told in err
    assert out == ""


def test_a_row_of_an_exam_that_comes_twice_is_refused(ask: Ask) -> None:
    lines = ['{"dataset": "golden", "id": "a", "correct": true}'] * 2
    _, _, err = ask("replay", [ACCURACY], lines=lines)
    assert "line 2: row a was answered on line 1 already" in err


@given(st.text(max_size=80) | st.dictionaries(
    st.sampled_from(["kpi", "requests", "bad", "lost", "won", "both", "latency", "failed", "at",
                     "dataset", "correct", "stable"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
).map(json.dumps))  # fmt: skip
def test_no_line_crashes(line: str) -> None:
    try:
        list(read_observations([line]))
    except InputError as error:
        assert str(error).startswith("line 1: ")


@pytest.mark.parametrize("question", ["plan", "replay", "explain"])
def test_help_has_exit_codes_and_examples(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["judge", question, "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert "exit codes:" in out
    assert f"modelward judge {question}" in out.partition("examples:")[2]
