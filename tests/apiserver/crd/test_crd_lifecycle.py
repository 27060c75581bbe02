"""What a stored object is like: defaults, status, what can't change, and what it costs."""

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.status import Condition, ModelDeploymentStatus, RevisionStatus
from tests.apiserver.crd.accepted import ACCEPTED, ordinary
from tests.apiserver.crd.paths import Document, changed, patched, place
from tests.apiserver.crd.server import Server

pytestmark = pytest.mark.apiserver

MODELS: dict[str, type[ModelDeployment] | type[BenchmarkRun]] = {
    "ModelDeployment": ModelDeployment,
    "BenchmarkRun": BenchmarkRun,
}
META = {"namespace": "default", "uid": "none"}


def _spec(document: Document) -> Document:
    metadata = document["metadata"] | META
    model = MODELS[document["kind"]].model_validate(document | {"metadata": metadata})
    return model.spec.to_wire()


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("name", ["the least", "the ordinary", "the largest"])
def test_the_server_fills_in_the_defaults_that_the_models_have(
    server: Server, kind: str, name: str
) -> None:
    document = ACCEPTED[kind][name]
    stored = server.create(document)
    assert _spec(stored) == _spec(document)


def test_nothing_is_filled_in_where_it_would_change_a_revisions_hash(server: Server) -> None:
    document = ACCEPTED["ModelDeployment"]["the least"]
    stored = server.create(document)
    assert stored["spec"]["serving"] == document["spec"]["serving"]
    assert stored["spec"]["model"] == document["spec"]["model"]


def test_the_smallest_release_has_the_default_steps(server: Server) -> None:
    document = patched(ordinary("ModelDeployment"), {"spec.rollout": {}})
    assert server.create(document)["spec"]["rollout"]["steps"] == [
        {"benchmark": {"upTo": "20m"}},
        {"weight": 50, "for": "2m", "upTo": "20m"},
    ]


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_fresh_object_reads_as_not_yet_observed(server: Server, kind: str) -> None:
    assert server.create(ordinary(kind))["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_wiped_status_reads_as_not_yet_observed(server: Server, kind: str) -> None:
    stored = server.replace_status(server.kept(kind) | {"status": {}})
    assert stored["status"] == {"observedGeneration": -1}


def test_a_status_as_the_models_write_it_is_taken_however_long_its_message(server: Server) -> None:
    status = ModelDeploymentStatus(
        observed_generation=1,
        phase="Degraded",
        message="x" * 5000,
        stable=RevisionStatus(revision="x7f9k2m4q1", weight=100, since="2026-11-23T18:00:00Z"),
        conditions=[
            Condition(
                type="Ready",
                status="False",
                reason="RolledBack",
                message="y" * 5000,
                observed_generation=1,
                last_transition_time="2026-11-23T18:00:00.123456+00:00",
            )
        ],
    )
    stored = server.replace_status(server.kept("ModelDeployment") | {"status": status.to_wire()})
    assert stored["status"]["message"] == "x" * 1023 + "…"
    assert stored["status"]["conditions"][0]["message"] == "y" * 1023 + "…"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("spec.upTo", "30m"),
        ("spec.subject.port", 9090),
        ("spec.kpis[0].objective.atLeast", "1%"),
        ("spec.datasets[0].sha256", "0" * 64),
    ],
)
def test_a_benchmark_runs_spec_does_not_change(
    server: Server, where: str, value: str | int
) -> None:
    document = changed(server.kept("BenchmarkRun"), place(where), value)
    refusal = server.refused(lambda: server.replace(document))
    assert "spec: Invalid value: a BenchmarkRun is evidence and its spec can't change" in refusal
    assert "make another one" in refusal


def test_the_port_of_the_service_does_not_change(server: Server) -> None:
    stored = server.kept("ModelDeployment")
    refusal = server.refused(
        lambda: server.replace(changed(stored, place("spec.serving.port"), 9090))
    )
    assert "spec.serving.port: Invalid value: 9090: callers reach the Service" in refusal
    assert "make another ModelDeployment" in refusal
    server.replace(changed(stored, place("spec.replicas"), 4))


def test_a_benchmark_runs_labels_can_change(server: Server) -> None:
    document = changed(server.kept("BenchmarkRun"), ("metadata", "labels"), {"team": "risk"})
    assert server.replace(document)["metadata"]["labels"] == {"team": "risk"}


def _with_gates(number: int) -> Document:
    document = ordinary("ModelDeployment")
    gate = document["spec"]["kpis"][0]
    kpis = [gate | {"name": f"gate-{index}"} for index in range(number)]
    return changed(document, ("spec", "kpis"), kpis)


def test_sixteen_gates_are_taken_and_seventeen_refused(server: Server) -> None:
    server.create(_with_gates(16))
    refusal = server.refusal(_with_gates(17))
    assert "at most 16 KPIs can be gates: give the others effect: report" in refusal


def test_changing_the_largest_run_stays_within_the_cost_budget(server: Server) -> None:
    """The largest object is judged again, with its old self beside it, when it changes."""
    document = ACCEPTED["BenchmarkRun"]["the largest"]
    stored = server.create(document, keep=True)
    try:
        server.replace(changed(stored, ("metadata", "labels"), {"team": "risk"}))
    finally:
        server.delete(document)
