"""What the supervisor is told to run."""

import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from tests.cluster.errors import ClusterError
from tests.cluster.local.identity import is_running
from tests.cluster.local.layout import Layout, read_json, write_json

_LINES_IN_ERRORS = 20


@dataclass(frozen=True)
class Process:
    """A program that runs, and is started again when it ends, until the cluster goes."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


def start(layout: Layout, process: Process) -> None:
    """Have the supervisor keep a process running; its output goes to the log of its name."""
    write_json(layout.processes / f"{process.name}.json", asdict(process))
    _notify(layout)


def stop(layout: Layout, name: str) -> Process:
    """Have the supervisor kill a process and leave it so; what to start to have it again."""
    file = layout.processes / f"{name}.json"
    specification = read_json(file)
    if specification is None:
        message = f"cluster {layout.name} runs no {name}"
        raise ClusterError(message)
    file.unlink()
    _notify(layout)
    return Process(**specification)


def check_supervisor(layout: Layout) -> None:
    """Raise ClusterError if the process that all others end with is gone."""
    identity = layout.supervisor_identity()
    if identity is not None and not is_running(identity):
        said = layout.supervisor_log.read_text().splitlines()[-_LINES_IN_ERRORS:]
        message = "\n".join([f"the supervisor of cluster {layout.name} has ended:", *said])
        raise ClusterError(message)


def _notify(layout: Layout) -> None:
    check_supervisor(layout)
    identity = layout.supervisor_identity()
    if identity is not None:
        os.kill(identity.pid, signal.SIGHUP)
