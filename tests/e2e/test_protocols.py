"""Each protocol in pods: the operator probes, measures and promotes a model by it, on a whole node.

`http` is that of all other stories, `v2` over REST that of the demo, whose server is MLServer.
tests/servers has each protocol against servers that others wrote.
"""

import re
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.e2e.server.behaviour import MODEL, golden_rows
from tests.e2e.stage import PORT, Document, Stage, server_template
from tests.e2e.test_lost_pods import behave
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

ROLLOUT: Document = {"steps": [{"benchmark": {"upTo": "3m"}}], "progressDeadline": "60s"}
ERRORS: Document = {
    "name": "errors",
    "benchmark": {"metric": "errorRate"},
    "objective": {"atMost": "5%"},
}
PERIOD = {"periodSeconds": 1, "failureThreshold": 2}
FIRST_TOKEN: Document = {
    "name": "first-token",
    "benchmark": {"metric": "timeToFirstToken", "quantile": "p95"},
    "objective": {"atMost": "1s"},
}


def right(metric: str) -> Document:
    return {
        "name": "right",
        "benchmark": {"dataset": "golden", "metric": metric},
        "objective": {"atLeast": "92%"},
    }


class Spoken(NamedTuple):
    """A model that is asked by one protocol."""

    name: str
    program: str
    serving: Document
    rows: str
    """The golden rows as they are written for this protocol."""
    kpis: list[Document]
    probe: Document
    """What Modelward gives a template without a probe."""
    message: str
    """Pattern of what its BenchmarkRun says."""

    @property
    def kubelet_asks_the_model(self) -> bool:
        """Whether the probe is one that the model itself answers."""
        return "httpGet" in self.probe


V1 = Spoken(
    name="scores",
    program="server.dialects",
    serving={"protocol": "v1"},
    rows="http",
    kpis=[right("accuracy"), ERRORS],
    probe={"httpGet": {"path": f"/v1/models/{MODEL}", "port": PORT, "scheme": "HTTP"}},
    message=r"Every gate holds: right 100% \(>= 92%\), errors 0% \(<= 5%\)",
)
OPENAI = Spoken(
    name="assistant",
    program="server.dialects",
    serving={"protocol": "openai"},
    rows="openai",
    kpis=[right("exactMatch"), FIRST_TOKEN],
    probe={"httpGet": {"path": "/v1/models", "port": PORT, "scheme": "HTTP"}},
    message=r"Every gate holds: right 100% \(>= 92%\), first-token [\d.]+ms \(p95 <= 1s\)",
)
GRPC = Spoken(
    name="tensors",
    program="server.overgrpc",
    serving={"v2": {"transport": "grpc", "tensors": "binary"}},
    rows="v2",
    kpis=[right("accuracy"), ERRORS],
    probe={"tcpSocket": {"port": PORT}},
    message=r"Every gate holds: right 100% \(>= 92%\), errors 0% \(<= 5%\)",
)
SPOKEN = (V1, OPENAI, GRPC)


def declare(stage: Stage, spoken: Spoken) -> None:
    """Apply a model whose template has no readiness probe; it loads where it can be asked."""
    rows = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": spoken.name}}
    stage.apply(rows | {"data": {"rows.jsonl": golden_rows(spoken.rows)}})
    template = server_template("one", ready=not spoken.kubelet_asks_the_model)
    server = template["spec"]["containers"][0]
    server["command"] = ["python", "-m", spoken.program]
    del server["readinessProbe"]
    golden = {"name": "golden", "configMap": {"name": spoken.name, "key": "rows.jsonl"}}
    stage.declare(
        "one",
        model={"name": MODEL, "version": "one"},
        serving=spoken.serving | {"port": PORT, "template": template},
        datasets=[golden],
        kpis=spoken.kpis,
        rollout=ROLLOUT,
    )


def load_model(stage: Stage) -> None:
    """Once its pod was asked for the model, and found not ready for it, have it loaded."""
    stage.wait("the probe is answered", lambda: "statuscode: 503" in probed(stage))
    stage.until("it says so", lambda s: "0 of 1 of its pods are ready" in s.get("message", ""))
    behave(stage, stage.status["candidate"]["revision"], ready=True)


def probed(stage: Stage) -> str:
    """Return what the kubelet tells of readiness probes that failed."""
    events = stage.get("events.events.k8s.io")["items"]
    return " ".join(
        event["note"]
        for event in events
        if event["reason"] == "Unhealthy" and event["regarding"]["name"].startswith(stage.name)
    )


def assert_promoted(stage: Stage, spoken: Spoken) -> None:
    """Demand that it was probed, measured and promoted as its protocol has it."""
    stage.until_promoted("one")
    revision = stage.status["stable"]["revision"]
    (pod,) = stage.get("pods", "-l", f"modelward.dev/revision={revision}")["items"]
    probe = pod["spec"]["containers"][0]["readinessProbe"]
    assert spoken.probe | PERIOD == {key: probe[key] for key in spoken.probe | PERIOD}
    run = stage.get("brun", f"{stage.name}-{revision}-1")
    assert re.fullmatch(spoken.message, run["status"]["message"]), run["status"]
    assert [kpi["verdict"] for kpi in stage.status["kpis"]] == ["Pass", "Pass"]
    assert stage.status["kpiSummary"] == "2/2"
    events = stage.kubectl("describe", "mdep", stage.name).partition("\nEvents:\n")[2]
    assert f"Every gate holds (BenchmarkRun {run['metadata']['name']})" in events
    assert "is promoted: it serves all users now" in events


def each_protocol_leads_to_a_promotion(stage: Stage) -> None:
    told = [(replace(stage, name=spoken.name), spoken) for spoken in SPOKEN]
    for each, spoken in told:
        declare(each, spoken)
    for each, spoken in told:
        if spoken.kubelet_asks_the_model:
            load_model(each)
    for each, spoken in told:
        assert_promoted(each, spoken)


STORIES: tuple[Story, ...] = (each_protocol_leads_to_a_promotion,)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_models_are_asked_by_their_protocol(told: Told, story: Story) -> None:
    told[story].result()
