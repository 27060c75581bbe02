"""Data sets outside of ConfigMaps: what the plan says of them, and what benchmark pods mount."""

from dataclasses import replace

import pytest

from modelward.api.datasets import Dataset
from modelward.api.modeldeployment import ModelDeploymentSpec
from modelward.benchmark.foreign import foreign_pod
from modelward.benchmark.job import job
from modelward.benchmark.plan import runner_plan
from modelward.cluster.observe.datasets import Datasets
from modelward.release.revisions import kpis_hash
from modelward.release.snapshot import DatasetState
from modelward.writes import Document
from tests.unit.benchmark_world import ACCURACY, IMAGE, LATENCY, a_job, a_pod, a_run
from tests.unit.fake_api import FakeApi

DIGEST = "ab" * 32
CLAIM: Document = {"persistentVolumeClaim": {"claimName": "data", "path": "golden/rows.parquet"}}
URI: Document = {"uri": "https://files.example/rows.csv?signature=s"}
KEY: Document = {"configMap": {"name": "fraud-golden", "key": "rows.jsonl"}}
COLUMNS = {"id": "row", "inputs": "{amount: amount}", "expected": "label"}


def a_dataset(where: Document, **members: object) -> Document:
    return {"name": "golden", "sha256": DIGEST} | where | members


def pod_of(*datasets: Document, **pod: object) -> Document:
    run = a_run(ACCURACY, datasets=list(datasets), pod=pod)
    spec: Document = job(run, 1, runner_plan(run, 1, 60), IMAGE, "Never")["spec"]["template"][
        "spec"
    ]
    return spec


@pytest.mark.parametrize(
    ("where", "members", "file_format"),
    [
        (KEY, {}, "jsonl"),
        ({"configMap": {"name": "c", "key": "rows.csv"}}, {}, "csv"),
        ({"configMap": {"name": "c", "key": "rows"}}, {}, "jsonl"),
        (CLAIM, {}, "parquet"),
        (CLAIM, {"format": "csv"}, "csv"),
        (URI, {}, "csv"),
        ({"uri": "s3://b/rows.PARQUET"}, {}, "parquet"),
    ],
)
def test_the_format_is_the_declared_one_or_follows_from_the_name(
    where: Document, members: Document, file_format: str
) -> None:
    assert Dataset.model_validate(a_dataset(where, **members)).file_format == file_format


def test_the_plan_says_where_rows_are_and_how_they_are_read() -> None:
    run = a_run(
        ACCURACY,
        datasets=[
            a_dataset(CLAIM, columns=COLUMNS, sizeLimit="20Gi"),
            a_dataset(URI, name="remote"),
            a_dataset(KEY, name="small"),
        ],
    )
    claim, remote, small = runner_plan(run, 1, 60).datasets
    assert (claim.claim_path, claim.format) == ("golden/rows.parquet", "parquet")
    assert claim.size_limit == 20 * 2**30
    assert claim.columns
    assert claim.columns.model_dump() == COLUMNS
    assert (remote.uri, remote.format, remote.size_limit) == (URI["uri"], "csv", 2**30)
    # A Job that an earlier version made must have the plan that this one would give it.
    assert small.model_dump(exclude_none=True) == {"name": "small", "sha256": DIGEST}


def test_load_waits_for_a_file_of_any_size() -> None:
    assert runner_plan(a_run(LATENCY), 1, 1_200).deadline_seconds < 1_200
    run = a_run(LATENCY, datasets=[a_dataset(URI)])
    assert runner_plan(run, 1, 1_200).deadline_seconds == 1_200


def test_a_claim_is_mounted_read_only_below_the_name_of_its_data_set() -> None:
    pod = pod_of(a_dataset(CLAIM))
    claim = {"claimName": "data", "readOnly": True}
    assert {"name": "claim-golden", "persistentVolumeClaim": claim} in pod["volumes"]
    path = "/var/lib/modelward/claims/golden"
    mount = {"name": "claim-golden", "mountPath": path, "readOnly": True}
    assert mount in pod["containers"][0]["volumeMounts"]


def test_what_is_fetched_has_a_volume_of_bounded_size() -> None:
    pod = pod_of(a_dataset(URI, sizeLimit="500Mi"), a_dataset(CLAIM, name="b"))
    assert {"name": "scratch", "emptyDir": {"sizeLimit": f"{3 * (500 + 1024)}Mi"}} in pod["volumes"]
    assert {"name": "scratch", "mountPath": "/tmp"} in pod["containers"][0]["volumeMounts"]
    assert len(pod_of(a_dataset(KEY))["volumes"]) == 1


def test_credentials_come_from_the_tenants_secrets_into_the_tenants_pod() -> None:
    secret = {"secretKeyRef": {"name": "s3-reader", "key": "secret"}}
    env = [
        {"name": "AWS_REGION", "value": "eu-central-1"},
        {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": secret},
    ]
    assert pod_of(a_dataset(URI), env=env)["containers"][0]["env"] == env
    assert "env" not in pod_of(a_dataset(URI))["containers"][0]


def identity(name: str, path: str) -> Document:
    return {
        "env": [{"name": name, "value": "x"}],
        "volumeMounts": [{"name": "token", "mountPath": path, "readOnly": True}],
    }


@pytest.mark.parametrize(
    ("added", "is_foreign"),
    [
        (identity("AWS_ROLE_ARN", "/var/run/secrets/eks.amazonaws.com/serviceaccount"), False),
        (identity("AZURE_CLIENT_ID", "/var/run/secrets/azure/tokens"), False),
        (identity("PYTHONPATH", "/var/run/secrets/azure/tokens"), True),
        (identity("AWS_ROLE_ARN", "/opt/modelward/lib"), True),
    ],
)
@pytest.mark.parametrize("env", [[], [{"name": "AWS_REGION", "value": "eu-central-1"}]])
def test_the_identity_that_a_cloud_gives_to_a_service_account_is_no_difference(
    added: dict[str, list[Document]], is_foreign: bool, env: list[Document]
) -> None:
    attempt = a_job(a_run(datasets=[a_dataset(URI)], pod={"env": env}))
    pod = a_pod(attempt)
    container = dict(pod.spec["containers"][0])
    for field, items in added.items():
        container[field] = [*container.get(field, []), *items]
    pod = replace(pod, spec=dict(pod.spec) | {"containers": [container]})
    assert bool(foreign_pod(replace(attempt, pods=(pod,)))) is is_foreign


def hash_of(where: Document, digest: str = DIGEST, **members: object) -> str:
    spec = ModelDeploymentSpec.model_validate(
        {
            "serving": {"port": 80, "template": {"spec": {"containers": [{"name": "s"}]}}},
            "datasets": [a_dataset(where, **members)],
            "kpis": [ACCURACY],
        }
    )
    return kpis_hash(spec, {"golden": DatasetState(sha256=digest)})


def test_a_failure_is_remembered_for_rows_and_how_they_are_read_wherever_they_are() -> None:
    assert hash_of(KEY) == hash_of({"uri": "s3://b/rows.jsonl"})
    assert hash_of(CLAIM) == hash_of({"uri": "s3://b/rows.parquet"}, sizeLimit="2Gi")
    assert hash_of(KEY) != hash_of(KEY, digest="cd" * 32)
    assert hash_of(KEY) != hash_of(KEY, format="csv")
    assert hash_of(KEY) != hash_of(KEY, columns=COLUMNS)


async def test_the_operator_fetches_nothing_and_takes_the_digest_that_is_declared() -> None:
    api = FakeApi()
    datasets = Datasets(api, lambda: 0.0)
    states = await datasets.read(
        "ml", [Dataset.model_validate(a_dataset(where)) for where in (CLAIM, URI)]
    )
    assert states == {"golden": DatasetState(sha256=DIGEST)}
    assert api.requests == []


async def test_a_config_map_that_is_pinned_must_hold_those_rows() -> None:
    api = FakeApi()
    rows = '{"id": "1", "inputs": [], "expected": 1}\n'
    metadata = {"name": "fraud-golden", "namespace": "ml"}
    api.put({"kind": "ConfigMap", "metadata": metadata, "data": {"rows.jsonl": rows}})
    pinned = Dataset.model_validate(a_dataset(KEY))
    state = (await Datasets(api, lambda: 0.0).read("ml", [pinned]))["golden"]
    assert state.problem
    assert f"not {DIGEST}; correct it, or bring the rows back" in state.problem
