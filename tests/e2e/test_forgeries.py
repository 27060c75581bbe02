"""Somebody in the namespace forges benchmark results; none of them is ever believed."""

import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Callable

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.forged import forged_pod
from tests.e2e.handbook import assert_documented, quote
from tests.e2e.local_operator import LocalOperator
from tests.e2e.server.behaviour import golden_rows
from tests.e2e.stage import Document, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

TIMES = 20

REASONS = {
    "oversized": "Oversized",
    "longer-than-kept": "Oversized",
    "truncated": "Truncated",
    "empty": "NoResult",
    "not-a-number": "Malformed",
    "contradiction": "Contradiction",
    "wrong-nonce": "WrongNonce",
    "wrong-revision": "WrongRevision",
    "wrong-dataset": "WrongDataset",
    "wrong-kpis": "WrongKpis",
    "failed": "RunnerFailed",
}


def benchmark_run(name: str, kpi: str = "accuracy", up_to: str = "10s") -> Document:
    """A run that a person makes; upTo leaves time for one attempt only."""
    rows = golden_rows("http").encode()
    golden = {
        "name": "golden",
        "configMap": {"name": "golden", "key": "rows.jsonl"},
        "sha256": hashlib.sha256(rows).hexdigest(),
    }
    subject: Document = {"revision": "abc", "service": "fraud", "port": 8080, "protocol": "http"}
    asked = {
        "name": kpi,
        "benchmark": {"dataset": "golden", "metric": "accuracy"},
        "objective": {"atLeast": "92%"},
    }
    return {
        "apiVersion": "modelward.dev/v1alpha1",
        "kind": "BenchmarkRun",
        "metadata": {"name": name},
        "spec": {
            "subject": subject | {"modelName": "fraud", "path": "/predict"},
            "datasets": [golden],
            "kpis": [asked],
            "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
            "upTo": up_to,
        },
    }


def apply_all(stage: Stage, documents: list[Document]) -> None:
    stage.apply({"apiVersion": "v1", "kind": "List", "items": documents})


def wait_for(what: str, condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def finished(stage: Stage) -> dict[str, Document]:
    """Wait until all runs are finished, and return their statuses by name."""

    def going_on() -> list[str]:
        runs = stage.get("brun")["items"]
        return [r["metadata"]["name"] for r in runs if r["status"].get("phase") != "Finished"]

    wait_for("every run is finished", lambda: not going_on())
    return {run["metadata"]["name"]: run["status"] for run in stage.get("brun")["items"]}


def test_a_forged_pod_that_is_the_first_one_is_never_believed(stage: Stage) -> None:
    """The Job controller takes the forged pod for its own, and makes none beside it."""
    names = [f"run-{number}" for number in range(TIMES)]
    with stage.cluster.without("kube-controller-manager"):
        apply_all(stage, [benchmark_run(name) for name in names])
        wait_for("every run has its Job", lambda: len(stage.get("jobs")["items"]) == TIMES)
        jobs = stage.get("jobs")["items"]
        forged = [
            forged_pod(job, f"{job['metadata']['name']}-forged", with_labels=number % 2 == 0)
            for number, job in enumerate(jobs)
        ]
        apply_all(stage, forged)
        wait_for("the forged pods have ended", lambda: phases(stage) == ["Succeeded"] * TIMES)
    statuses = finished(stage)
    assert sorted(statuses) == sorted(names)
    for status in statuses.values():
        assert status["verdict"] == "Inconclusive"
        assert [a["reason"] for a in status["attempts"]] == ["ForeignPod"]
        assert "no result within upTo" in status["message"]
    assert_documented("A benchmark leaves no believable result", quote(stage, "brun", "run-1"))
    believed = [job for job in stage.get("jobs")["items"] if job["status"].get("succeeded") == 1]
    assert len(believed) >= TIMES // 2  # by the Job controller: the forger was first


def phases(stage: Stage) -> list[str]:
    return [pod["status"]["phase"] for pod in stage.get("pods")["items"]]


class Forger:
    """Forges a pod for each Job of a namespace as soon as it appears."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.jobs: list[str] = []
        cluster = stage.cluster
        self._watch = subprocess.Popen(
            [
                *(str(cluster.kubectl_program), f"--kubeconfig={cluster.kubeconfig}"),
                *("-n", stage.namespace, "get", "jobs", "--watch-only", "-o", "json"),
                "--output-watch-events",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._thread = threading.Thread(target=self._forge)
        self._thread.start()

    def _forge(self) -> None:
        decoder, text = json.JSONDecoder(), ""
        assert self._watch.stdout is not None
        for line in self._watch.stdout:
            text += line
            try:
                event, _ = decoder.raw_decode(text)
            except ValueError:
                continue
            text = ""
            if event["type"] == "ADDED":
                name = event["object"]["metadata"]["name"]
                self.jobs.append(name)
                self._stage.apply(forged_pod(event["object"], f"{name}-0", with_labels=True))

    def stop(self) -> None:
        self._watch.kill()
        self._watch.wait()
        self._thread.join()


def test_a_version_whose_every_benchmark_is_forged_is_not_promoted(stage: Stage) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    forger = Forger(stage)
    try:
        steps = [{"benchmark": {"upTo": "20s"}}]
        stage.declare("two", {"accuracy": 0.5}, rollout={"steps": steps})
        stage.until("it waits for a person", lambda s: s["phase"] == "Paused")
    finally:
        forger.stop()
    status = stage.status
    assert status["stable"]["version"] == "one"
    assert {kpi["verdict"] for kpi in status["kpis"]} == {"Inconclusive"}
    (run,) = (r for r in stage.get("brun")["items"] if r["status"]["verdict"] != "Pass")
    attempts = run["status"]["attempts"]
    assert [a["job"] for a in attempts] == forger.jobs
    assert {a["reason"] for a in attempts} == {"ForeignPod"}


def test_a_broken_result_of_a_runner_is_no_result(at_rest: Cluster, stage: Stage) -> None:
    assert at_rest is stage.cluster
    with LocalOperator(stage.cluster, stage.namespace, "has_a_forging_runner"):
        kinds = ["honest", *REASONS]
        apply_all(stage, [benchmark_run(kind, kind) for kind in kinds])
        statuses = finished(stage)
    assert statuses.pop("honest")["verdict"] == "Pass"  # the way itself is open
    assert {status["verdict"] for status in statuses.values()} == {"Inconclusive"}
    reasons = {name: status["attempts"][0]["reason"] for name, status in statuses.items()}
    assert reasons == REASONS
