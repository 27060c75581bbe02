"""Runs that compare a latency with that of a closed copy of stable: plans, evidence, words."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.continued import starts
from modelward.benchmark.contract import KpiReport, RunnerPlan
from modelward.benchmark.counts import counts_of
from modelward.benchmark.explained import explain
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.schemas import json_schemas
from modelward.benchmark.totals import added
from tests.unit.benchmark_world import ACCURACY, PASSING, a_run, completed, seen
from tests.unit.kpis import LATENCY_VERSUS

BASELINE = {
    "revision": "z2k8m5q7w9",
    "service": "fraud-x7f9k2m4q1-1-base",
    "port": 8080,
    "protocol": "v2",
    "modelName": "fraud",
    "closed": True,
}
BY_TIME = LATENCY_VERSUS | {"objective": {"versus": "stable", "worseByAtMost": "50ms"}}
FASTER = ComparedLatencyCounts(126, 90_000, 2_000, 20, 80, 9, 91_500, 90_250)
SLOWER = replace(FASTER, lost=80, won=20, quantile_micros=120_000)
UNDECIDED = replace(FASTER, lost=45, won=55)


def a_comparison(*kpis: dict[str, Any], **spec: object) -> BenchmarkRun:
    return a_run(*kpis, **{"baseline": BASELINE, **spec})


def accepted(run: BenchmarkRun, *reports: KpiReport) -> tuple[RunKpiStatus, ...]:
    ruling = rule(run, 1, completed(run, kpis=reports))
    assert isinstance(ruling, Accepted), ruling
    return ruling.kpis


def test_the_plan_names_the_copy_and_the_margin() -> None:
    plan = runner_plan(a_comparison(LATENCY_VERSUS, BY_TIME | {"name": "by-time"}), 1, 1_200)
    document = json.loads(plan.to_json())
    assert document["baseline"]["url"] == "http://fraud-x7f9k2m4q1-1-base.ml.svc:8080"
    assert document["baseline"]["closed"] is True
    assert [(kpi["limit"], kpi.get("relative")) for kpi in document["kpis"]] == [
        ("0.1", True),
        ("0.05", None),
    ]
    assert RunnerPlan.parse(plan.to_json()) == plan
    jsonschema.validate(document, json_schemas()["plan.schema.json"])


def test_a_plan_that_compares_latencies_with_serving_pods_is_refused() -> None:
    serving = {key: value for key, value in BASELINE.items() if key != "closed"}
    with pytest.raises(PlanError, match="baseline is not closed to users"):
        runner_plan(a_comparison(LATENCY_VERSUS, baseline=serving), 1, 1_200)


def test_what_is_sent_by_turns_has_time_for_it() -> None:
    alone = a_run(LATENCY_VERSUS | {"objective": {"atMost": "250ms"}})
    ordinary = runner_plan(alone, 1, 10_000).deadline_seconds
    compared = runner_plan(a_comparison(LATENCY_VERSUS), 1, 10_000).deadline_seconds
    assert compared > 2 * ordinary - 60


def test_both_quantiles_and_how_much_oftener_one_is_slow_are_shown() -> None:
    (shown,) = accepted(a_comparison(LATENCY_VERSUS), KpiReport.of("P", FASTER))
    assert (shown.value, shown.baseline) == ("91.5ms", "90.25ms")
    assert shown.objective == "p95 <= stable + 10%"
    assert (shown.low, shown.high) == ("0.11 times stable", "0.49 times stable")
    assert shown.evidence == [126, 90_000, 2_000, 20, 80, 9, 91_500, 90_250]
    assert shown.hypotheses is not None
    assert shown.hypotheses.startswith("promote: p95 less than 1.1 times stable's")


def test_a_slower_version_fails_and_says_beside_what() -> None:
    (shown,) = accepted(a_comparison(LATENCY_VERSUS), KpiReport.of("F", SLOWER))
    assert (shown.verdict, shown.reason) == ("Fail", "WorseThanStable")
    assert (shown.value, shown.baseline) == ("120ms", "90.25ms")


def test_a_verdict_that_its_pairs_contradict_is_refused() -> None:
    run = a_comparison(LATENCY_VERSUS)
    ruling = rule(run, 1, completed(run, kpis=(KpiReport.of("P", SLOWER),)))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"


def test_a_dispersion_that_is_only_assumed_rolls_nothing_back() -> None:
    assumed = replace(SLOWER, dispersion=125)
    (shown,) = accepted(a_comparison(LATENCY_VERSUS), KpiReport.of("I", assumed))
    assert shown.reason == "Uncalibrated"


@pytest.mark.parametrize(
    "ints",
    [
        (126, 90_000, 2_000, 20, 80, 9, 91_500),
        (99, 90_000, 2_000, 20, 80, 9, 91_500, 90_250),
        (126, 100_000_000, 2_000, 20, 80, 9, 91_500, 90_250),
        (126, 90_000, 100, 20, 80, 9, 91_500, 90_250),
        (126, 90_000, 2_000, 2_001, 0, 0, 91_500, 90_250),
    ],
)
def test_integers_that_nobody_can_have_counted_are_refused(ints: tuple[int, ...]) -> None:
    with pytest.raises(CountsError):
        counts_of("latency", ints, with_expected=False, versus=True, relative=True)


def test_counts_come_back_from_their_integers() -> None:
    ints = FASTER.to_ints()
    assert counts_of("latency", ints, with_expected=False, versus=True, relative=True) == FASTER


def test_the_threshold_stays_where_a_run_goes_on() -> None:
    more = replace(UNDECIDED, requests=3_000, won=60, quantile_micros=1)
    assert added(UNDECIDED, more) == replace(more, requests=1_000, lost=0, won=5, both=0)
    with pytest.raises(CountsError, match="threshold_micros"):
        added(UNDECIDED, replace(more, threshold_micros=95_000))


def test_a_run_goes_on_though_its_copy_has_another_name() -> None:
    first = a_comparison(ACCURACY, LATENCY_VERSUS)
    kpis = accepted(first, PASSING["accuracy"], KpiReport.of("I", UNDECIDED))
    document = first.model_dump(mode="json", by_alias=True, exclude_none=True)
    document["status"] = {
        "phase": "Finished",
        "verdict": "Inconclusive",
        "kpis": [kpi.model_dump(mode="json", by_alias=True, exclude_none=True) for kpi in kpis],
    }
    other = BenchmarkRun.model_validate(document)
    again = a_comparison(
        ACCURACY,
        LATENCY_VERSUS,
        baseline=BASELINE | {"service": "fraud-x7f9k2m4q1-2-base"},
        continues=first.metadata.name,
    )
    uid = again.metadata.model_copy(update={"uid": "uid-of-the-second"})
    again = again.model_copy(update={"metadata": uid})
    found = starts(replace(seen(again), continued=other))
    assert found["latency-vs-stable"].counts == UNDECIDED.to_ints()


def test_an_explanation_tells_what_was_compared_and_at_which_level() -> None:
    run = a_comparison(LATENCY_VERSUS)
    kpis = accepted(run, KpiReport.of("F", SLOWER))
    status = run.status.model_copy(update={"kpis": list(kpis)})
    (told,) = explain(run.model_copy(update={"status": status}))
    assert told.agrees
    text = " ".join(told.sentences)
    assert "Stable's p95 was 90ms in the calibration. Of 2,000 pairs of requests 80 took" in text
    assert "1.45% of stable's did." in text
    assert 'against "no slower than stable and the margin"' in text
