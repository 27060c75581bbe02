"""Forged and broken results: each is refused, with one word for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from modelward.api.names import PLAN
from modelward.benchmark.accept import Accepted, Infrastructure, Refused, rule
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import ErrorCounts, ExamCounts, LatencyCounts
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.snapshot import Ended, RunJob
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    LATENCY,
    PASSING,
    a_pod,
    a_result,
    a_run,
    completed,
    failed,
)

GATES = a_run(ACCURACY, LATENCY)


def with_pod_spec(job: RunJob, change: Callable[[dict[str, Any]], None]) -> RunJob:
    """Return the Job with its pod's spec changed, and the template as it was."""
    spec = {**job.pods[0].spec, "containers": [dict(job.pods[0].spec["containers"][0])]}
    change(spec)
    return replace(job, pods=(replace(job.pods[0], spec=spec),))


def with_plan(job: RunJob, text: str, *, of_template: bool = False) -> RunJob:
    """Return the Job with another plan in its pod, and perhaps in the template too."""
    annotations = {**job.pods[0].annotations, PLAN: text}
    job = replace(job, pods=(replace(job.pods[0], annotations=annotations),))
    metadata = {**job.template["metadata"], "annotations": annotations}
    return replace(job, template={**job.template, "metadata": metadata}) if of_template else job


def test_the_result_of_the_pod_that_was_asked_for_is_accepted() -> None:
    ruling = rule(GATES, 1, completed(GATES))
    assert isinstance(ruling, Accepted)
    assert [kpi.verdict for kpi in ruling.kpis] == ["Pass", "Pass"]


def test_what_ordinary_admission_changes_in_a_pod_is_no_forgery() -> None:
    def admit(spec: dict[str, Any]) -> None:
        runner = spec["containers"][0]
        runner["imagePullPolicy"] = "Always"
        runner["resources"] = {"limits": {"cpu": "1"}}
        spec["containers"].append({"name": "istio-proxy", "image": "mesh"})
        spec["tolerations"] = [{"key": "node.kubernetes.io/not-ready"}]
        spec["volumes"] = [*spec["volumes"], {"name": "certificates", "emptyDir": {}}]

    assert isinstance(rule(GATES, 1, with_pod_spec(completed(GATES), admit)), Accepted)


def _image(spec: dict[str, Any]) -> None:
    spec["containers"][0]["image"] = "evil"


def _command(spec: dict[str, Any]) -> None:
    spec["containers"][0]["command"] = ["sh", "-c", "echo P > /dev/termination-log"]


def _arguments(spec: dict[str, Any]) -> None:
    spec["containers"][0]["args"] = ["--lie"]


def _environment(spec: dict[str, Any]) -> None:
    spec["containers"][0]["env"] = [{"name": "PYTHONPATH", "value": "/evil"}]


def _mounts(spec: dict[str, Any]) -> None:
    spec["containers"][0]["volumeMounts"] = []


def _volume(spec: dict[str, Any]) -> None:
    spec["volumes"] = [{"name": "benchmark", "configMap": {"name": "another-plan"}}]


def _host_aliases(spec: dict[str, Any]) -> None:
    spec["hostAliases"] = [{"ip": "10.0.0.9", "hostnames": ["fraud-x7f9k2m4q1.ml.svc"]}]


def _processes(spec: dict[str, Any]) -> None:
    spec["shareProcessNamespace"] = True


def _other_container(spec: dict[str, Any]) -> None:
    spec["containers"][0]["name"] = "other"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_image, "image"),
        (_command, "command"),
        (_arguments, "args"),
        (_environment, "env"),
        (_mounts, "volumeMounts"),
        (_volume, "volume benchmark"),
        (_host_aliases, "hostAliases"),
        (_processes, "shareProcessNamespace"),
        (_other_container, "container runner"),
    ],
)
def test_a_pod_with_our_labels_but_another_spec_is_foreign(
    change: Callable[[dict[str, Any]], None], field: str
) -> None:
    ruling = rule(GATES, 1, with_pod_spec(completed(GATES), change))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "ForeignPod"
    assert field in ruling.message


def test_a_second_pod_is_foreign_whichever_of_them_brought_the_result() -> None:
    job = completed(GATES)
    for pods in ((job.pods[0], a_pod(job, "late")), (a_pod(job, "early"), job.pods[0])):
        ruling = rule(GATES, 1, replace(job, pods=pods))
        assert isinstance(ruling, Refused)
        assert ruling.reason == "ForeignPod"


@pytest.mark.parametrize("counts", [(2, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0)])
def test_a_job_that_counts_more_or_less_than_its_one_pod_is_refused(
    counts: tuple[int, int, int],
) -> None:
    succeeded, failures, active = counts
    job = replace(completed(GATES), succeeded=succeeded, failed=failures, active=active)
    ruling = rule(GATES, 1, job)
    assert isinstance(ruling, Refused)
    assert ruling.reason == "ForeignPod"


def test_a_pod_with_another_plan_than_its_job_is_foreign() -> None:
    ruling = rule(GATES, 1, with_plan(completed(GATES), "{}"))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "ForeignPod"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a plan",
        runner_plan(a_run(ACCURACY), 1, 60).to_json(),
        runner_plan(GATES, 2, 60).to_json(),
        runner_plan(GATES, 1, 60).to_json().replace("0.92", "0.02"),
    ],
)
def test_a_job_with_another_plan_than_its_run_is_refused(text: str) -> None:
    ruling = rule(GATES, 1, with_plan(completed(GATES), text, of_template=True))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "ForeignPod"


GOOD = a_result(runner_plan(GATES, 1, 1))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (GOOD.to_json()[:-40], "Truncated"),
        (GOOD.to_json() + " " * 2_048, "Oversized"),
        (GOOD.to_json().replace("187", "NaN"), "Malformed"),
        ("all fine, promote me", "Malformed"),
        (GOOD.model_copy(update={"nonce": "0" * 16}).to_json(), "WrongNonce"),
        (a_result(runner_plan(GATES, 2, 1)).to_json(), "WrongNonce"),
        (GOOD.model_copy(update={"revision": "another1"}).to_json(), "WrongRevision"),
        (GOOD.model_copy(update={"datasets": ("0" * 16,)}).to_json(), "WrongDataset"),
        (GOOD.model_copy(update={"datasets": ()}).to_json(), "WrongDataset"),
        (GOOD.model_copy(update={"kpis": GOOD.kpis[:1]}).to_json(), "WrongKpis"),
        (GOOD.model_copy(update={"kpis": GOOD.kpis[::-1]}).to_json(), "Contradiction"),
        (GOOD.model_copy(update={"kpis": ()}).to_json(), "WrongKpis"),
    ],
)
def test_a_message_that_is_not_this_attempts_result_is_refused(message: str, reason: str) -> None:
    ruling = rule(GATES, 1, completed(GATES, text=message))
    assert isinstance(ruling, Refused)
    assert ruling.reason == reason


def test_a_changed_data_set_is_named() -> None:
    message = GOOD.model_copy(update={"datasets": ("0" * 16,)}).to_json()
    ruling = rule(GATES, 1, completed(GATES, text=message))
    assert isinstance(ruling, Refused)
    assert f"the sha256 of golden begins with {'0' * 16}, not with abab" in ruling.message


@pytest.mark.parametrize(
    ("kpi", "letter", "counts"),
    [
        (ACCURACY, "P", ExamCounts(rows=200, read=200, correct=183)),
        (ACCURACY, "F", ExamCounts(rows=200, read=200, correct=184)),
        (ACCURACY, "P", ExamCounts(rows=200, read=190, correct=190)),
        (ERRORS, "P", ErrorCounts(dispersion=125, requests=10, bad=0)),
        (ERRORS, "P", ErrorCounts(dispersion=3_200, requests=1_000, bad=5)),
        (LATENCY, "P", LatencyCounts(125, 1_000, 60, 143_000, 125, 60)),
        (LATENCY, "F", LatencyCounts(125, 1_000, 0, 143_000, 125, 10)),
    ],
)
def test_a_verdict_that_does_not_follow_from_its_counts_is_refused(
    kpi: dict[str, Any], letter: str, counts: ExamCounts | ErrorCounts | LatencyCounts
) -> None:
    run = a_run(kpi)
    report = KpiReport.model_validate({"verdict": letter, "counts": counts.to_ints()})
    ruling = rule(run, 1, completed(run, kpis=(report,)))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"
    assert kpi["name"] in ruling.message


def test_counts_that_nobody_can_have_counted_are_refused() -> None:
    run = a_run(ACCURACY)
    report = KpiReport(verdict="P", counts=(200, 200, 201))
    ruling = rule(run, 1, completed(run, kpis=(report,)))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"


def test_a_latency_without_calibration_never_passes() -> None:
    run = a_run(LATENCY)
    ruling = rule(run, 1, completed(run, windows=59, kpis=(PASSING["latency"],)))
    assert isinstance(ruling, Refused)
    undecided = KpiReport(verdict="I", counts=PASSING["latency"].counts)
    ruling = rule(run, 1, completed(run, windows=59, kpis=(undecided,)))
    assert isinstance(ruling, Accepted)
    assert ruling.kpis[0].reason == "Uncalibrated"


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (replace(failed(GATES), pods=()), "PodDeleted"),
        (replace(completed(GATES), pods=()), "PodDeleted"),
        (failed(GATES, reason="DeadlineExceeded"), "Deadline"),
        (failed(GATES, reason="BackoffLimitExceeded"), "PodLost"),
        (completed(GATES, text=""), "NoResult"),
    ],
)
def test_an_attempt_without_a_result_is_nobodys_fault(job: RunJob, reason: str) -> None:
    ruling = rule(GATES, 1, job)
    assert isinstance(ruling, Infrastructure)
    assert ruling.reason == reason


@pytest.mark.parametrize(
    ("ended", "reason", "told"),
    [
        (Ended(137, "OOMKilled"), "OOMKilled", "spec.benchmarkPod.resources"),
        (Ended(1, "Error", "no such file: plan.json"), "RunnerFailed", "no such file: plan.json"),
    ],
)
def test_how_a_runner_broke_is_told(ended: Ended, reason: str, told: str) -> None:
    job = failed(GATES)
    ruling = rule(GATES, 1, replace(job, pods=(replace(job.pods[0], ended=ended),)))
    assert isinstance(ruling, Infrastructure)
    assert ruling.reason == reason
    assert told in ruling.message


def test_what_a_pod_waited_for_until_its_deadline_is_told() -> None:
    job = failed(
        GATES, reason="DeadlineExceeded", problem="Unschedulable", problem_message="0/3 nodes"
    )
    ruling = rule(GATES, 1, job)
    assert isinstance(ruling, Infrastructure)
    assert "Unschedulable 0/3 nodes" in ruling.message
