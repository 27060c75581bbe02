"""`modelward judge plan`: what it prints, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelward.cli.main import main
from tests.unit.judge_command import ACCURACY, ERRORS, LATENCY, LATENCY_VERSUS, LOAD, VERSUS, Ask


def test_a_plan_tells_each_quality_with_its_requests_time_and_ends(ask: Ask) -> None:
    code, out, _ = ask("plan", [ERRORS])
    assert code == 0
    assert "fraud: load 20/s for 1m at most, after 1s of warm-up and 30s of calibration" in out
    row = next(line for line in out.splitlines() if "as expected" in line)
    assert row.split()[0] == "5%"
    assert out.count("%  ") > 4
    assert "exact, at the dispersions that calibration finds" in out


def test_a_plan_of_a_closed_loop_says_that_the_server_sets_the_pace(ask: Ask) -> None:
    told = "its callers wait for answers, so a slow server makes every TIME longer"
    assert told in ask("plan", [ERRORS], load=LOAD | {"concurrency": 8})[1]
    assert told not in ask("plan", [ERRORS])[1]


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
    assert code == 2
    assert "BUDGET TOO SMALL: a verdict is not likely even for a good version" in out
    assert "enough for 95 of 100 good versions: load.for " in out
    code, out, _ = ask("plan", [ERRORS | {"effect": "report"}, LATENCY], load=LOAD | {"for": "5s"})
    assert "errors: <= 10%, expected 5%  (report only)" in out


def test_a_comparison_of_latencies_is_planned_by_pairs_and_their_turns(ask: Ask) -> None:
    told = "--stable-latency", "80ms,100ms"
    code, out, _ = ask("plan", [LATENCY_VERSUS], *told)
    assert code == 0
    rows = [
        line.split()[0] for line in out.splitlines() if "stable  " in line or "slower  " in line
    ]
    assert rows == ["100ms", "105ms", "110ms", "120ms"]
    assert "TRUE p95" in out
    assert "PAIRS" in out
    assert "stable's with p50 80ms and p95 100ms\n" in out
    assert "TIME counts from its own first request" in out
    _, out, _ = ask("plan", [LATENCY_VERSUS], *told, "--json")
    (kpi,) = json.loads(out)["kpis"]
    like, *_, twice = kpi["qualities"]
    assert like["label"] == "like stable"
    assert min(like["pass"], twice["fail"]) > 0.95
    # 20 + 600 requests before the evidence, and each pair takes the time of two at 20/s.
    assert like["seconds"]["mean"] == pytest.approx((620 + like["samples"]["mean"]) / 10, abs=0.1)
    assert like["seconds"]["p95"] == (620 + like["samples"]["p95"]) / 10
    assert like["samples"]["p95"] > like["samples"]["mean"] > 100


def test_latencies_of_stable_that_nobody_told_are_said_to_be_assumed(ask: Ask) -> None:
    code, out, _ = ask("plan", [LATENCY_VERSUS], load=LOAD | {"for": "20s"})
    assert code == 2
    assert "BUDGET TOO SMALL" in out
    assert "enough for 95 of 100 good versions: load.for " in out
    assert "p50 100ms and p95 200ms, which is assumed: say --stable-latency" in out


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
    _, out, _ = ask("plan", [kpi], load=LOAD | {"for": "20s"})
    assert told in out


@pytest.mark.parametrize(
    ("benchmark", "objective", "told"),
    [
        ({"metric": "mae"}, {"atMost": "2.5"}, "all 5000 rows are read, the verdict is exact"),
        (
            {"metric": "recall", "positiveLabel": "fraud"},
            {"atLeast": "85%"},
            "rows are read, 5000 at most, until the recall is shown",
        ),
        ({"metric": "contains"}, {"atLeast": "92%"}, "exact; 5000 rows, in a random order"),
    ],
)
def test_a_plan_says_how_far_rows_are_read(
    ask: Ask, benchmark: dict[str, Any], objective: dict[str, Any], told: str
) -> None:
    kpi = {"name": "k", "benchmark": {"dataset": "golden"} | benchmark, "objective": objective}
    code, out, _ = ask("plan", [kpi], "--rows", "golden=5000")
    assert told in out
    assert code == 0


def test_short_exams_are_read_whole(ask: Ask) -> None:
    _, out, _ = ask("plan", [ACCURACY], "--rows", "golden=999")
    assert "all 999 rows are read, the verdict is exact for them" in out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--rows", "silver=5"], "--rows silver=5: say a data set and its number of rows, as in"),
        (["--rows", "golden=many"], "as in golden=1000; there are golden"),
        (
            ["--stable-latency", "80ms"],
            "--stable-latency 80ms: say stable's p50 and p95, the second",
        ),
        (["--stable-latency", "2s,1s"], "--stable-latency 2s,1s: say stable's p50 and p95"),
        (["--stable-errors", "2"], "--stable-errors '2': say a percentage such as 92%"),
    ],
)
def test_options_that_make_no_sense_are_explained(ask: Ask, more: list[str], told: str) -> None:
    code, _, err = ask("plan", [ERRORS], *more)
    assert code == 64
    assert told in err


@pytest.mark.parametrize(
    ("kpi", "told"),
    [
        (ERRORS | {"objective": {"atMost": "0%"}}, "spec.kpis: errors: null 0 is not between"),
        (ERRORS | {"objective": {"atMost": "2pp"}}, "spec.kpis[0].objective.atMost: '2pp': say"),
    ],
)
def test_a_declaration_that_cannot_be_judged_names_the_field(
    ask: Ask, kpi: dict[str, Any], told: str
) -> None:
    for question in ("plan", "replay"):
        code, _, err = ask(question, [kpi])
        assert code == 64
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
    assert main(["judge", "plan", "-f", str(path)]) == 64
    assert told in capsys.readouterr().err
    assert main(["judge", "plan", "-f", str(tmp_path / "missing")]) == 64
    assert "missing can't be read: No such file" in capsys.readouterr().err


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
