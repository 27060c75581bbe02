"""The operator's log: whose line it is, and what never stands in it."""

from collections.abc import Callable

import pytest

from modelward.cluster.kinds import CONFIG_MAP, JOB, MODEL_DEPLOYMENT, REPLICA_SET
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import ROWS, deployment, serving
from tests.apiserver.story import QUICK, Story
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]

SECRET = "correct-horse-battery-staple"


def _with_secrets(namespace: str) -> Document:
    template = serving("1")
    template["template"]["spec"]["containers"][0]["env"] = [{"name": "TOKEN", "value": SECRET}]
    return deployment(namespace, serving=template, rollout=QUICK)


async def _golden(kube: Kube, namespace: str, rows: str) -> None:
    metadata = {"name": "golden", "namespace": namespace}
    await kube.create(CONFIG_MAP, {"metadata": metadata, "data": {"rows.jsonl": rows}})


async def test_each_line_about_a_release_names_it_and_none_says_what_objects_contain(
    kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    controllers.ending = exam(lambda _: 95)
    await _golden(kube, namespace, ROWS + f'{{"id": "3", "inputs": [], "expected": "{SECRET}"}}\n')
    operator = start_operator("--log-level=debug")
    await kube.create(MODEL_DEPLOYMENT, _with_secrets(namespace))
    await Story(kube, namespace).until("Healthy")
    operator.kill()

    lines = operator.lines()
    assert all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines)
    assert SECRET not in operator.log.read_text()
    assert any(line["logger"].startswith("kopf") for line in lines)
    written = [line for line in lines if line["message"].startswith(("Created ", "Applied "))]
    (replica_set,) = await kube.list(REPLICA_SET, namespace)
    memory, labels = replica_set["metadata"]["annotations"], replica_set["metadata"]["labels"]
    release = {
        "namespace": namespace,
        "release": memory["modelward.dev/release"],
        "revision": labels["modelward.dev/revision"],
    }
    assert {line["kind"] for line in written} == {"ModelDeployment", "BenchmarkRun"}
    for line in written:
        assert {key: line.get(key) for key in release} == release, line
    (job,) = await kube.list(JOB, namespace)
    run = job["metadata"]["name"].rpartition("-")[0]
    assert {line["object"] for line in written} == {"fraud", run}


async def test_what_cannot_be_read_is_named_without_its_content(
    kube: Kube, namespace: str, start_operator: Start
) -> None:
    await _golden(kube, namespace, f'{{"id": "1", "inputs": "{SECRET}\n')
    operator = start_operator("--log-level=debug")
    await kube.create(MODEL_DEPLOYMENT, _with_secrets(namespace))

    async def told() -> bool:
        found = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud") or {}
        return "line 1: not JSON" in found["status"].get("message", "")

    await until(told, "the malformed row to be named")
    operator.kill()
    assert SECRET not in operator.log.read_text()
