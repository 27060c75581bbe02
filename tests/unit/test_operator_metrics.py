"""The metrics: bounded labels, nothing that begins with its first event, objects as they are."""

import pytest

from modelward.cluster.documents import Key
from modelward.cluster.inventory import Inventory
from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT
from modelward.cluster.labels import OTHER, OUTCOMES, VERDICTS
from modelward.cluster.metrics import Metrics
from modelward.cluster.queue import WorkQueue
from modelward.cluster.requests import Requests
from modelward.cluster.store import Store
from modelward.writes import Document, Happening, ReleaseEnded, StepEnded, VerdictReached
from tests.scraped import Scraped
from tests.unit.test_operator_queue import FakeClock


def scrape(metrics: Metrics) -> Scraped:
    return Scraped.of(metrics.render().decode())


@pytest.mark.parametrize(
    ("what", "name", "labels"),
    [
        (
            ReleaseEnded("RolledBack", "Kpi"),
            "modelward_releases_total",
            {"outcome": "RolledBack", "reason": "Kpi"},
        ),
        (
            ReleaseEnded("RolledBack", "SomethingThatAKubeletMadeUp"),
            "modelward_releases_total",
            {"outcome": "RolledBack", "reason": OTHER},
        ),
        (
            VerdictReached("Inconclusive", "Undecided"),
            "modelward_verdicts_total",
            {"verdict": "Inconclusive", "reason": "Undecided"},
        ),
        (
            VerdictReached("Inconclusive", "of a user's image"),
            "modelward_verdicts_total",
            {"verdict": "Inconclusive", "reason": OTHER},
        ),
        (
            StepEnded("weight", "passed", 61.0),
            "modelward_step_duration_seconds_sum",
            {"step": "weight", "result": "passed"},
        ),
    ],
)
def test_what_happened_is_counted_under_labels_of_few_values(
    what: Happening, name: str, labels: dict[str, str]
) -> None:
    metrics = Metrics()
    assert scrape(metrics).value(name, **labels) == 0
    metrics.happened(what)
    expected = what.seconds if isinstance(what, StepEnded) else 1
    assert scrape(metrics).value(name, **labels) == expected


def test_a_counter_is_there_as_0_before_its_first_event() -> None:
    """increase() and rate() don't see the first event of a series that begins with it."""
    now = scrape(Metrics())
    assert len(now.all("modelward_releases_total")) == sum(map(len, OUTCOMES.values()))
    assert len(now.all("modelward_verdicts_total")) == sum(map(len, VERDICTS.values()))
    assert {s.value for s in now.all("modelward_releases_total")} == {0}
    assert now.value("modelward_watch_restarts_total", resource="pods") == 0
    assert now.value("workqueue_retries_total", name="ModelDeployment") == 0


async def test_a_queue_is_measured_as_client_go_measures_one() -> None:
    metrics, clock = Metrics(), FakeClock()
    queue = WorkQueue[Key](clock, observer=metrics.queue_observer("ModelDeployment"))
    metrics.measure_queue("ModelDeployment", queue)
    key = Key("ModelDeployment", "ml", "fraud")
    queue.add(key)
    queue.add(key)
    clock.advance(2.0)
    assert scrape(metrics).value("workqueue_depth", name="ModelDeployment") == 1
    await queue.get()
    clock.advance(3.0)
    queue.retry(key)
    now = scrape(metrics)
    assert now.value("workqueue_unfinished_work_seconds", name="ModelDeployment") == 3
    assert now.value("workqueue_longest_running_processor_seconds", name="ModelDeployment") == 3
    queue.done(key)
    now = scrape(metrics)
    assert now.value("workqueue_adds_total", name="ModelDeployment") == 1
    assert now.value("workqueue_retries_total", name="ModelDeployment") == 1
    assert now.value("workqueue_queue_duration_seconds_sum", name="ModelDeployment") == 2
    assert now.value("workqueue_work_duration_seconds_sum", name="ModelDeployment") == 3
    assert now.value("workqueue_unfinished_work_seconds", name="ModelDeployment") == 0


def deployment(name: str, **status: object) -> Document:
    metadata = {"name": name, "namespace": "ml", "uid": name, "resourceVersion": "1"}
    return {"kind": "ModelDeployment", "metadata": metadata, "status": status}


CONDITION = {"type": "Ready", "status": "False", "reason": "RolledBack"}
MET = {"type": "Available", "status": "True", "reason": "MinimumPodsAvailable"}
STALLED = {"type": "Stalled", "status": "True", "reason": "RolledBack"}
FAILED = {"revision": "abc", "version": "2", "reason": "accuracy"}


@pytest.fixture
def told() -> Scraped:
    """A scrape of an operator that knows three deployments and a run."""
    metrics, store = Metrics(), Store()
    metrics.read_at_scrape(Inventory(store, Requests(metrics)))
    rolled_back = {"conditions": [CONDITION, MET, STALLED], "failedRevision": FAILED}
    for document in (
        deployment("good", phase="Healthy", conditions=[]),
        deployment("bad", phase="Degraded", **rolled_back),
        deployment("new"),
        deployment("going", phase="Paused", candidate={"since": "2026-11-26T05:00:00.500+00:00"}),
    ):
        store.learn(MODEL_DEPLOYMENT, document)
    store.learn(BENCHMARK_RUN, deployment("run", phase="Running") | {"kind": "BenchmarkRun"})
    return scrape(metrics)


def test_objects_are_counted_by_phase_and_every_phase_is_there(told: Scraped) -> None:
    counts = {s.labels["phase"]: s.value for s in told.all("modelward_modeldeployments")}
    assert counts == {"Healthy": 1, "Progressing": 0, "Degraded": 1, "Paused": 1, "Unknown": 1}
    assert told.value("modelward_benchmarkruns", phase="Running") == 1
    assert told.value("modelward_cache_objects", kind="ModelDeployment") == 4
    assert told.value("modelward_cache_objects", kind="Pod") == 0


def test_each_object_is_told_with_its_phase_and_what_it_does_not_meet(told: Scraped) -> None:
    phases = {
        s.labels["name"]: s.labels["phase"]
        for s in told.all("modelward_modeldeployment_status_phase")
    }
    assert phases == {"good": "Healthy", "bad": "Degraded", "new": "Unknown", "going": "Paused"}
    (condition,) = told.all("modelward_modeldeployment_unmet_condition")
    assert condition.labels == {
        "namespace": "ml",
        "name": "bad",
        "condition": "Ready",
        "status": "False",
        "reason": "RolledBack",
    }


def test_a_rolled_back_version_is_named_and_a_step_under_way_has_its_beginning(
    told: Scraped,
) -> None:
    (failed,) = told.all("modelward_modeldeployment_failed_revision_info")
    assert failed.labels == {"namespace": "ml", "name": "bad", **FAILED}
    (began,) = told.all("modelward_modeldeployment_step_started_timestamp_seconds")
    assert (began.labels["name"], began.value) == ("going", 1795669200.5)


def test_an_object_is_told_as_it_is_now_and_leaves_no_series_when_it_is_gone() -> None:
    metrics, store = Metrics(), Store()
    metrics.read_at_scrape(Inventory(store, Requests(metrics)))

    def phases() -> list[str]:
        told = scrape(metrics).all("modelward_modeldeployment_status_phase")
        return [sample.labels["phase"] for sample in told]

    document = deployment("bad", phase="Degraded")
    store.learn(MODEL_DEPLOYMENT, document)
    assert phases() == ["Degraded"]
    document["metadata"]["resourceVersion"] = "2"
    store.learn(MODEL_DEPLOYMENT, {**document, "status": {"phase": "Healthy"}})
    assert phases() == ["Healthy"]
    store.forget(MODEL_DEPLOYMENT, "bad")
    assert phases() == []
