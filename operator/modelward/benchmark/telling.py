"""What a plan about a BenchmarkRun tells: Events about it, and whose release it is."""

from typing import Literal

from modelward.api.base import API_VERSION
from modelward.api.names import RELEASE
from modelward.benchmark.snapshot import RunSnapshot
from modelward.writes import Announce, Subject


def announce(
    snapshot: RunSnapshot, kind: Literal["Normal", "Warning"], reason: str, note: str, key: str
) -> Announce:
    """Return an Event about the run; key tells it from others of the same reason."""
    meta = snapshot.run.metadata
    regarding = {
        "apiVersion": API_VERSION,
        "kind": "BenchmarkRun",
        "namespace": meta.namespace,
        "name": meta.name,
        "uid": meta.uid,
    }
    return Announce(regarding, kind, reason, "Benchmark", note, key)


def subject(snapshot: RunSnapshot) -> Subject:
    """Return the release that the run is part of."""
    run = snapshot.run
    return Subject(run.spec.subject.revision, run.metadata.labels.get(RELEASE, ""))
