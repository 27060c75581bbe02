"""`modelward benchmark report`: a page that tells what the run tells, and fetches nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelward.api.base import API_VERSION
from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.evidence import evidence
from modelward.benchmark.explained import explain
from modelward.benchmark.log import Details, Slice, WrongRow
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.status import judged
from modelward.cli import charts
from modelward.cli.main import main
from modelward.cli.page import page
from modelward.runner.profile import Profile
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
from tests.unit.live_world import LiveWorld, steady
from tests.unit.pages import LOADING, Page
from tests.unit.test_benchmark_log import a_profile, line

NAMES = ("accuracy", "latency", "errors")


def a_finished_run(**reports: KpiReport) -> BenchmarkRun:
    run = a_run(ACCURACY, LATENCY, ERRORS)
    plan = runner_plan(run, 1, 600)
    result = a_result(plan, kpis=tuple(reports.get(n, PASSING[n]) for n in NAMES))
    end = judged(run.spec.kpis, Accepted(result, evidence(run.spec, plan, result)))
    status = {
        "phase": "Finished",
        "verdict": end.verdict,
        "message": end.message,
        "startedAt": "2026-11-23T12:00:00Z",
        "finishedAt": "2026-11-23T12:01:07Z",
        "attempts": [{"job": "fraud-x7f9k2m4q1-1-1", "startedAt": "2026-11-23T12:00:00Z",
                      "outcome": "Accepted"}],
        "kpis": [kpi.to_wire() for kpi in end.kpis],
    }  # fmt: skip
    return BenchmarkRun.model_validate(run.to_wire() | {"status": status})


BOTH = Details(
    loads=(a_profile(), a_profile("the stable revision")),
    wrong_rows=(WrongRow(dataset="golden", row="7", expected="spam", got="ham"),),
)


def test_each_kpi_stands_there_with_its_numbers_and_the_words_of_judge_explain() -> None:
    run = a_finished_run(accuracy=FAILING["accuracy"], errors=NOT_MEASURED)
    text = " ".join(Page(page(run, BOTH)).text.split())
    assert (run.status.message or "none") in text
    for kpi, why in zip(run.status.kpis, explain(run), strict=True):
        for part in (kpi.name, kpi.verdict, kpi.reason, kpi.value, kpi.objective, kpi.low):
            assert (part or "") in text
        assert " ".join(why.sentences) in text


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    seen = Page(page(a_finished_run(), BOTH))
    assert not seen.unclosed
    assert not [each for each in seen.elements if LOADING & each[1].keys()]
    assert not seen.all("script")
    assert not re.search(r"url\(|@import|https?://", seen.html)
    (policy,) = [m for m in seen.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_what_a_model_answers_is_text_and_never_markup() -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    wrong = WrongRow(dataset="golden", row=hostile, got=hostile, problem=hostile, detail=hostile)
    load = a_profile().model_copy(update={"failures": {hostile: 1}, "of": hostile})
    run = a_finished_run()
    status = run.status.model_copy(update={"message": hostile})
    seen = Page(
        page(run.model_copy(update={"status": status}), Details((load,), wrong_rows=(wrong,)))
    )
    assert hostile in seen.text
    assert not seen.all("script")
    assert not seen.all("img")


def test_charts_show_both_revisions_limit_and_expected_value_within_their_frames() -> None:
    seen = Page(page(a_finished_run(), BOTH))
    assert "p95 limit 250ms" in seen.text
    assert "p95 expected 150ms" in seen.text
    lines = [each["points"] or "" for each in seen.all("polyline")]
    assert len(lines) == 2 + 4 + 2
    for point in " ".join(lines).split():
        x, y = map(float, point.split(","))
        assert charts.LEFT <= x <= charts.WIDTH - charts.RIGHT
        assert charts.TOP <= y <= charts.HEIGHT - charts.BOTTOM
    assert all(chart["aria-label"] for chart in seen.all("svg") if chart.get("role") == "img")


def with_limits(number: int) -> BenchmarkRun:
    kpis = [
        {"name": f"k{i}", "benchmark": {"metric": "latency", "quantile": "p95"}, "objective": of}
        for i in range(number)
        for of in [{"atMost": f"{100 + i}ms"}]
    ]
    return a_run(*kpis)


def test_more_limits_than_have_room_on_the_curve_are_named_below_it() -> None:
    few, many = (Page(page(with_limits(n), BOTH)) for n in (8, 9))
    assert "p95 limit 107ms" in few.text
    assert "The lines are" not in few.text
    assert "The lines are p95 limit 100ms, p95 limit 101ms," in many.text
    assert many.text.count("p95 limit 108ms") == 1
    for seen in (few, many):
        for label in seen.all("text"):
            assert charts.TOP <= float(label["y"] or 0) <= charts.HEIGHT


def test_of_a_version_that_answers_nothing_no_latency_is_drawn() -> None:
    profile = Profile()
    for i in range(50):
        profile.add(i * 40_000_000, 3_000_000, "status 500")
    text = Page(page(a_finished_run(), Details((profile.seen("the revision"),)))).text
    assert "Answers per second" in text
    assert "Slowest answer" not in text
    assert "Requests answered within a time" not in text


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_a_grid_has_round_values_and_room_for_all(answered: list[int]) -> None:
    load = a_profile().model_copy(
        update={"answered": tuple(answered), "failed": (0,) * len(answered)}
    )
    chart = charts.throughput_chart([load])
    assert chart
    values = [float(tick.label) for tick in chart.y_ticks]
    assert values[0] == 0
    assert max(answered) <= values[-1]
    assert 2 <= len(values) <= 5
    assert {f"{value:e}"[:3] for value in values[1:2]} <= {"1.0", "2.0", "5.0"}


def test_what_both_ends_of_an_interval_are_about_is_said_once() -> None:
    text = " ".join(Page(page(a_finished_run(), BOTH)).text.split())
    latency = next(kpi for kpi in a_finished_run().status.kpis if kpi.name == "latency")
    assert latency.low
    assert f"{latency.low.split()[0]} to {latency.high}" in text


def test_slices_stand_there_with_the_worst_one_first_and_small_ones_last() -> None:
    found = {"north": (200, 0.97), "south": (1000, 0.715), "west": (200, 0.9), "islet": (199, 0.1)}
    slices = tuple(
        Slice(kpi="accuracy", slice=name, rows=rows, value=value)
        for name, (rows, value) in found.items()
    )
    text = " ".join(Page(page(a_finished_run(), Details(slices=slices))).text.split())
    south, west, north, islet = map(
        text.index, ("south1,00071.5%", "west20090%", "north20097%", "islet19910% (too few rows")
    )
    assert south < west < north < islet


def test_without_a_log_the_verdicts_stand_there_and_the_page_says_what_is_missing() -> None:
    seen = Page(page(a_finished_run(), None))
    assert "Every gate holds" in seen.text
    assert "There was no log to read" in seen.text
    assert not seen.all("polyline")


def test_a_run_that_has_not_finished_has_a_page_too() -> None:
    seen = Page(page(a_run(ACCURACY), None))
    assert "The run has no verdict yet." in seen.text


@pytest.fixture
def written(tmp_path: Path) -> Path:
    document: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "BenchmarkRun"}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(document | a_finished_run().to_wire()))
    (tmp_path / "runner.log").write_text(line("load profile", **a_profile().model_dump()) + "\n")
    return tmp_path


def test_the_command_makes_it_of_a_file_and_a_log(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, log = str(written / "run.yaml"), str(written / "runner.log")
    assert main(["benchmark", "report", "-f", file, "--log", log]) == 0
    printed = capsys.readouterr().out
    assert main(["benchmark", "report", "-f", file, "-o", str(written / "page.html")]) == 0
    assert "Requests answered within a time" in printed
    assert "Requests answered" not in (written / "page.html").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "say either the name of a BenchmarkRun or -f FILE"),
        (["fraud-1", "-f", "run.yaml"], "say either the name of a BenchmarkRun or -f FILE"),
        (["-f", "none.yaml"], "none.yaml can't be read: No such file or directory"),
        (["-f", "run.yaml", "--log", "none"], "--log none can't be read"),
        (["fraud-1", "--kubeconfig", "none"], "no way to a cluster"),
    ],
)
def test_what_can_t_be_used_is_named(
    written: Path,
    options: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(written)
    assert main(["benchmark", "report", *options]) == 64
    assert told in capsys.readouterr().err


def test_a_small_run_makes_a_small_page() -> None:
    assert len(page(a_finished_run(), BOTH)) < 40_000


def test_a_run_on_users_requests_is_explained_and_lacks_no_log() -> None:
    html = page(LiveWorld().pass_time(100, steady(7, 3)).run, None)
    assert "180 of 600 users&#39; requests failed, 30%, in 2 windows." in html
    assert "weight step 1 of" in html
    assert "There was no log to read" not in html
