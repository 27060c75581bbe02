"""What a page shows of load by turns: both revisions, side by side."""

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.evidence import evidence
from modelward.benchmark.log import Details, LoadProfile
from modelward.benchmark.plan import runner_plan
from modelward.cli import charts
from modelward.cli.marks import of_comparisons
from modelward.cli.page import page
from tests.unit.benchmark_world import a_result
from tests.unit.kpis import LATENCY_VERSUS
from tests.unit.pages import Page
from tests.unit.test_benchmark_compared import BY_TIME, FASTER, a_comparison
from tests.unit.test_benchmark_log import a_profile


def a_finished_comparison(**status: object) -> BenchmarkRun:
    run = a_comparison(LATENCY_VERSUS, BY_TIME | {"name": "by-time"})
    plan = runner_plan(run, 1, 600)
    reports = (KpiReport.of("P", FASTER), KpiReport.of("P", FASTER))
    found = evidence(run.spec, plan, a_result(plan, kpis=reports))
    told = {"phase": "Finished", "verdict": "Pass", "kpis": [kpi.to_wire() for kpi in found]}
    return BenchmarkRun.model_validate(run.to_wire() | {"status": told | status})


def turns_of(*names: str) -> tuple[LoadProfile, ...]:
    return tuple(a_profile(of).model_copy(update={"by_turns": True}) for of in names)


TURNS = Details(turns=turns_of("the revision", "the stable revision"))


def test_a_run_that_only_compared_latencies_shows_both_revisions_side_by_side() -> None:
    seen = Page(page(a_finished_comparison(), TURNS))
    text = " ".join(seen.text.split())
    assert "Beside stable, by turns" in text
    assert "Under load" not in text
    for title in ("Requests answered within a time", "Answers per second", "Slowest answer"):
        drawn = text.partition(title)[2]
        assert drawn.startswith(" the revision"), title
        assert "the stable revision" in drawn[:90], title
    assert len(seen.all("polyline")) == 2 + 4 + 2
    assert "Latencythe revisionthe stable revision" in text
    assert "time is that of each one's own turns" in text


def test_the_distribution_is_marked_with_stables_quantile_and_the_candidates_limit() -> None:
    text = Page(page(a_finished_comparison(), TURNS)).text
    assert text.count("p95 of stable, calibrated") == 2
    assert "the candidate's limit, 10% above" in text
    assert "the candidate's limit, 50ms above" in text
    marks = [*of_comparisons(a_finished_comparison())]
    assert [round(seconds, 6) for _, seconds, _ in marks] == [0.09, 0.099, 0.09, 0.14]


def test_a_label_stands_below_the_curve_on_the_right_of_its_mark_where_there_is_room() -> None:
    marks = [(f"a limit of {i}", seconds, "limit") for i, seconds in enumerate((0.001, 0.004, 9))]
    chart = charts.latency_chart((a_profile(),), marks)
    assert chart is not None
    assert [mark.before for mark in chart.marks] == [False, False, True]
    assert len({mark.y for mark in chart.marks}) == 3


@pytest.mark.parametrize("ints", [[], [126, 90_000], [99, 90_000, 2_000, 20, 80, 9, 1, 1],
                                  [126, 99_999_999, 2_000, 20, 80, 9, 1, 1]])  # fmt: skip
def test_nothing_is_marked_that_was_not_measured(ints: list[int]) -> None:
    run = a_finished_comparison()
    kpis = [kpi.model_copy(update={"evidence": ints}) for kpi in run.status.kpis]
    status = run.status.model_copy(update={"kpis": kpis})
    assert not [*of_comparisons(run.model_copy(update={"status": status}))]


def test_load_that_goes_on_and_load_by_turns_each_have_their_charts() -> None:
    both = Details(loads=(a_profile(),), turns=TURNS.turns)
    text = Page(page(a_finished_comparison(), both)).text
    assert text.index("Under load") < text.index("Beside stable, by turns")
    assert text.count("Requests answered within a time") == 2
