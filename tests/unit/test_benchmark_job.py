"""The Job of an attempt, and the plan that it carries."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.api.names import DATASETS_PATH, MANAGED, NAME, PLAN, PLAN_PATH, RUN
from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.job import job
from modelward.benchmark.plan import PlanError, nonce, runner_plan
from modelward.writes import Document
from tests.unit.benchmark_world import ACCURACY, ERRORS, IMAGE, LATENCY, a_run


def the_job(**spec: object) -> Document:
    run = a_run(ACCURACY, LATENCY, **spec)
    return job(run, 2, runner_plan(run, 2, 1_200), IMAGE, "Never")


def template(document: Document) -> Document:
    found: Document = document["spec"]["template"]
    return found


def test_a_job_is_one_pod_tried_once_and_kept() -> None:
    spec = the_job()["spec"]
    assert (spec["parallelism"], spec["completions"], spec["backoffLimit"]) == (1, 1, 0)
    assert "ttlSecondsAfterFinished" not in spec
    assert template(the_job())["spec"]["restartPolicy"] == "Never"
    assert template(the_job())["spec"]["terminationGracePeriodSeconds"] == 5


def test_a_job_belongs_to_its_run_and_goes_with_it() -> None:
    (owner,) = the_job()["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "modelward.dev/v1alpha1",
        "kind": "BenchmarkRun",
        "name": "fraud-x7f9k2m4q1-1",
        "uid": "run-uid",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_no_service_can_ever_send_users_to_a_benchmark_pod() -> None:
    asked = {"labels": {"team": "risk", RUN: "another"}}
    labels = template(the_job(pod=asked))["metadata"]["labels"]
    assert labels == {"team": "risk", MANAGED: "true", RUN: "fraud-x7f9k2m4q1-1"}
    assert NAME not in labels


def test_plan_and_data_sets_are_files_where_the_runner_looks_for_them() -> None:
    pod = template(the_job())["spec"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    (volume,) = pod["volumes"]
    files = {
        f"{mount['mountPath']}/{item['path']}": item
        for source in volume["projected"]["sources"]
        for item in next(iter(source.values()))["items"]
    }
    assert files[PLAN_PATH]["fieldRef"]["fieldPath"] == f"metadata.annotations['{PLAN}']"
    assert files[f"{DATASETS_PATH}/golden"]["key"] == "rows.jsonl"


def test_a_benchmark_pod_is_as_restricted_as_pod_security_asks() -> None:
    pod = template(the_job())["spec"]
    container = pod["containers"][0]["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["readOnlyRootFilesystem"] is True
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_what_the_namespace_needs_is_taken_from_benchmark_pod() -> None:
    asked: dict[str, Any] = {
        "annotations": {"sidecar.istio.io/inject": "false", PLAN: "{}"},
        "serviceAccountName": "benchmarks",
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"pool": "batch"},
        "tolerations": [{"key": "batch", "operator": "Exists"}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
    }
    made = template(the_job(pod=asked))
    pod, annotations = made["spec"], made["metadata"]["annotations"]
    for field in ("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations"):
        assert pod[field] == asked[field]
    assert pod["containers"][0]["resources"] == asked["resources"]
    assert annotations["sidecar.istio.io/inject"] == "false"
    assert RunnerPlan.parse(annotations[PLAN]).nonce == nonce("run-uid", 2)


def test_resources_have_a_default_without_a_cpu_limit() -> None:
    resources = template(the_job())["spec"]["containers"][0]["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


def test_units_are_read_exactly() -> None:
    plan = runner_plan(a_run(ACCURACY, LATENCY, ERRORS), 1, 1_200)
    accuracy, latency, errors = plan.kpis
    assert (accuracy.limit, accuracy.direction) == (Fraction(23, 25), "atLeast")
    assert (latency.limit, latency.expected) == (Fraction(1, 4), Fraction(3, 20))
    assert (latency.quantile, latency.direction) == (Fraction(19, 20), "atMost")
    assert (errors.limit, errors.expected) == (Fraction(1, 20), Fraction(1, 50))
    assert plan.load
    seconds = (plan.load.warm_up_seconds, plan.load.for_seconds)
    assert (plan.load.rate, seconds) == (Fraction(20), (Fraction(10), Fraction(120)))
    assert plan.load.dataset == "golden"
    assert plan.subject.url == "http://fraud-x7f9k2m4q1.ml.svc:8080"


def test_an_attempts_nonce_is_its_own_and_the_same_after_a_restart() -> None:
    nonces = {nonce(uid, attempt) for uid in ("a", "b") for attempt in (1, 2, 3)}
    assert len(nonces) == 6
    assert nonce("a", 1) == nonce("a", 1)
    assert runner_plan(a_run(), 1, 60) == runner_plan(a_run(), 1, 60)


def test_rows_may_take_all_that_is_left_of_up_to() -> None:
    assert runner_plan(a_run(ACCURACY), 1, 1_200).deadline_seconds == 1_200
    assert runner_plan(a_run(ACCURACY), 2, 300).deadline_seconds == 300


def test_load_alone_takes_warm_up_calibration_evidence_and_some_preparation() -> None:
    # 20/s: windows of 0.5 s, so 10 s of warm-up, 30 s of calibration, 120 s of evidence.
    assert runner_plan(a_run(LATENCY), 1, 1_200).deadline_seconds == 10 + 30 + 120 + 30


def test_how_load_is_sent_travels_in_the_plan_and_what_is_usual_is_absent() -> None:
    usual = runner_plan(a_run(LATENCY), 1, 1_200).load
    assert usual
    assert usual.model_dump(exclude_none=True).keys() == {
        "rate", "for_seconds", "warm_up_seconds", "dataset"
    }  # fmt: skip
    load = {"rate": "20/s", "arrivals": "poisson", "rampFrom": "0.5/s", "concurrency": 8}
    asked = runner_plan(a_run(LATENCY, load=load), 1, 1_200).load
    assert asked
    assert (asked.arrivals, asked.ramp_from, asked.concurrency) == ("poisson", Fraction(1, 2), 8)


def test_a_closed_loop_may_take_all_of_up_to_because_the_server_sets_its_pace() -> None:
    closed = a_run(LATENCY, load={"rate": "20/s", "concurrency": 1}, upTo="17m")
    assert runner_plan(closed, 1, 100_000).deadline_seconds == 17 * 60


def test_a_ramp_and_chance_are_given_their_time() -> None:
    def seconds(**load: str) -> int:
        shape = {"rate": "20/s", "for": "2m", "warmUp": "30s"} | load
        return runner_plan(a_run(LATENCY, load=shape), 1, 100_000).deadline_seconds

    assert seconds(rampFrom="1/s") == seconds()
    assert 5 < seconds(arrivals="poisson") - seconds() < 30


def test_without_load_kpis_no_load_is_sent() -> None:
    assert runner_plan(a_run(ACCURACY), 1, 1_200).load is None


@pytest.mark.parametrize(
    ("kpi", "spec", "told"),
    [
        (LATENCY | {"objective": {}}, {}, "latency has no limit"),
        (LATENCY | {"benchmark": {"metric": "latency"}}, {}, "latency needs a quantile"),
        (ERRORS | {"objective": {"atMost": "0%"}}, {}, "errors: "),
        (ERRORS, {"judgement": {"falsePromotion": "1", "falseRollback": "0.1"}}, "falsePromotion"),
        (LATENCY, {"load": {"rate": "10000/s", "for": "1h"}}, "lower load.rate or load.for"),
    ],
)
def test_a_spec_that_cannot_be_measured_is_refused_with_the_field_to_mend(
    kpi: dict[str, Any], spec: dict[str, Any], told: str
) -> None:
    with pytest.raises(PlanError, match=told):
        runner_plan(a_run(kpi, **spec), 1, 60)


def test_load_without_rows_to_send_is_refused() -> None:
    run = a_run(LATENCY)
    run = run.model_copy(update={"spec": run.spec.model_copy(update={"datasets": []})})
    with pytest.raises(PlanError, match="datasets: declare one"):
        runner_plan(run, 1, 60)
