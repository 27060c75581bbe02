"""BenchmarkRuns, their Jobs, pods and results as values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import DIGEST_CHARS, KpiReport, RunnerPlan, RunnerResult
from modelward.benchmark.counts import (
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
)
from modelward.benchmark.job import job
from modelward.benchmark.plan import Starts, runner_plan
from modelward.benchmark.snapshot import Ended, RunJob, RunPod, RunSnapshot
from modelward.writes import Refusal
from tests.unit.kpis import accuracy, errors, latency

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IMAGE = "registry.example/modelward:1"
RUN = "fraud-x7f9k2m4q1-1"

ACCURACY = accuracy(atLeast="92%")
LATENCY = latency("p95", atMost="250ms", expected="150ms")
ERRORS = errors(atMost="5%", expected="2%")

PASSING: dict[str, KpiReport] = {
    "accuracy": KpiReport.of("P", ExamCounts(rows=200, read=200, correct=187)),
    "latency": KpiReport.of("P", LatencyCounts(125, 1_000, 0, 143_000, 125, 10)),
    "errors": KpiReport.of("P", ErrorCounts(dispersion=125, requests=1_000, bad=5)),
    "accuracy-vs-stable": KpiReport.of("P", PairedExamCounts(200, 200, 187, 188, 3)),
    "errors-vs-stable": KpiReport.of("P", PairedErrorCounts(125, 5_000, 2_000, 1, 2, 40)),
    "latency-vs-stable": KpiReport.of(
        "P", ComparedLatencyCounts(126, 90_000, 2_000, 20, 80, 9, 91_500, 90_250)
    ),
}
FAILING: dict[str, KpiReport] = {
    "accuracy": KpiReport.of("F", ExamCounts(rows=200, read=200, correct=173)),
    "latency": KpiReport.of("F", LatencyCounts(126, 400, 100, 420_000, 126, 200)),
    "errors": KpiReport.of("F", ErrorCounts(dispersion=126, requests=400, bad=80)),
}
NOT_MEASURED = KpiReport(verdict="I", reason="NotMeasured")


def a_run(*kpis: dict[str, Any], **spec: object) -> BenchmarkRun:
    """Return a run as the release loop makes it, not looked at yet."""
    return BenchmarkRun.model_validate(
        {
            "metadata": {
                "name": RUN,
                "namespace": "ml",
                "uid": "run-uid",
                "generation": 1,
                "resourceVersion": "1",
                "creationTimestamp": "2026-11-23T12:00:00Z",
            },
            "spec": {
                "modelDeployment": "fraud",
                "subject": {
                    "revision": "x7f9k2m4q1",
                    "service": "fraud-x7f9k2m4q1",
                    "port": 8080,
                    "protocol": "v2",
                    "modelName": "fraud",
                },
                "datasets": [
                    {
                        "name": "golden",
                        "configMap": {"name": "fraud-golden", "key": "rows.jsonl"},
                        "sha256": "ab" * 32,
                    }
                ],
                "load": {"rate": "20/s", "for": "2m", "warmUp": "10s"},
                "kpis": list(kpis or (ACCURACY, LATENCY)),
                "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
                "upTo": "20m",
            }
            | spec,
        }
    )


def a_job(
    run: BenchmarkRun, number: int = 1, created: datetime = START, starts: Starts | None = None
) -> RunJob:
    """Return an attempt's Job as the API server stores it."""
    document = job(run, number, runner_plan(run, number, 1_200, starts), IMAGE, "IfNotPresent")
    return RunJob(
        name=document["metadata"]["name"],
        uid=f"job-{number}",
        created=created,
        template=document["spec"]["template"],
        active=1,
    )


def a_pod(of: RunJob, name: str = "pod", ended: Ended | None = None) -> RunPod:
    """Return a Job's pod, running."""
    annotations = of.template["metadata"]["annotations"]
    spec = {"nodeName": "node-1", "serviceAccountName": "default"} | of.template["spec"]
    return RunPod(name, f"{name}-uid", annotations, spec, started=True, ended=ended)


def a_result(plan: RunnerPlan, **changes: object) -> RunnerResult:
    """Return a result in which every KPI passes."""
    fields = {
        "v": 1,
        "nonce": plan.nonce,
        "revision": plan.subject.revision,
        "datasets": tuple(data.sha256[:DIGEST_CHARS] for data in plan.datasets),
        "outcome": "Measured",
        "windows": 60,
        "send_delay_micros": 400 if plan.load else None,
        "turns_delay_micros": 400 if any(k.is_compared_latency for k in plan.kpis) else None,
        "kpis": tuple(PASSING.get(kpi.name, NOT_MEASURED) for kpi in plan.kpis),
    }
    return RunnerResult.model_validate(fields | changes)


def completed(
    run: BenchmarkRun,
    number: int = 1,
    text: str | None = None,
    starts: Starts | None = None,
    **result: object,
) -> RunJob:
    """Return a Job that ended with this termination message, or with this result."""
    made = a_job(run, number, starts=starts)
    if text is None:
        text = a_result(runner_plan(run, number, 1, starts), **result).to_json()
    pod = a_pod(made, f"pod-{number}", ended=Ended(0, "Completed", text))
    return replace(
        made,
        active=0,
        succeeded=1,
        complete=True,
        ended=START + timedelta(minutes=1),
        pods=(pod,),
        pods_listed=True,
    )


def failed(
    run: BenchmarkRun, number: int = 1, reason: str = "BackoffLimitExceeded", **pod: str
) -> RunJob:
    """Return a Job that failed, its pod with these members."""
    made = a_job(run, number)
    return replace(
        made,
        active=0,
        failed=1,
        failure=reason,
        failure_message=f"Job has failed: {reason}",
        ended=START + timedelta(minutes=1),
        pods=(replace(a_pod(made, f"pod-{number}"), **pod),),  # type: ignore[arg-type]
        pods_listed=True,
    )


def seen(
    run: BenchmarkRun, *jobs: RunJob, now: datetime = START, refusals: tuple[Refusal, ...] = ()
) -> RunSnapshot:
    """Return the snapshot of a run with these Jobs."""
    return RunSnapshot(now=now, run=run, runner_image=IMAGE, jobs=jobs, refusals=refusals)
