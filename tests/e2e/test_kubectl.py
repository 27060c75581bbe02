"""What operations read: the commands of the README, after a good and after a bad release."""

import pytest

from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

MISSING = "127.0.0.1:1/modelward:missing"
"""Nobody listens there, which is found out at once and without a name server."""
KPIS: list[Document] = [
    {
        "name": "accuracy",
        "benchmark": {"dataset": "golden", "metric": "accuracy"},
        "objective": {"atLeast": "92%"},
    },
    {
        "name": "errors",
        "benchmark": {"metric": "errorRate"},
        "objective": {"atMost": "5%"},
    },
    {
        "name": "latency",
        "benchmark": {"metric": "latency", "quantile": "p95"},
        "objective": {"atMost": "2500ms", "expected": "1500ms"},
    },
]
"""Latency is not what the story is about, and other stories take the processors meanwhile."""


def columns(table: str) -> dict[str, str]:
    """Return the first row of a table by its headings; cells end where the next heading begins."""
    heading, row = table.splitlines()[:2]
    names = heading.split()
    starts = [heading.index(name) for name in names]
    ends = [*starts[1:], None]
    return {n: row[a:b].strip() for n, a, b in zip(names, starts, ends, strict=True)}


def kubectl_tells_how_a_release_went(stage: Stage) -> None:
    stage.declare("good", replicas=2, kpis=KPIS)
    waited = stage.kubectl("wait", "--for=condition=Ready", f"mdep/{NAME}", "--timeout=120s")
    assert "condition met" in waited
    assert_measured(stage)

    stage.kubectl("scale", f"mdep/{NAME}", "--replicas=3")
    stage.until("it is scaled", lambda s: s["replicas"] == 3 and s["phase"] == "Healthy")
    healthy = columns(stage.kubectl("get", "mdep"))
    assert (healthy["READY"], healthy["PHASE"], healthy["KPIS"]) == ("True", "Healthy", "3/3")

    stage.declare("bad", {"accuracy": 0.8}, replicas=3, kpis=KPIS)
    stage.until_rolled_back("bad")
    wide = columns(stage.kubectl("get", "mdep", "-o", "wide"))
    assert (wide["READY"], wide["PHASE"]) == ("False", "Degraded")
    assert wide["STABLE-VERSION"] == "good"
    assert "accuracy is 80% on 100 rows" in wide["MESSAGE"]
    assert "Git" in wide["MESSAGE"]
    assert_described(stage)


def assert_measured(stage: Stage) -> None:
    """Every KPI has its value, its interval and the verdict."""
    kpis = {kpi["name"]: kpi for kpi in stage.status["kpis"]}
    assert {kpi["verdict"] for kpi in kpis.values()} == {"Pass"}
    assert kpis["accuracy"]["value"] == "100%"
    assert kpis["latency"]["value"].endswith("ms")
    assert all({"low", "high", "samples", "objective"} <= kpi.keys() for kpi in kpis.values())


def assert_described(stage: Stage) -> None:
    """`kubectl describe` ends with the Events of both releases."""
    described = stage.kubectl("describe", "mdep", NAME)
    for reason in ("ReleaseStarted", "StepPassed", "Promoted", "RolledBack"):
        assert reason in described.partition("Events:")[2]
    available = next(c for c in stage.status["conditions"] if c["type"] == "Available")
    assert available["status"] == "True"


def kubectl_explains_every_field_of_a_kpi(stage: Stage) -> None:
    explained = stage.kubectl("explain", "mdep.spec.kpis")
    for field, words in {
        "benchmark": "benchmark pod",
        "effect": "decides about promotion",
        "objective": "good enough",
    }.items():
        assert field in explained
        assert words in explained


def a_deleted_deployment_leaves_nothing_behind(stage: Stage) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    stage.kubectl("delete", "mdep", NAME, "--cascade=foreground", "--timeout=120s")
    kinds = "replicasets,services,jobs,benchmarkruns"
    assert stage.get(kinds)["items"] == []


def a_candidate_whose_image_does_not_exist_is_rolled_back_with_the_kubelets_reason(
    stage: Stage,
) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    document = stage.get("mdep", NAME)
    template = document["spec"]["serving"]["template"]
    template["spec"]["containers"][0]["image"] = MISSING
    stage.declare("two", template=template)
    stage.until_rolled_back("two")
    failed = stage.status["failedRevision"]
    assert failed["reason"] in {"ErrImagePull", "ImagePullBackOff"}
    assert MISSING in failed["message"]


STORIES: tuple[Story, ...] = (
    kubectl_tells_how_a_release_went,
    kubectl_explains_every_field_of_a_kpi,
    a_deleted_deployment_leaves_nothing_behind,
    a_candidate_whose_image_does_not_exist_is_rolled_back_with_the_kubelets_reason,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_operations_see(told: Told, story: Story) -> None:
    told[story].result()
