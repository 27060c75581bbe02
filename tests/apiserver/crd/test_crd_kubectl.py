"""What people see with kubectl."""

import pytest

from tests.apiserver.crd.paths import Document
from tests.apiserver.crd.server import KEPT, Server
from tests.cluster.local.waiting import wait_for
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

STATUS: Document = {
    "observedGeneration": 1,
    "phase": "Progressing",
    "message": "step 2 of 3",
    "stable": {"revision": "x7f9k2m4q1", "version": "2026-11-19"},
    "candidate": {"revision": "b6d8h4n5z2", "version": "2026-11-20"},
    "weight": "33/10",
    "kpiSummary": "3/4",
    "selector": "modelward.dev/name=kept",
    "replicas": 3,
    "conditions": [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "Progressing",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-23T18:00:00Z",
        }
    ],
}
RUN_STATUS: Document = {"phase": "Finished", "verdict": "Pass", "message": "3 of 3 gates"}


@pytest.fixture(scope="module")
def observed(server: Server) -> None:
    """The kept objects, in the middle of a release."""
    server.replace_status(server.kept("ModelDeployment") | {"status": STATUS}, keep=True)
    server.replace_status(server.kept("BenchmarkRun") | {"status": RUN_STATUS}, keep=True)


def _table(cluster: Cluster, *arguments: str) -> dict[str, str]:
    """The columns of the first row of a table; columns are set apart by three spaces."""
    head, row, *_ = cluster.kubectl("get", *arguments).stdout.splitlines()
    starts = [head.index(name) for name in head.split()]
    ends = [*starts[1:], None]
    return {
        head[start:end].strip(): row[start:end].strip()
        for start, end in zip(starts, ends, strict=True)
    }


@pytest.mark.usefixtures("observed")
def test_get_mdep_shows_the_release_at_a_glance(crd_cluster: Cluster) -> None:
    row = _table(crd_cluster, "mdep", KEPT)
    assert row.pop("AGE")
    assert row == {
        "NAME": KEPT,
        "READY": "Unknown",
        "PHASE": "Progressing",
        "STABLE": "x7f9k2m4q1",
        "CANARY": "b6d8h4n5z2",
        "WEIGHT": "33/10",
        "KPIS": "3/4",
    }


@pytest.mark.usefixtures("observed")
def test_wide_output_adds_versions_and_the_message(crd_cluster: Cluster) -> None:
    row = _table(crd_cluster, "mdep", KEPT, "--output=wide")
    assert list(row)[-3:] == ["STABLE-VERSION", "CANARY-VERSION", "MESSAGE"]
    assert list(row.values())[-3:] == ["2026-11-19", "2026-11-20", "step 2 of 3"]


@pytest.mark.usefixtures("observed")
def test_get_brun_shows_the_verdict(crd_cluster: Cluster) -> None:
    row = _table(crd_cluster, "brun", KEPT, "--output=wide")
    assert row.pop("AGE")
    assert row == {
        "NAME": KEPT,
        "PHASE": "Finished",
        "VERDICT": "Pass",
        "REVISION": "x7f9k2m4q1",
        "MESSAGE": "3 of 3 gates",
    }


@pytest.mark.usefixtures("server")
def test_the_category_lists_both_kinds(crd_cluster: Cluster) -> None:
    listed = crd_cluster.kubectl("get", "modelward", "--output=name").stdout
    assert f"modeldeployment.modelward.dev/{KEPT}" in listed
    assert f"benchmarkrun.modelward.dev/{KEPT}" in listed


@pytest.fixture(scope="module")
def explained(crd_cluster: Cluster) -> Cluster:
    """The cluster, once the API server publishes the schemas that it serves."""

    def both() -> bool:
        told = (crd_cluster.kubectl("explain", name, check=False) for name in ("mdep", "brun"))
        return all(each.returncode == 0 for each in told)

    wait_for(both, "kubectl to explain both kinds", timeout=60)
    return crd_cluster


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("mdep", ["A model in production: served, judged by its KPIs and switched version by"]),
        ("mdep.spec.kpis", ["Measurable requirements.", "What is good enough.", "gate: decides"]),
        ("mdep.spec.kpis.objective", ["Upper limit: a percentage for errors (2%)"]),
        ("mdep.spec.rollout.steps", ["Judge the candidate before it gets user traffic."]),
        ("mdep.status.conditions", ["Why, for people."]),
        ("brun.spec", ["What is measured.", "The longest that the judgement may take"]),
    ],
)
def test_explain_describes_fields(explained: Cluster, path: str, sentences: list[str]) -> None:
    printed = " ".join(explained.kubectl("explain", path).stdout.split())
    for sentence in sentences:
        assert sentence in printed
    assert "<no description>" not in printed


@pytest.mark.usefixtures("observed")
def test_scale_changes_replicas_and_autoscalers_find_the_pods(crd_cluster: Cluster) -> None:
    crd_cluster.kubectl("scale", f"mdep/{KEPT}", "--replicas=5")
    scale = "jsonpath={.spec.replicas} {.status.replicas} {.status.selector}"
    printed = crd_cluster.kubectl(
        "get", f"mdep/{KEPT}", "--subresource=scale", f"--output={scale}"
    ).stdout
    assert printed == "5 3 modelward.dev/name=kept"


@pytest.mark.usefixtures("server")
def test_scaling_to_nothing_is_refused(crd_cluster: Cluster) -> None:
    refused = crd_cluster.kubectl("scale", f"mdep/{KEPT}", "--replicas=0", check=False)
    assert refused.returncode != 0
    assert "spec.replicas in body should be greater than or equal to 1" in refused.stderr
