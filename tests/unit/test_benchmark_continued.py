"""A run that goes on from an Inconclusive one: from whose evidence, and to which totals."""

from dataclasses import replace
from typing import Any

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.attempts import attempts
from modelward.benchmark.continued import starts
from modelward.benchmark.contract import KpiReport, PlanStart
from modelward.benchmark.counts import ErrorCounts, ExamCounts, PairedErrorCounts, PairedExamCounts
from modelward.benchmark.decide import decide
from modelward.benchmark.plan import PlanError, Starts, runner_plan
from modelward.benchmark.snapshot import RunJob, RunSnapshot
from modelward.benchmark.status import ending
from modelward.writes import Create, PatchStatus
from tests.unit.benchmark_cluster import status
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    LATENCY,
    NOT_MEASURED,
    PASSING,
    RUN,
    completed,
    failed,
    seen,
)
from tests.unit.benchmark_world import a_run as any_run
from tests.unit.test_benchmark_versus import ACCURACY_VERSUS, BASELINE, ERRORS_VERSUS

UNDECIDED = ErrorCounts(dispersion=140, requests=200, bad=6)
OPEN = KpiReport.of("I", UNDECIDED)
KPIS = (ACCURACY, ERRORS, LATENCY)
SLOW = KpiReport.model_validate({"verdict": "I", "counts": (125, 200, 9, 240_000, 130, 12)})


def ended(
    *reports: KpiReport, kpis: tuple[dict[str, Any], ...] = KPIS, **spec: object
) -> BenchmarkRun:
    """Return a run as it ended with these reports."""
    run = any_run(*kpis, **spec)
    return after(seen(run, completed(run, kpis=reports)))


def after(look: RunSnapshot) -> BenchmarkRun:
    """Return a run as its status is written after this look."""
    document = look.run.to_wire()
    return BenchmarkRun.model_validate(document | {"status": status(decide(look))})


def later(run: BenchmarkRun, **spec: object) -> BenchmarkRun:
    """Return a run that goes on from this one."""
    changes = {"continues": run.metadata.name, **spec}
    document = run.to_wire()
    document["metadata"] |= {"name": f"{RUN[:-1]}2", "uid": "second-uid"}
    document["spec"] |= changes
    return BenchmarkRun.model_validate(document | {"status": {}})


def look_at(run: BenchmarkRun, continued: BenchmarkRun | None, *jobs: RunJob) -> RunSnapshot:
    return replace(seen(run, *jobs), continued=continued)


def goes_on(continued: BenchmarkRun, **spec: object) -> Starts:
    return starts(look_at(later(continued, **spec), continued))


FIRST = ended(PASSING["accuracy"], OPEN, SLOW)
SECOND = later(FIRST)
STARTS = starts(look_at(SECOND, FIRST))


def test_verdicts_are_kept_and_what_is_undecided_starts_from_its_counts() -> None:
    assert {
        "accuracy": PlanStart(verdict="P", windows=0, counts=(200, 200, 187)),
        "errors": PlanStart(verdict="I", windows=60, counts=(140, 200, 6)),
        "latency": PlanStart(verdict="I", windows=60, counts=SLOW.counts),
    } == STARTS
    (create,) = (w for w in decide(look_at(SECOND, FIRST)).writes if isinstance(w, Create))
    annotations = create.body["spec"]["template"]["metadata"]["annotations"]
    assert '"start":{"verdict":"I","windows":60,"counts":[140,200,6]}' in str(annotations)


def test_a_run_that_continues_nothing_starts_from_nothing() -> None:
    assert starts(look_at(any_run(), None)) == {}
    assert "start" not in runner_plan(any_run(), 1, 60).to_json()


def test_counts_versus_stable_are_gone_on_from_with_their_bet() -> None:
    kpis = (ACCURACY_VERSUS, ERRORS_VERSUS)
    half = KpiReport.of("I", PairedExamCounts(200, 100, 93, 94, 3))
    pairs = KpiReport.of("I", PairedErrorCounts(150, 4_000, 100, 2, 1, 3))
    run = ended(half, pairs, kpis=kpis, baseline=BASELINE)
    assert goes_on(run) == {
        "accuracy-vs-stable": PlanStart(verdict="I", windows=0, counts=half.counts),
        "errors-vs-stable": PlanStart(verdict="I", windows=60, counts=pairs.counts),
    }


def test_load_that_was_not_calibrated_to_the_end_begins_anew() -> None:
    run = any_run(*KPIS)
    reports = (PASSING["accuracy"], OPEN, SLOW)
    short = after(seen(run, completed(run, kpis=reports, windows=59)))
    assert set(goes_on(short)) == {"accuracy"}
    unmeasured = ended(PASSING["accuracy"], NOT_MEASURED, NOT_MEASURED)
    assert set(goes_on(unmeasured)) == {"accuracy"}


@pytest.mark.parametrize(
    "load",
    [{"rate": "40/s"}, {"dataset": "other"}, {"arrivals": "poisson"}, {"concurrency": 4}],
)
def test_kpis_under_another_load_begin_anew_and_exams_do_not(load: dict[str, Any]) -> None:
    assert set(goes_on(FIRST, load={"rate": "20/s", "for": "2m", **load})) == {"accuracy"}


def test_only_how_long_is_measured_may_differ() -> None:
    longer = {"rate": "20/s", "for": "10m", "warmUp": "1s", "dataset": "golden"}
    assert goes_on(FIRST, load=longer, upTo="1h", pod={"labels": {"a": "b"}}) == STARTS


def test_an_exam_of_whose_rows_its_kpis_know_different_numbers_is_read_anew() -> None:
    kpis = (ACCURACY, ACCURACY_VERSUS)
    half = KpiReport.of("I", ExamCounts(200, 100, 93))
    differs = KpiReport(verdict="I", reason="NotDeterministic")
    assert goes_on(ended(half, differs, kpis=kpis, baseline=BASELINE)) == {}
    whole = ended(PASSING["accuracy"], differs, kpis=kpis, baseline=BASELINE)
    assert set(goes_on(whole)) == {"accuracy"}


STRANGER = {"revision": "other", "service": "other", "port": 8080, "protocol": "v2",
            "modelName": "fraud"}  # fmt: skip
OTHER_ROWS = [{"name": "golden", "configMap": {"name": "g", "key": "k"}, "sha256": "cd" * 32}]


@pytest.mark.parametrize(
    ("different", "spec"),
    [
        ("subject", {"subject": STRANGER}),
        ("baseline", {"baseline": STRANGER}),
        ("datasets", {"datasets": OTHER_ROWS}),
        ("kpis", {"kpis": [ERRORS]}),
        ("judgement", {"judgement": {"falsePromotion": "0.01", "falseRollback": "0.05"}}),
    ],
)
def test_evidence_about_another_question_is_refused_with_the_reason(
    different: str, spec: dict[str, Any]
) -> None:
    look = look_at(later(FIRST, **spec), FIRST)
    with pytest.raises(PlanError, match=f"^continues: {different} differs"):
        starts(look)
    ended_so = status(decide(look))
    assert (ended_so["phase"], ended_so["verdict"]) == ("Finished", "Inconclusive")
    assert f"continues: {different} differs" in ended_so["message"]
    assert not any(isinstance(write, Create) for write in decide(look).writes)


def with_status(**changes: object) -> BenchmarkRun:
    status = FIRST.status.to_wire() | changes
    return BenchmarkRun.model_validate(FIRST.to_wire() | {"status": status})


def with_evidence(*ints: int, verdict: str = "Inconclusive") -> BenchmarkRun:
    kpis = [kpi.to_wire() for kpi in FIRST.status.kpis]
    kpis[1] |= {"evidence": list(ints), "verdict": verdict}
    return with_status(kpis=kpis)


@pytest.mark.parametrize(
    ("continued", "told"),
    [
        (None, "there is no BenchmarkRun"),
        (with_status(verdict="Pass"), "came to Pass"),
        (with_evidence(140, 200, 6, verdict="Pass"), "its evidence says Inconclusive"),
        (with_evidence(140, 200, 201), "is none"),
        (with_evidence(140, 200), "is none"),
    ],
)
def test_what_is_not_the_evidence_of_an_undecided_run_is_refused(
    continued: BenchmarkRun | None, told: str
) -> None:
    with pytest.raises(PlanError, match=told):
        starts(look_at(SECOND, continued))


def test_a_run_cannot_go_on_from_itself() -> None:
    itself = later(FIRST, continues=SECOND.metadata.name)
    assert "from itself" in status(decide(look_at(itself, itself)))["message"]


def test_more_requests_than_can_be_counted_are_refused() -> None:
    with pytest.raises(PlanError, match=r"lower load\.for"):
        goes_on(FIRST, load={"rate": "20/s", "for": "138h53m15s"})


def test_a_run_waits_until_the_one_that_it_goes_on_from_has_finished() -> None:
    for phase in (None, "Running"):
        plan = decide(look_at(SECOND, with_status(phase=phase)))
        assert [type(write) for write in plan.writes] == [PatchStatus]
        assert "waits until BenchmarkRun" in status(plan)["message"]
        assert plan.wake_after is not None


def accepted(*reports: KpiReport, windows: int = 0) -> Accepted | Refused:
    job = completed(SECOND, starts=STARTS, kpis=reports, windows=windows)
    ruling = rule(SECOND, 1, job, STARTS)
    assert isinstance(ruling, Accepted | Refused)
    return ruling


def errors(*ints: int, verdict: str = "I") -> KpiReport:
    return KpiReport.model_validate({"verdict": verdict, "counts": ints})


def test_totals_are_judged_with_the_calibration_that_they_started_with() -> None:
    slow = SLOW.model_copy(update={"counts": (125, 300, 13, 200_000, 130, 16)})
    ruling = accepted(PASSING["accuracy"], errors(140, 1_200, 8, verdict="P"), slow)
    assert isinstance(ruling, Accepted)
    assert [(kpi.verdict, kpi.samples) for kpi in ruling.kpis] == [
        ("Pass", 200), ("Pass", 1_200), ("Inconclusive", 300),
    ]  # fmt: skip
    assert not ruling.kpis[2].independence_assumed


@pytest.mark.parametrize(
    "report",
    [
        errors(140, 199, 6),
        errors(140, 300, 5),
        errors(140, 210, 17),
        errors(139, 300, 6),
        errors(100, 1_200, 6, verdict="P"),
    ],
)
def test_totals_that_do_not_go_on_from_the_start_are_refused(report: KpiReport) -> None:
    ruling = accepted(PASSING["accuracy"], report, SLOW)
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"
    assert "errors" in ruling.message


def test_more_rows_for_an_exam_that_was_decided_are_refused() -> None:
    ruling = accepted(KpiReport.of("P", ExamCounts(201, 201, 188)), OPEN, SLOW)
    assert isinstance(ruling, Refused)
    assert "rows was 200 and is 201" in ruling.message


def test_requests_on_top_of_a_verdict_are_refused() -> None:
    first = ended(PASSING["errors"], SLOW, kpis=(ERRORS, LATENCY))
    second = later(first)
    begun = starts(look_at(second, first))
    more = errors(125, 1_100, 5, verdict="P")
    ruling = rule(second, 1, completed(second, starts=begun, kpis=(more, SLOW)), begun)
    assert isinstance(ruling, Refused)
    assert "had its verdict" in ruling.message


def test_a_pod_that_was_given_another_start_is_foreign() -> None:
    richer = {**STARTS, "errors": PlanStart(verdict="I", windows=60, counts=(140, 900, 6))}
    for given in (None, richer):
        ruling = rule(SECOND, 1, completed(SECOND, starts=given), STARTS)
        assert isinstance(ruling, Refused)
        assert ruling.reason == "ForeignPod"


def test_what_was_not_measured_this_time_keeps_its_evidence_for_the_next() -> None:
    lagged = KpiReport(verdict="I", reason="GeneratorLagged")
    job = completed(SECOND, starts=STARTS, kpis=(PASSING["accuracy"], OPEN, lagged), windows=0)
    second = after(look_at(SECOND, FIRST, job))
    latency = second.status.kpis[2]
    assert (latency.reason, latency.samples) == ("GeneratorLagged", 200)
    assert starts(look_at(third_after(second), second)) == STARTS


def test_a_run_without_any_result_keeps_the_evidence_for_the_next() -> None:
    look = look_at(SECOND, FIRST, *(failed(SECOND, number) for number in (1, 2, 3)))
    end = ending(look, attempts(look))
    assert end is not None
    assert (end.verdict, end.reason) == ("Inconclusive", "Infrastructure")
    assert [kpi.reason for kpi in end.kpis] == [None, "Infrastructure", "Infrastructure"]
    second = after(look)
    assert starts(look_at(third_after(second), second)) == STARTS


def test_a_run_after_one_that_measured_nothing_simply_begins() -> None:
    run = any_run(*KPIS)
    nothing = after(seen(run, *(failed(run, number) for number in (1, 2, 3))))
    assert goes_on(nothing) == {}


def third_after(second: BenchmarkRun) -> BenchmarkRun:
    document = later(second).to_wire()
    document["metadata"] |= {"name": f"{RUN[:-1]}3", "uid": "third-uid"}
    return BenchmarkRun.model_validate(document)
