"""Exams whose answers differ when rows are asked twice: what counts then, and what is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.contract import KpiReport, Repeats
from modelward.benchmark.counts import (
    ExamCounts,
    PairedSampleCounts,
    SampleCounts,
)
from modelward.benchmark.explained import explain
from modelward.benchmark.judging import counts_in, judged
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.repeated import unjudged
from modelward.benchmark.status import judged as end_of
from tests.unit.benchmark_world import ACCURACY, a_result, a_run, completed
from tests.unit.kpis import ACCURACY_VERSUS, accuracy
from tests.unit.test_benchmark_versus import BASELINE

DIFFERS = KpiReport(verdict="I", reason="NotDeterministic")
OWN, STABLES, BOTH = (20, 3, 0), (20, 0, 2), (20, 3, 2)
PASSED = KpiReport.of("P", SampleCounts(200, 400, 392))
OPEN = KpiReport.of("I", SampleCounts(200, 40, 37))
PERFECT = accuracy("perfect", atLeast="100%")
SLICED = ACCURACY | {
    "name": "regions",
    "benchmark": ACCURACY["benchmark"] | {"worstSliceOf": "region"},
}


def ruled(
    *kpis_and_reports: tuple[dict[str, Any], KpiReport],
    repeats: tuple[tuple[int, int, int], ...] = (OWN,),
    **spec: object,
) -> tuple[BenchmarkRun, Accepted | Refused]:
    run = a_run(*(kpi for kpi, _ in kpis_and_reports), **spec)
    reports = tuple(report for _, report in kpis_and_reports)
    ruling = rule(run, 1, completed(run, kpis=reports, repeats=repeats))
    assert isinstance(ruling, Accepted | Refused)
    return run, ruling


def shown(*args: tuple[dict[str, Any], KpiReport], **more: Any) -> tuple[RunKpiStatus, ...]:  # noqa: ANN401 (as ruled)
    _, ruling = ruled(*args, **more)
    assert isinstance(ruling, Accepted), ruling
    return ruling.kpis


def told(*args: tuple[dict[str, Any], KpiReport], **more: Any) -> str:  # noqa: ANN401 (as ruled)
    run, ruling = ruled(*args, **more)
    assert isinstance(ruling, Accepted), ruling
    return end_of(run.spec.kpis, ruling).message


def refused(*args: tuple[dict[str, Any], KpiReport], **more: Any) -> str:  # noqa: ANN401 (as ruled)
    _, ruling = ruled(*args, **more)
    assert isinstance(ruling, Refused), ruling
    return f"{ruling.reason}: {ruling.message}"


def test_draws_count_where_answers_differ_and_status_keeps_that_they_do() -> None:
    (status,) = shown((ACCURACY, PASSED))
    assert (status.verdict, status.value, status.samples) == ("Pass", "98%", 400)
    assert (status.evidence, status.repeats) == ([200, 400, 392], list(OWN))
    assert (status.effective_samples, status.low, status.high) == (133, "93.96%", "99.36%")


def test_where_answers_repeat_nothing_is_kept_of_it() -> None:
    report = KpiReport.of("P", ExamCounts(200, 200, 187))
    for repeats in ((), ((20, 0, 0),), ((0, 0, 0),), (STABLES,)):
        (status,) = shown((ACCURACY, report), repeats=repeats)
        assert (status.verdict, status.repeats) == ("Pass", None)


@pytest.mark.parametrize(
    ("kpi", "report", "repeats", "why"),
    [
        # More draws than rows are none of an exam.
        (ACCURACY, PASSED, (), "rows read: 400 is not between 0 and 200"),
        (ACCURACY, PASSED, (STABLES,), "rows read: 400 is not between 0 and 200"),
        # What passes an exam, just so, shows nothing of a sample; nor does a part of few rows.
        (ACCURACY, KpiReport.of("P", ExamCounts(200, 200, 184)), (OWN,), "say Inconclusive"),
        (ACCURACY, KpiReport.of("F", ExamCounts(200, 200, 183)), (OWN,), "say Inconclusive"),
        (ACCURACY, KpiReport.of("P", ExamCounts(200, 20, 20)), (OWN,), "say Inconclusive"),
        # What no sample shows has no counts.
        (PERFECT, KpiReport.of("P", ExamCounts(200, 200, 200)), (OWN,), "no sample shows"),
        (PERFECT, KpiReport.of("F", ExamCounts(200, 200, 199)), (OWN,), "no sample shows"),
        (ACCURACY, PASSED, (OWN, OWN), "repeats has 2 entries"),
    ],
)
def test_a_flag_that_does_not_go_with_its_counts_is_refused(
    kpi: dict[str, Any], report: KpiReport, repeats: tuple[tuple[int, int, int], ...], why: str
) -> None:
    found = refused((kpi, report), repeats=repeats)
    assert found.startswith("Contradiction: ")
    assert why in found


def test_more_rows_that_differ_than_were_asked_are_no_result() -> None:
    run = a_run(ACCURACY)
    text = a_result(runner_plan(run, 1, 1), kpis=(PASSED,), repeats=(OWN,)).to_json()
    ruling = rule(run, 1, completed(run, text=text.replace("[20,3,0]", "[2,3,0]")))
    assert isinstance(ruling, Refused)
    assert "of 2 rows asked twice 3 can't differ" in ruling.message


@given(st.integers(1, 500), st.data())
def test_a_reported_difference_is_judged_exactly_as_a_declared_sample(
    rows: int, data: st.DataObject
) -> None:
    read = data.draw(st.integers(1, 2_000))
    ints = (rows, read, data.draw(st.integers(0, read)))
    exam, declared = (
        runner_plan(
            a_run(ACCURACY, datasets=[a_run().spec.datasets[0].to_wire() | {"rows": said}]), 1, 1
        )
        for said in ("exam", "sample")
    )
    flagged, as_said = exam.kpis[0].repeated(Repeats(*OWN)), declared.kpis[0]
    verdicts = [
        judged(asked, counts_in(asked, ints), exam, windows=0) for asked in (flagged, as_said)
    ]
    assert verdicts[0] == verdicts[1]


BECAUSE = "this version answered 3 of 20 rows of data set golden differently when asked twice"


def test_people_are_told_that_rows_were_judged_as_a_sample_and_why() -> None:
    as_sample = ", so that accuracy was judged on a sample of rows, drawn repeatedly"
    assert told((ACCURACY, PASSED)) == f"Every gate holds: accuracy 98% (>= 92%); {BECAUSE}" + (
        as_sample
    )
    failed_so = KpiReport.of("F", SampleCounts(200, 400, 300))
    assert told((ACCURACY, failed_so)).endswith(f"{BECAUSE}{as_sample}")
    undecided = told((ACCURACY, OPEN))
    assert undecided.startswith("accuracy: undecided, the draws don't show on which side of the")
    assert undecided.endswith(f"{BECAUSE}{as_sample}")
    both = told((ACCURACY, PASSED), (accuracy("other", atLeast="90%"), PASSED))
    assert both.count(BECAUSE) == 1
    assert "so that accuracy, other was judged" in both


REPEAT = "make the model repeat its answers (a fixed seed, temperature 0)"
BELOW = (
    f"and no sample of answers shows 100%; {REPEAT}, or say a limit below in "
    "spec.kpis[perfect].objective.atLeast"
)
WHOLE = (
    f"and this metric is a value of all rows, which no sample has; {REPEAT}, or name another "
    "metric in spec.kpis[regions].benchmark"
)


@pytest.mark.parametrize(
    ("kpi", "words"),
    [(PERFECT, BELOW), (accuracy("perfect", atLeast="100.0%"), BELOW), (SLICED, WHOLE)],
)
def test_what_no_sample_shows_is_told_by_kpi_and_field_with_what_would_help(
    kpi: dict[str, Any], words: str
) -> None:
    message = told((kpi, DIFFERS))
    assert message.startswith(f"{kpi['name']}: not judged, {BECAUSE}, ")
    assert words in message
    assert f"Not judged, {BECAUSE}" in explained((kpi, DIFFERS))[0]


def test_where_stable_alone_differs_nothing_is_asked_of_the_version() -> None:
    kpi = Kpi.model_validate(ACCURACY_VERSUS)
    assert unjudged(kpi, STABLES) == (
        "not judged, stable answered 2 of 20 rows of data set golden differently when asked twice; "
        f"leave versus out of spec.kpis[{kpi.name}], or have a version promoted first that repeats "
        "its answers (a fixed seed, temperature 0)"
    )


def test_an_image_that_tells_no_numbers_is_told_what_to_do_all_the_same() -> None:
    message = told((ACCURACY, DIFFERS), repeats=())
    assert message.startswith(
        "accuracy: not judged, rows of data set golden were answered differently when asked twice; "
        "make the model repeat its answers"
    )
    assert message.endswith("rows: sample in spec.datasets[golden]")


def explained(*args: tuple[dict[str, Any], KpiReport], **more: Any) -> list[str]:  # noqa: ANN401 (as ruled)
    run, ruling = ruled(*args, **more)
    assert isinstance(ruling, Accepted), ruling
    status = run.status.model_copy(update={"kpis": list(ruling.kpis)})
    found = explain(run.model_copy(update={"status": status}))
    assert all(each.agrees for each in found)
    return [" ".join(each.sentences) for each in found]


def test_an_explanation_says_that_rows_were_drawn_how_often_and_what_it_means_for_traffic() -> None:
    (words,) = explained((ACCURACY, PASSED))
    assert words.startswith(
        f"T{BECAUSE[1:]}; so its rows were judged as a sample, drawn again and again. 392 of 400 "
        "draws from 200 rows were answered as expected (98%)."
    )
    assert 'to 1 against "fewer than 92% right" (20 to 1 is needed' in words
    assert "In traffic that these rows stand for: 93.96% to 99.36%." in words


def test_an_explanation_does_not_follow_a_status_that_leaves_the_difference_out() -> None:
    run, ruling = ruled((ACCURACY, PASSED))
    assert isinstance(ruling, Accepted)
    for repeats in (None, list(STABLES)):
        kpi = ruling.kpis[0].model_copy(update={"repeats": repeats})
        status = run.status.model_copy(update={"kpis": [kpi]})
        (found,) = explain(run.model_copy(update={"status": status}))
        assert not found.agrees


def test_evidence_beside_a_difference_that_no_sample_could_show_is_none() -> None:
    run, ruling = ruled((PERFECT, KpiReport.of("P", ExamCounts(200, 200, 200))), repeats=())
    assert isinstance(ruling, Accepted)
    kpi = ruling.kpis[0].model_copy(update={"repeats": list(OWN)})
    status = run.status.model_copy(update={"kpis": [kpi]})
    (found,) = explain(run.model_copy(update={"status": status}))
    assert not found.agrees
    assert "answers differ, and no sample shows its limit" in found.sentences[0]


def test_what_is_compared_is_a_sample_where_either_differs() -> None:
    pairs = PairedSampleCounts(200, 900, 850, 852, 10)
    whole = KpiReport.of("P", ExamCounts(200, 200, 187))
    args = (ACCURACY, whole), (ACCURACY_VERSUS, KpiReport.of("I", pairs))
    alone, compared = shown(*args, repeats=(STABLES,), baseline=BASELINE)
    assert (alone.repeats, compared.repeats) == (None, list(STABLES))
    (words, _) = told(*args, repeats=(STABLES,), baseline=BASELINE).split(", so that ")
    assert words.endswith("stable answered 2 of 20 rows of data set golden differently when asked "
                          "twice")  # fmt: skip
    assert "rows read: 900" in refused(*args, repeats=(), baseline=BASELINE)
    of_own = (ACCURACY, PASSED), (ACCURACY_VERSUS, KpiReport.of("I", pairs))
    assert [each.repeats for each in shown(*of_own, repeats=(BOTH,), baseline=BASELINE)] == [
        list(BOTH)
    ] * 2
