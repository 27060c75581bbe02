"""`modelward judge explain`: why a run came to its verdict, in words."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
import yaml

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import (
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    RelativeErrorCounts,
    SampleCounts,
)
from modelward.benchmark.evidence import evidence
from modelward.benchmark.explained import explain, odds
from modelward.benchmark.plan import runner_plan
from modelward.cli.main import main
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    FAILING,
    LATENCY,
    NOT_MEASURED,
    PASSING,
    a_result,
    a_run,
)
from tests.unit.kpis import ACCURACY_VERSUS, ERRORS_VERSUS, errors

BASELINE = {"revision": "s", "service": "s", "port": 8080, "protocol": "v2", "modelName": "fraud"}
ERRORS_TIMES = errors("errors-vs-stable", versus="stable", worseByAtMost="100%")


def judged(
    kpi: dict[str, Any], report: KpiReport, windows: int = 60, rows: str = "exam"
) -> BenchmarkRun:
    """Return a finished run of one KPI with the evidence of a report."""
    versus = {"baseline": BASELINE} if "versus" in kpi["objective"] else {}
    golden = {"name": "golden", "configMap": {"name": "g", "key": "k"}, "sha256": "ab" * 32}
    run = a_run(kpi, datasets=[golden | {"rows": rows}], **versus)
    plan = runner_plan(run, 1, seconds_left=1_200)
    outcome = "Measured"
    shown = evidence(
        run.spec, plan, a_result(plan, kpis=(report,), windows=windows, outcome=outcome)
    )
    status = {"phase": "Finished", "verdict": shown[0].verdict, "kpis": list(shown)}
    return run.model_copy(update={"status": run.status.model_copy(update=status)})


def told(kpi: dict[str, Any], report: KpiReport, windows: int = 60, rows: str = "exam") -> str:
    (explanation,) = explain(judged(kpi, report, windows, rows))
    assert explanation.agrees
    return " ".join(explanation.sentences)


CASES = [
    (ERRORS, PASSING["errors"], [
        "5 of 1,000 requests failed (0.5%).",
        'against "5% failed requests or more" (20 to 1 is needed, falsePromotion); so it passes.',
        "1,000 requests count as 800 independent ones",
    ]),
    (ERRORS, FAILING["errors"], [
        "80 of 400 requests failed (20%).",
        'against "2% failed requests or fewer" (20 to 1 is needed, this gate\'s falseRollback)',
    ]),
    (ERRORS, KpiReport.of("I", ErrorCounts(100, 100, 4)), [
        "not enough to pass.", "not enough to fail.", "more requests would bring one.",
    ]),
    (LATENCY, PASSING["latency"], [
        "0 of 1,000 requests took longer than 250ms, 10 longer than 150ms.",
        'against "5% requests beyond the limit or more"',
    ]),
    (LATENCY, FAILING["latency"], ['against "5% requests beyond expected or fewer"']),
    (ACCURACY, PASSING["accuracy"], [
        "187 of all 200 rows were answered as expected (93.5%).",
        "All rows were read, so that this is exact",
        "In traffic that these rows stand for: 89.",
    ]),
    (ACCURACY, FAILING["accuracy"], ["173 of all 200 rows", "this is exact"]),
    (ACCURACY, KpiReport.of("P", ExamCounts(2_000, 400, 392)), [
        "392 of 400 rows read of 2,000", 'against "fewer than 92% right"',
    ]),
    (ACCURACY, KpiReport.of("P", ExamCounts(2_000, 1_900, 1_890)), [
        "Certain against \"fewer than 92% right\": what was not read can't change it",
    ]),
    (ACCURACY_VERSUS, PASSING["accuracy-vs-stable"], [
        "187 of all 200 rows were answered as expected, by stable 188: 3 rows were lost and 2 won.",
    ]),
    (ERRORS_VERSUS, PASSING["errors-vs-stable"], [
        "Of 2,000 pairs of requests 1 failed for this version alone, 2 for stable alone and 40",
        '"1pp worse than stable, or more"',
    ]),
    (ERRORS_VERSUS, KpiReport.of("F", PairedErrorCounts(126, 5_000, 400, 80, 2, 4)), [
        '"no more than 1pp worse than stable"',
    ]),
    (ERRORS_VERSUS, KpiReport.of("I", PairedErrorCounts(125, 5_000, 40, 0, 0, 0)), [
        "more requests would",
    ]),
    (ERRORS_TIMES, KpiReport.of("P", RelativeErrorCounts(100, 100, 5_000, 20, 80)), [
        "Of 5,000 requests to each, 20 failed for this version and 80 for stable.",
        'against "at least 2 times the error rate of stable"',
    ]),
    (ERRORS_TIMES, KpiReport.of("F", RelativeErrorCounts(100, 100, 5_000, 90, 10)), [
        'against "at most 2 times the error rate of stable"',
    ]),
    (ERRORS, NOT_MEASURED, ["Not measured before time was up"]),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "report", "sentences"), CASES)
def test_every_kind_of_kpi_and_verdict_is_explained(
    kpi: dict[str, Any], report: KpiReport, sentences: list[str]
) -> None:
    said = told(kpi, report)
    for sentence in sentences:
        assert sentence in said


def test_draws_from_a_sample_are_told_as_such() -> None:
    said = told(ACCURACY, KpiReport.of("P", SampleCounts(50, 400, 392)), rows="sample")
    assert "392 of 400 draws from 50 rows" in said
    assert "to 1 against" in said


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (KpiReport.of("I", LatencyCounts(125, 1_000, 0, 143_000, 125, 10)),
         "load ended before calibration did"),
        (KpiReport(verdict="I", reason="GeneratorLagged"), "could not keep its schedule"),
    ],
)  # fmt: skip
def test_reasons_say_what_to_do(report: KpiReport, sentence: str) -> None:
    kpi = LATENCY if report.counts else ERRORS
    assert sentence in told(kpi, report, windows=59)


def test_assumed_independence_is_told() -> None:
    assert "Independent requests are assumed" in told(ERRORS, PASSING["errors"], windows=10)


def test_on_a_first_version_a_comparison_does_not_apply() -> None:
    run = a_run(ERRORS, ERRORS_VERSUS)
    shown = {"name": "errors-vs-stable", "verdict": "NotApplicable", "reason": "FirstVersion"}
    document = run.to_wire() | {"status": {"kpis": [shown]}}
    (explanation,) = explain(BenchmarkRun.model_validate(document))
    assert explanation.sentences == (
        "There was no stable version to compare it with: this was the first one.",
    )


@pytest.mark.parametrize(
    ("logarithm", "told"),
    [("3", "20 to 1"), ("1", "2.7 to 1"), ("-1", "none"), ("20", "more than 1,000,000 to 1"),
     ("Infinity", "certain"), ("-Infinity", "none"), ("8.2", "3,641 to 1")],
)  # fmt: skip
def test_odds_are_told_as_people_bet(logarithm: str, told: str) -> None:
    assert odds(Decimal(logarithm)) == told


def test_a_verdict_that_does_not_follow_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = judged(ERRORS, FAILING["errors"])
    for changed, told in (
        ({"verdict": "Pass", "reason": None}, "does not follow: the evidence says Fail."),
        ({"evidence": [125, 10, 80]}, "Its evidence is none: bad: 80 is not between 0 and 10."),
        ({"evidence": []}, "There is no evidence for Fail."),
    ):
        document = {"kind": "BenchmarkRun"} | run.to_wire()
        document["status"]["kpis"][0] |= changed
        monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump(document)))
        assert main(["judge", "explain"]) == 1
        assert told in " ".join(capsys.readouterr().out.split())


def test_a_run_is_explained_for_people_and_for_scripts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = yaml.safe_dump({"kind": "BenchmarkRun"} | judged(ERRORS, PASSING["errors"]).to_wire())
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["judge", "explain"]) == 0
    assert "errors: Pass (<= 5%, expected 2%)" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["judge", "explain", "--json"]) == 0
    (kpi,) = json.loads(capsys.readouterr().out)["kpis"]
    assert kpi["agrees"] is True
    assert kpi["promoteOdds"].endswith("to 1")
    assert kpi["rollbackOdds"] == "none"


def test_a_status_that_is_not_of_its_spec_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"kind": "BenchmarkRun"} | judged(ERRORS, PASSING["errors"]).to_wire()
    document["status"]["kpis"][0]["name"] = "other"
    monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump(document)))
    assert main(["judge", "explain"]) == 64
    assert "status.kpis: other is not among spec.kpis" in capsys.readouterr().err
