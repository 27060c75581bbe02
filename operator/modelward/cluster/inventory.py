"""What the cache knows of our objects, told at each scrape: phases, conditions, present steps.

It is right after a restart, and ends with the object. A healthy object is one series; alerts need
the names of the others: why a condition is not True, since when a step goes on, which version was
rolled back. An object is read again only where it has changed since the last scrape.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT, WATCHED, Kind
from modelward.cluster.labels import BENCHMARK_RUN_PHASES, MODEL_DEPLOYMENT_PHASES, UNKNOWN
from modelward.cluster.requests import Requests
from modelward.cluster.store import Store
from modelward.writes import Document

CONDITIONS = ("Ready", "Available", "KPIsMet")
"""Those that an object wants to have True."""

_OBJECT = ("namespace", "name")


@dataclass(frozen=True)
class _Told:
    """What is told of one object."""

    version: int
    named: tuple[str, str]
    """Namespace and name."""
    phase: str
    unmet: tuple[tuple[str, str, str], ...] = ()
    """Type, status and reason of each condition that is not True."""
    step_began: float | None = None
    """Unix time; None while no release is under way."""
    failed: tuple[str, str, str] | None = None
    """Revision, version and reason of what was rolled back."""


class Inventory(Collector):
    """Reads the store whenever the metrics are read."""

    def __init__(self, store: Store, requests: Requests) -> None:
        self._store, self._requests = store, requests
        self._told: dict[str, dict[str, _Told]] = {}
        """By kind and uid: as of the last scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics of this moment."""
        deployments, runs = self._read(MODEL_DEPLOYMENT), self._read(BENCHMARK_RUN)
        yield _objects(self._store)
        yield _phases(
            "modelward_modeldeployments", MODEL_DEPLOYMENT, deployments, MODEL_DEPLOYMENT_PHASES
        )
        yield _phases("modelward_benchmarkruns", BENCHMARK_RUN, runs, BENCHMARK_RUN_PHASES)
        yield _status_phase(deployments)
        yield _unmet_condition(deployments)
        yield _step_began(deployments)
        yield _failed_revision(deployments)
        yield _connected(self._requests)

    def _read(self, kind: Kind) -> Collection[_Told]:
        before, now = self._told.get(kind.name, {}), {}
        for its_uid, version in self._store.versions(kind).items():
            told = before.get(its_uid)
            if told is None or told.version != version:
                told = _tell(version, self._store.by_uid(kind, its_uid))
            now[its_uid] = told
        self._told[kind.name] = now
        return now.values()


def _tell(version: int, document: Document) -> _Told:
    metadata, status = document["metadata"], document.get("status") or {}
    since = (status.get("candidate") or {}).get("since")
    failed = status.get("failedRevision")
    return _Told(
        version=version,
        named=(metadata.get("namespace") or "", metadata["name"]),
        phase=str(status.get("phase") or UNKNOWN),
        unmet=tuple(
            (entry["type"], entry["status"], entry["reason"])
            for entry in status.get("conditions") or ()
            if entry["type"] in CONDITIONS and entry["status"] != "True"
        ),
        step_began=datetime.fromisoformat(since).astimezone(UTC).timestamp() if since else None,
        failed=(
            (failed["revision"], failed.get("version") or "", failed["reason"]) if failed else None
        ),
    )


def _objects(store: Store) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_cache_objects", "Objects in the operator's cache.", labels=("kind",)
    )
    for kind in WATCHED:
        family.add_metric((kind.name,), len(store.versions(kind)))
    return family


def _phases(
    name: str, kind: Kind, told: Collection[_Told], phases: Collection[str]
) -> GaugeMetricFamily:
    text = f"{kind.name}s by phase; {UNKNOWN} where no operator has looked at it yet."
    family = GaugeMetricFamily(name, text, labels=("phase",))
    counts = Counter(each.phase for each in told)
    for phase in (*phases, UNKNOWN):
        family.add_metric((phase,), counts[phase])
    return family


def _status_phase(deployments: Collection[_Told]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_status_phase",
        "The phase of each ModelDeployment; always 1.",
        labels=(*_OBJECT, "phase"),
    )
    for each in deployments:
        family.add_metric((*each.named, each.phase), 1)
    return family


def _unmet_condition(deployments: Collection[_Told]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_unmet_condition",
        f"Conditions of ModelDeployments ({', '.join(CONDITIONS)}) that are not True; always 1.",
        labels=(*_OBJECT, "condition", "status", "reason"),
    )
    for each in deployments:
        for condition in each.unmet:
            family.add_metric((*each.named, *condition), 1)
    return family


def _step_began(deployments: Collection[_Told]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_step_started_timestamp_seconds",
        "When the present step of the release under way began, as Unix time.",
        labels=_OBJECT,
    )
    for each in deployments:
        if each.step_began is not None:
            family.add_metric(each.named, each.step_began)
    return family


def _failed_revision(deployments: Collection[_Told]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "modelward_modeldeployment_failed_revision_info",
        "The revision that spec asks for and that was rolled back, and why; always 1.",
        labels=(*_OBJECT, "revision", "version", "reason"),
    )
    for each in deployments:
        if each.failed:
            family.add_metric((*each.named, *each.failed), 1)
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
