"""Whatever pods answer and whenever the operator dies: a Pass only from an accepted result."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.accept import Accepted, rule
from modelward.benchmark.attempts import attempts
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.snapshot import RunJob
from modelward.benchmark.status import ending
from modelward.writes import Delete
from tests.unit.benchmark_cluster import Cluster, ends_with, has_a_second_pod, is_evicted, succeeds
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    FAILING,
    LATENCY,
    NOT_MEASURED,
    PASSING,
    a_result,
    a_run,
    completed,
    seen,
)

KPIS = (ACCURACY, LATENCY, ERRORS)
RUN = a_run(*KPIS)
GOOD = a_result(runner_plan(RUN, 1, 1)).to_json()
BAD = a_result(
    runner_plan(RUN, 1, 1), kpis=(FAILING["accuracy"], PASSING["latency"], PASSING["errors"])
).to_json()

Behaviour = Callable[[RunJob], RunJob]


def stays(job: RunJob) -> RunJob:
    return job


def answers_garbage(job: RunJob) -> RunJob:
    return ends_with(job, '{"v":1,"verdict":"Pass"}')


BEHAVIOURS: list[Behaviour] = [
    succeeds, is_evicted, stays, has_a_second_pod, answers_garbage,
]  # fmt: skip
behaviours = st.lists(st.sampled_from(BEHAVIOURS), min_size=1, max_size=4)


class Scripted:
    """Behaves like this at the first attempt, like that at the second..."""

    def __init__(self, script: list[Behaviour]) -> None:
        self.script = script

    def __call__(self, job: RunJob) -> RunJob:
        number = int(job.name.rpartition("-")[2])
        return self.script[min(number, len(self.script)) - 1](job)


@given(behaviours)
def test_every_run_ends_and_passes_only_on_an_accepted_result(script: list[Behaviour]) -> None:
    cluster = Cluster(RUN, Scripted(script))
    status = cluster.settle(rounds=60).status
    outcomes = [attempt.outcome for attempt in status.attempts]
    assert len(outcomes) <= 3
    assert (status.verdict == "Pass") == ("Accepted" in outcomes)
    assert all(outcome is not None for outcome in outcomes)
    assert all(job.finished for job in cluster.jobs)


@given(behaviours, st.lists(st.integers(0, 4), max_size=8))
def test_an_operator_that_dies_between_any_two_writes_ends_a_run_alike(
    script: list[Behaviour], deaths: list[int]
) -> None:
    undisturbed = Cluster(RUN, Scripted(script)).settle(rounds=60).status
    cluster = Cluster(RUN, Scripted(script))
    for writes in deaths:
        cluster.round(writes)
        cluster.pass_time(timedelta(seconds=30))
    status = cluster.settle(rounds=60).status
    assert status.verdict == undisturbed.verdict
    assert [(a.job, a.outcome, a.reason) for a in status.attempts] == [
        (a.job, a.outcome, a.reason) for a in undisturbed.attempts
    ]
    assert status.kpis == undisturbed.kpis


@given(behaviours)
def test_a_second_decision_on_what_a_plan_left_writes_nothing(script: list[Behaviour]) -> None:
    cluster = Cluster(RUN, Scripted(script))
    for _ in range(12):
        plan = cluster.round()
        if any(isinstance(write, Delete) for write in plan.writes):
            cluster.round()  # the next attempt only begins once the Job before is gone
        assert cluster.round().writes == ()
        cluster.pass_time(timedelta(minutes=2))


def verdict_on(message: str) -> str:
    """Return the verdict if the run's first pod ends with this message."""
    look = seen(RUN, completed(RUN, text=message))
    end = ending(look, attempts(look))
    return end.verdict if end else "none yet"


@given(st.text(max_size=3_000))
def test_garbage_is_no_result(message: str) -> None:
    assert verdict_on(message) == "none yet"


@given(st.integers(0, len(GOOD) - 1))
def test_a_good_result_that_was_cut_is_no_result(length: int) -> None:
    assert verdict_on(GOOD[:length]) == "none yet"


@given(st.integers(0, len(BAD) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_no_single_mutated_character_makes_a_pass_of_a_failure(at: int, character: str) -> None:
    assert verdict_on(BAD[:at] + character + BAD[at + 1 :]) != "Pass"


letters = st.sampled_from("PFI")


@given(letters, st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_an_accepted_exam_passes_exactly_when_enough_of_all_rows_were_right(
    letter: str, rows: int, read: int, correct: int
) -> None:
    run = a_run(ACCURACY)
    report = KpiReport.model_validate({"verdict": letter, "counts": (rows, read, correct)})
    ruling = rule(run, 1, completed(run, kpis=(report,)))
    if isinstance(ruling, Accepted):
        passed = read == rows and 100 * correct >= 92 * rows
        assert correct <= read <= rows
        assert (ruling.kpis[0].verdict == "Pass") == passed


@given(letters, st.integers(100, 4_000), st.integers(0, 2_000), st.integers(0, 2_000))
def test_an_error_rate_at_or_beyond_its_limit_is_never_accepted_as_a_pass(
    letter: str, dispersion: int, requests: int, bad: int
) -> None:
    run = a_run(ERRORS)
    report = KpiReport.model_validate({"verdict": letter, "counts": (dispersion, requests, bad)})
    ruling = rule(run, 1, completed(run, kpis=(report,)))
    if isinstance(ruling, Accepted) and ruling.kpis[0].verdict == "Pass":
        assert 20 * bad < requests


@given(st.lists(st.sampled_from([PASSING, FAILING, {}]), min_size=3, max_size=3))
def test_one_failing_gate_fails_and_only_all_passing_gates_pass(
    chosen: list[dict[str, KpiReport]],
) -> None:
    reports = tuple(
        reports.get(str(kpi["name"]), NOT_MEASURED)
        for reports, kpi in zip(chosen, KPIS, strict=True)
    )
    message = a_result(runner_plan(RUN, 1, 1), kpis=reports).to_json()
    if FAILING in chosen:
        expected = "Fail"
    else:
        expected = "Pass" if all(reports is PASSING for reports in chosen) else "Inconclusive"
    assert verdict_on(message) == expected
