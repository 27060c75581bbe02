"""KPIs that a user's own image measures: what it is asked, and which of its answers count."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted, Infrastructure, Refused, Ruling, rule
from modelward.benchmark.decide import decide
from modelward.benchmark.explained import explain
from modelward.benchmark.jobcontract import JobResult
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.schemas import json_schemas
from modelward.benchmark.snapshot import Ended, RunJob
from modelward.benchmark.status import judged
from modelward.writes import PatchStatus
from tests.unit.benchmark_world import ACCURACY, a_run, completed, failed, seen

LOCUST = {"name": "locust", "image": "registry.example/locust:1", "args": ["--users=10"]}
ERRORS = {
    "name": "errors",
    "job": {"name": "locust", "measures": "badRequests"},
    "objective": {"atMost": "5%", "expected": "2%"},
}
ROWS = {
    "name": "exam",
    "job": {"name": "locust", "measures": "rightRows"},
    "objective": {"atLeast": "92%"},
}
VALUE = {
    "name": "perplexity",
    "job": {"name": "locust", "measures": "value"},
    "objective": {"atMost": "12.5"},
}
ALL = (ERRORS, ROWS, VALUE)


def run_of(*kpis: dict[str, Any], **spec: object) -> BenchmarkRun:
    return a_run(*kpis, jobs=[LOCUST], **spec)


def answer(run: BenchmarkRun, found: dict[str, Any], /, **changes: object) -> str:
    plan = runner_plan(run, 1, 600)
    result = {"v": 1, "nonce": plan.nonce, "revision": plan.subject.revision, "job": "locust"}
    return json.dumps(result | {"kpis": found} | changes)


def with_jobs(done: RunJob, **ended: Ended) -> RunJob:
    (pod,) = done.pods
    return replace(done, pods=(replace(pod, jobs=ended),))


def ruled(run: BenchmarkRun, text: str, **result: object) -> Ruling:
    return rule(
        run,
        1,
        with_jobs(completed(run, 1, None, None, **result), locust=Ended(0, "Completed", text)),
    )


def verdicts(run: BenchmarkRun, found: dict[str, Any], /, **result: object) -> list[str]:
    ruling = ruled(run, answer(run, found), **result)
    assert isinstance(ruling, Accepted), ruling
    return [" ".join(filter(None, (kpi.verdict, kpi.reason))) for kpi in ruling.kpis]


@pytest.mark.parametrize(
    ("kpi", "found", "verdict"),
    [
        (ERRORS, {"requests": 2_000, "bad": 20}, "Pass"),
        (ERRORS, {"requests": 2_000, "bad": 200}, "Inconclusive Uncalibrated"),
        (ERRORS, {"requests": 2_000, "bad": 2_000}, "Inconclusive Uncalibrated"),
        (ERRORS, {"requests": 2_000, "bad": 200, "dispersion": 150}, "Fail WorseThanExpected"),
        (ERRORS, {"requests": 20, "bad": 0}, "Inconclusive Undecided"),
        (ERRORS, {"requests": 260, "bad": 4, "dispersion": 100}, "Pass"),
        (ERRORS, {"requests": 260, "bad": 4}, "Inconclusive Undecided"),
        (ERRORS, {"requests": 400, "bad": 4, "dispersion": 2_000}, "Inconclusive Undecided"),
        (ROWS, {"rows": 100, "right": 92}, "Pass"),
        (ROWS, {"rows": 100, "right": 91}, "Fail BelowLimit"),
        (VALUE, {"value": "12.5"}, "Pass"),
        (VALUE, {"value": "12.500001"}, "Fail BeyondLimit"),
        (VALUE | {"objective": {"atLeast": "12.5"}}, {"value": "12.5"}, "Pass"),
        (VALUE | {"objective": {"atLeast": "12.5"}}, {"value": "12.499999"}, "Fail BelowLimit"),
        (VALUE | {"objective": {"atMost": "250ms"}}, {"value": "0.25s"}, "Pass"),
        (VALUE | {"objective": {"atMost": "250ms"}}, {"value": "251ms"}, "Fail BeyondLimit"),
        (VALUE | {"objective": {"atLeast": "18/s"}}, {"value": "18.5/s"}, "Pass"),
        (VALUE | {"objective": {"atLeast": "18/s"}}, {"value": "9/s"}, "Fail BelowLimit"),
        (VALUE | {"objective": {"atLeast": "92%"}}, {"value": "92.0%"}, "Pass"),
        (VALUE | {"objective": {"atLeast": "92%"}}, {"value": "9.2%"}, "Fail BelowLimit"),
    ],
)
def test_counts_are_judged_and_values_compared(
    kpi: dict[str, Any], found: dict[str, Any], verdict: str
) -> None:
    assert verdicts(run_of(kpi), {kpi["name"]: found}) == [verdict]


def test_what_a_job_could_not_show_is_told_with_what_the_job_should_report() -> None:
    run = run_of(ERRORS, ERRORS | {"name": "slow"}, VALUE)
    ruling = ruled(run, answer(run, {"errors": {"requests": 2_000, "bad": 2_000}}))
    assert isinstance(ruling, Accepted)
    message = judged(run.spec.kpis, ruling).message
    assert (
        "errors: it looks too bad, but job locust did not say how its bad requests clump" in message
    )
    assert "slow, perplexity: not measured: job locust left it out of its result" in message
    assert "upTo" not in message


def test_no_dispersion_that_a_job_says_is_taken_for_none() -> None:
    run = run_of(ERRORS)
    for dispersion in (124, 125, 126):
        found = {"errors": {"requests": 2_000, "bad": 200, "dispersion": dispersion}}
        ruling = ruled(run, answer(run, found))
        assert isinstance(ruling, Accepted)
        assert ruling.kpis[0].verdict == "Fail"


def test_a_kpi_that_a_job_leaves_out_is_inconclusive() -> None:
    assert verdicts(run_of(*ALL), {"perplexity": {"value": "3"}}) == [
        "Inconclusive NotMeasured", "Inconclusive NotMeasured", "Pass"
    ]  # fmt: skip


def test_the_runners_kpis_and_those_of_jobs_stand_in_the_order_of_the_spec() -> None:
    run = run_of(VALUE, ACCURACY, ROWS)
    found = {"exam": {"rows": 10, "right": 1}, "perplexity": {"value": "3"}}
    assert verdicts(run, found) == ["Pass", "Pass", "Fail BelowLimit"]


def test_what_the_runner_could_not_reach_a_job_did_not_measure() -> None:
    """A job that meets a closed network counts only failed requests: that brands no version."""
    lost: dict[str, Any] = {
        "kpis": (),
        "outcome": "Unreachable",
        "windows": 0,
        "message": "nobody there",
    }
    found = {"errors": {"requests": 2_000, "bad": 2_000}}
    assert verdicts(run_of(ERRORS), found, **lost) == ["Inconclusive Unreachable"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Malformed"),
        ("{", "Malformed"),
        ("null", "Malformed"),
        ('{"v": 1, "v": 1}', "Malformed"),
        ("x" * 2_049, "Malformed"),
    ],
)
def test_what_is_no_result_is_no_evidence(text: str, reason: str) -> None:
    ruling = ruled(run_of(ERRORS), text)
    assert isinstance(ruling, Refused)
    assert ruling.reason == reason
    assert "job locust" in ruling.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "0" * 16}, "WrongNonce"),
        ({"revision": "another"}, "WrongRevision"),
        ({"job": "k6"}, "WrongRevision"),
        ({"datasets": {"golden": "0" * 16}}, "WrongDataset"),
        ({"datasets": {"silver": "ab" * 8}}, "WrongDataset"),
        ({"kpis": {"accuracy": {"rows": 1, "right": 1}}}, "WrongKpis"),
        ({"kpis": {"errors": {"value": "0%"}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": 1, "bad": 2}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": 0, "bad": 0}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": 9, "bad": -1}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": 9.0, "bad": 1}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": "9", "bad": 1}}}, "Malformed"),
        ({"kpis": {"errors": {"requests": 9, "bad": 1, "dispersion": 99}}}, "Malformed"),
        ({"kpis": {"exam": {"rows": 9, "right": 9, "dispersion": 100}}}, "Malformed"),
        ({"kpis": {"exam": {"rows": 9}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": "NaN"}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": "-1"}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": "1e3"}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": 3}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": "3ms"}}}, "Malformed"),
        ({"kpis": {"perplexity": {"value": "3%"}}}, "Malformed"),
        ({"verdict": "Pass"}, "Malformed"),
        ({"v": 2}, "Malformed"),
    ],
)
def test_a_result_that_is_not_as_asked_is_no_evidence(
    changes: dict[str, object], reason: str
) -> None:
    run = run_of(*ALL)
    good = {"perplexity": {"value": "3"}}
    assert isinstance(ruled(run, answer(run, good)), Accepted)
    ruling = ruled(run, answer(run, good, **changes))
    assert isinstance(ruling, Refused)
    assert ruling.reason == reason


def test_a_job_that_failed_is_named_with_what_it_said() -> None:
    run = run_of(ERRORS)
    done = with_jobs(failed(run), locust=Ended(3, "Error", "no route to the model"))
    ruling = rule(run, 1, done)
    assert isinstance(ruling, Infrastructure)
    assert (ruling.reason, ruling.message) == (
        "JobFailed", "pod pod-1: job locust ended with exit code 3: no route to the model"
    )  # fmt: skip


def test_a_job_whose_container_left_no_trace_is_no_evidence() -> None:
    ruling = rule(run_of(ERRORS), 1, completed(run_of(ERRORS)))
    assert (type(ruling), getattr(ruling, "reason", "")) == (Infrastructure, "NoResult")


def test_three_attempts_with_a_malformed_result_are_inconclusive() -> None:
    run = run_of(ERRORS)
    bad = Ended(0, "Completed", '{"v": 1, "verdict": "Pass"}')
    jobs = tuple(with_jobs(completed(run, number), locust=bad) for number in (1, 2, 3))
    (patch,) = (w for w in decide(seen(run, *jobs)).writes if isinstance(w, PatchStatus))
    assert patch.status["verdict"] == "Inconclusive"
    assert (
        "Malformed, pod pod-3: job locust: its result is not as agreed" in patch.status["message"]
    )
    assert [kpi["reason"] for kpi in patch.status["kpis"]] == ["Infrastructure"]


def test_a_pod_whose_job_is_another_image_is_foreign() -> None:
    run = run_of(ERRORS)
    done = completed(run)
    (pod,) = done.pods
    other = json.loads(json.dumps(pod.spec))
    other["initContainers"][0]["image"] = "registry.example/kind-to-everybody:1"
    ruling = rule(run, 1, replace(done, pods=(replace(pod, spec=other),)))
    assert (type(ruling), getattr(ruling, "reason", "")) == (Refused, "ForeignPod")
    assert "image of container job-locust differs" in getattr(ruling, "message", "")


def test_what_failed_is_told_in_the_unit_of_the_kpi() -> None:
    run = run_of(*ALL)
    found = {
        "errors": {"requests": 2_000, "bad": 200, "dispersion": 150},
        "exam": {"rows": 100, "right": 91},
        "perplexity": {"value": "14.2"},
    }
    ruling = ruled(run, answer(run, found))
    assert isinstance(ruling, Accepted)
    assert judged(run.spec.kpis, ruling).message == (
        "errors is 10% on 2000 requests, shown to be worse than expected: <= 5%, expected 2%; "
        "exam is 91% on 100 rows, not enough: >= 92%; "
        "perplexity is 14.2, too much: <= 12.5"
    )


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"errors": {"requests": 2_000, "bad": 20}}, "20 of 2,000 requests failed (1%)."),
        ({"errors": {"requests": 2_000, "bad": 20}}, "that dispersion is assumed"),
        (
            {"errors": {"requests": 2_000, "bad": 200}},
            "job locust did not say how its bad requests",
        ),
        ({"exam": {"rows": 100, "right": 92}}, "92 of all 100 rows were answered as expected"),
        ({"perplexity": {"value": "12.4"}}, "Job locust measured 12.4, which is compared with"),
    ],
)
def test_judge_explain_finds_the_verdict_again(found: dict[str, Any], says: str) -> None:
    run = run_of(*(kpi for kpi in ALL if kpi["name"] in found))
    ruling = ruled(run, answer(run, found))
    assert isinstance(ruling, Accepted)
    status = run.status.model_copy(update={"kpis": list(ruling.kpis)})
    (explained,) = explain(run.model_copy(update={"status": status}))
    assert explained.agrees
    assert says in " ".join(explained.sentences)
    worse = [kpi.model_copy(update={"verdict": "Fail"}) for kpi in ruling.kpis]
    (forged,) = explain(
        run.model_copy(update={"status": status.model_copy(update={"kpis": worse})})
    )
    assert not forged.agrees


counted = st.one_of(
    st.integers(1, 10**6).flatmap(
        lambda n: st.builds(lambda bad: {"requests": n, "bad": bad}, st.integers(0, n))
    ),
    st.builds(lambda value: {"value": f"{value}"}, st.integers(0, 10**6)),
)


@given(counted)
def test_the_schema_takes_what_the_operator_takes(found: dict[str, Any]) -> None:
    text = answer(run_of(*ALL), {"perplexity": found})
    JobResult.parse(text)
    jsonschema.validate(json.loads(text), json_schemas()["job-result.schema.json"])
