"""What the cache knows of our objects, told at each scrape: phases, conditions, present steps.

Nothing is kept for it, so that it is right after a restart and ends with the object. A healthy
object is one series. Alerts need the names of the others: why a condition is not True, since when a
step goes on, which version was rolled back.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT, WATCHED, Kind
from modelward.cluster.labels import (
    BENCHMARK_RUN_PHASES,
    MODEL_DEPLOYMENT_PHASES,
    UNKNOWN,
)
from modelward.cluster.requests import Requests
from modelward.cluster.store import Store
from modelward.writes import Document

CONDITIONS = ("Ready", "Available", "KPIsMet")
"""Those that an object wants to have True."""

_OBJECT = ("namespace", "name")


@dataclass(frozen=True)
class Inventory(Collector):
    """Reads the store whenever the metrics are read."""

    store: Store
    requests: Requests

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics of this moment."""
        deployments = [*self.store.known(MODEL_DEPLOYMENT).values()]
        runs = [*self.store.known(BENCHMARK_RUN).values()]
        yield _objects(self.store)
        yield _phases("modelward_modeldeployments", MODEL_DEPLOYMENT, deployments,
                      MODEL_DEPLOYMENT_PHASES)  # fmt: skip
        yield _phases("modelward_benchmarkruns", BENCHMARK_RUN, runs, BENCHMARK_RUN_PHASES)
        yield _status_phase(deployments)
        yield _unmet_condition(deployments)
        yield _step_began(deployments)
        yield _failed_revision(deployments)
        yield _connected(self.requests)


def _objects(store: Store) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_cache_objects", "Objects in the operator's cache.", labels=("kind",)
    )
    for kind in WATCHED:
        family.add_metric((kind.name,), store.count(kind))
    return family


def _phases(
    name: str, kind: Kind, documents: Collection[Document], phases: Collection[str]
) -> GaugeMetricFamily:
    text = f"{kind.name}s by phase; {UNKNOWN} where no operator has looked at it yet."
    family = GaugeMetricFamily(name, text, labels=("phase",))
    counts = Counter(_phase(document, phases) for document in documents)
    for phase in (*phases, UNKNOWN):
        family.add_metric((phase,), counts[phase])
    return family


def _status_phase(deployments: Collection[Document]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_status_phase",
        "The phase of each ModelDeployment; always 1.",
        labels=(*_OBJECT, "phase"),
    )
    for document in deployments:
        family.add_metric((*_named(document), _phase(document, MODEL_DEPLOYMENT_PHASES)), 1)
    return family


def _unmet_condition(deployments: Collection[Document]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_unmet_condition",
        f"Conditions of ModelDeployments ({', '.join(CONDITIONS)}) that are not True; always 1.",
        labels=(*_OBJECT, "condition", "status", "reason"),
    )
    for document in deployments:
        for entry in _status(document).get("conditions") or ():
            if entry["type"] in CONDITIONS and entry["status"] != "True":
                values = (entry["type"], entry["status"], entry["reason"])
                family.add_metric((*_named(document), *values), 1)
    return family


def _step_began(deployments: Collection[Document]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_step_started_timestamp_seconds",
        "When the present step of the release under way began, as Unix time.",
        labels=_OBJECT,
    )
    for document in deployments:
        since = (_status(document).get("candidate") or {}).get("since")
        if since:
            began = datetime.fromisoformat(since).astimezone(UTC).timestamp()
            family.add_metric(_named(document), began)
    return family


def _failed_revision(deployments: Collection[Document]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_failed_revision_info",
        "The revision that spec asks for and that was rolled back, and why; always 1.",
        labels=(*_OBJECT, "revision", "version", "reason"),
    )
    for document in deployments:
        failed = _status(document).get("failedRevision")
        if failed:
            values = (failed.get(each) or "" for each in ("revision", "version", "reason"))
            family.add_metric((*_named(document), *values), 1)
    return family


def _connected(requests: Requests) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_watch_connected_timestamp_seconds",
        "When the watch of a resource was last answered, as Unix time; a watch is asked for anew "
        "every five minutes at least.",
        labels=("resource",),
    )
    for resource, since in sorted(requests.connected_since().items()):
        family.add_metric((resource,), since)
    return family


def _named(document: Document) -> tuple[str, str]:
    metadata = document["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _status(document: Document) -> Document:
    return document.get("status") or {}


def _phase(document: Document, phases: Collection[str]) -> str:
    phase = str(_status(document).get("phase"))
    return phase if phase in phases else UNKNOWN
