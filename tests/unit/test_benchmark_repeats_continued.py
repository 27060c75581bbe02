"""What a run goes on from that found answers to an exam to differ: draws stay draws."""

from typing import Any

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.continued import starts
from modelward.benchmark.contract import KpiReport, PlanStart
from modelward.benchmark.counts import (
    Counts,
    ExamCounts,
    PairedExamCounts,
    PairedSampleCounts,
    SampleCounts,
)
from modelward.benchmark.plan import PlanError, runner_plan
from tests.unit.benchmark_world import ACCURACY, NOT_MEASURED, a_run, completed, failed, seen
from tests.unit.kpis import ACCURACY_VERSUS, accuracy
from tests.unit.test_benchmark_continued import after, later, look_at
from tests.unit.test_benchmark_repeats import DIFFERS, OPEN, OWN, PASSED, PERFECT, STABLES
from tests.unit.test_benchmark_versus import BASELINE


def ended(*args: tuple[dict[str, Any], KpiReport], **more: Any) -> BenchmarkRun:  # noqa: ANN401 (as ruled)
    repeats = more.pop("repeats", (OWN,))
    run = a_run(*(kpi for kpi, _ in args), **more)
    reports = tuple(report for _, report in args)
    return after(seen(run, completed(run, kpis=reports, repeats=repeats)))


def start(counts: Counts | None, repeats: tuple[int, int, int] | None, verdict: str) -> PlanStart:
    return PlanStart.model_validate(
        {
            "verdict": verdict,
            "windows": 0,
            "counts": counts.to_ints() if counts else (),
            "repeats": repeats,
        }
    )


def test_a_sample_is_gone_on_from_as_one_and_what_can_not_be_judged_stays_so() -> None:
    run = ended((ACCURACY, OPEN), (PERFECT, DIFFERS))
    begun = starts(look_at(later(run), run))
    assert begun == {
        "accuracy": start(SampleCounts(200, 40, 37), OWN, "I"),
        "perfect": start(None, OWN, "I"),
    }
    accuracy_, perfect = runner_plan(later(run), 1, 60, begun).kpis
    assert (accuracy_.is_sample, perfect.is_unjudgeable) == (True, True)


def gone_on(
    run: BenchmarkRun, *reports: KpiReport, repeats: tuple[tuple[int, int, int], ...] = ()
) -> Accepted | Refused:
    second = later(run)
    begun = starts(look_at(second, run))
    job = completed(second, starts=begun, kpis=reports, repeats=repeats)
    ruling = rule(second, 1, job, begun)
    assert isinstance(ruling, Accepted | Refused)
    return ruling


def test_draws_add_up_and_rows_of_an_exam_are_none_of_them() -> None:
    run = ended((ACCURACY, OPEN))
    more = gone_on(run, KpiReport.of("P", SampleCounts(200, 440, 430)))
    assert isinstance(more, Accepted)
    assert (more.kpis[0].verdict, more.kpis[0].repeats) == ("Pass", list(OWN))
    exam = gone_on(run, KpiReport.of("P", ExamCounts(200, 200, 187)))
    assert isinstance(exam, Refused)
    assert "its counts say Inconclusive" in exam.message


def test_an_exam_that_was_begun_stays_one_whatever_is_reported_later() -> None:
    part = KpiReport.of("I", ExamCounts(200, 100, 95))
    run = ended((ACCURACY, part), repeats=())
    drawn = gone_on(run, KpiReport.of("P", SampleCounts(200, 500, 490)), repeats=(OWN,))
    assert isinstance(drawn, Refused)
    assert "rows read: 500 is not between 0 and 200" in drawn.message
    whole = gone_on(run, KpiReport.of("P", ExamCounts(200, 200, 187)), repeats=(OWN,))
    assert isinstance(whole, Accepted)
    assert (whole.kpis[0].verdict, whole.kpis[0].repeats) == ("Pass", None)


def test_a_verdict_by_draws_is_kept_as_one() -> None:
    run = ended((ACCURACY, PASSED), (PERFECT, DIFFERS))
    kept = gone_on(run, PASSED, DIFFERS)
    assert isinstance(kept, Accepted)
    assert [(each.verdict, each.repeats) for each in kept.kpis] == [
        ("Pass", list(OWN)),
        ("Inconclusive", list(OWN)),
    ]


def test_draws_of_which_kpis_know_different_numbers_are_drawn_anew_and_still_as_a_sample() -> None:
    run = ended((ACCURACY, OPEN), (accuracy("other", atLeast="90%"), NOT_MEASURED))
    begun = starts(look_at(later(run), run))
    assert begun == {name: start(None, OWN, "I") for name in ("accuracy", "other")}


def test_draws_beside_stable_are_not_torn_by_an_exam_of_the_same_rows() -> None:
    pairs = PairedSampleCounts(200, 50, 45, 46, 3)
    args = (ACCURACY, KpiReport.of("I", ExamCounts(200, 100, 95)))
    run = ended(
        args, (ACCURACY_VERSUS, KpiReport.of("I", pairs)), repeats=(STABLES,), baseline=BASELINE
    )
    begun = starts(look_at(later(run), run))
    assert begun == {
        "accuracy": start(ExamCounts(200, 100, 95), None, "I"),
        "accuracy-vs-stable": start(pairs, STABLES, "I"),
    }


def test_an_exam_beside_stable_is_still_torn_by_another_number_of_rows() -> None:
    half = KpiReport.of("I", ExamCounts(200, 100, 93))
    more = KpiReport.of("I", PairedExamCounts(200, 120, 113, 114, 3))
    run = ended((ACCURACY, half), (ACCURACY_VERSUS, more), repeats=(), baseline=BASELINE)
    assert starts(look_at(later(run), run)) == {}


def test_a_run_without_a_result_keeps_what_is_known_of_answers_for_the_next() -> None:
    run = ended((ACCURACY, OPEN), (PERFECT, DIFFERS))
    second = later(run)
    look = look_at(second, run, *(failed(second, number) for number in (1, 2, 3)))
    lost = after(look)
    assert [kpi.repeats for kpi in lost.status.kpis] == [list(OWN)] * 2
    third = later(lost)
    renamed = third.model_copy(
        update={"metadata": third.metadata.model_copy(update={"name": "third", "uid": "third"})}
    )
    assert starts(look_at(renamed, lost)) == starts(look_at(second, run))


@pytest.mark.parametrize("repeats", [[20, 21, 0], [0, 1, 0], [21, 1, 0]])
def test_a_status_whose_repeats_can_not_be_is_refused(repeats: list[int]) -> None:
    run = ended((ACCURACY, OPEN))
    kpis = [run.status.kpis[0].model_copy(update={"repeats": repeats})]
    forged = run.model_copy(update={"status": run.status.model_copy(update={"kpis": kpis})})
    with pytest.raises(PlanError, match="repeats of accuracy can't be"):
        starts(look_at(later(run), forged))
