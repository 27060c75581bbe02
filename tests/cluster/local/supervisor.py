"""The one process that all of a local cluster's processes end with.

    python -m tests.cluster.local.supervisor FOLDER --lock FD --slot FD [--owner FD] [--sandbox]

It keeps the processes running that are described in FOLDER/processes, and looks there again on
SIGHUP. With a node it is process 1 of a process namespace, so that killing it has the kernel end
every process within, containers too; without one, its children ask the kernel to end with it.
It ends by itself when its record is gone, so that removing a checkout leaves nothing behind, and
with the process that it was brought up for, where that was asked.
"""

import argparse
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster import locks
from tests.cluster.local import linux, sandbox
from tests.cluster.local.identity import identify
from tests.cluster.local.layout import Layout, read_json

RESTART_DELAY = 1.0
_SIGNALS = {signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM}


@dataclass
class Supervisor:
    """Starts what is described, restarts what ends, stops what is described no more."""

    layout: Layout
    owner: int | None = None
    inherited: tuple[int, ...] = ()
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended_at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Work until SIGTERM, or until nobody needs this process any more."""
        received = None
        while received != signal.SIGTERM and self._is_needed():
            self._reap()
            self._reconcile(time.monotonic())
            information = signal.sigtimedwait(_SIGNALS, RESTART_DELAY)
            received = information.si_signo if information else None

    def _is_needed(self) -> bool:
        """Whether the record of this process is there, and the owner, if there is one."""
        owner = [] if self.owner is None else [self.owner]
        ended, _, _ = select.select(owner, [], [], 0)
        return self.layout.supervisor.exists() and not ended

    def _reconcile(self, now: float) -> None:
        wanted = {path.stem: path for path in sorted(self.layout.processes.glob("[!.]*.json"))}
        for name in self.running.keys() - wanted.keys():
            self.running[name].kill()
        for name in wanted.keys() - self.running.keys():
            specification = read_json(wanted[name])
            due = now - self.ended_at.get(name, -RESTART_DELAY) >= RESTART_DELAY
            if specification is not None and due:
                self.running[name] = self._start(name, specification)

    def _start(self, name: str, specification: dict[str, Any]) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def prepare() -> None:
            linux.die_with_parent(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

        with (self.layout.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                specification["command"],
                env={**os.environ, **specification["environment"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=prepare,  # noqa: PLW1509 - there are no threads here
                start_new_session=True,
                pass_fds=self.inherited,
            )

    def _reap(self) -> None:
        """Take note of children that ended; as process 1 this one is every orphan's parent."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for name, process in list(self.running.items()):
                if process.pid == pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    print(f"{name} ended: {process.returncode}", flush=True)
                    self.ended_at[name] = time.monotonic()
                    del self.running[name]


def main() -> None:
    """Become the supervisor of the cluster in the folder given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", type=int, required=True, help="held until there is a record")
    parser.add_argument("--slot", type=int, required=True, help="held until the end")
    parser.add_argument("--owner", type=int, help="a pidfd: end when that process ends")
    parser.add_argument("--sandbox", action="store_true", help="in namespaces of its own")
    parser.add_argument("--binaries", type=Path, action="append", default=[])
    options = parser.parse_args()
    for descriptor in (options.slot, *([options.owner] if options.owner else [])):
        os.set_inheritable(descriptor, False)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    layout = Layout(options.folder)
    if options.sandbox:
        sandbox.become_first_process_of_a_node()
    elif os.fork():
        os._exit(0)
    # /proc is still the machine's here, so this is the pid that others know.
    identity = identify()
    if identity is None:
        raise SystemExit("no /proc/self: is /proc mounted?")
    layout.record_supervisor(identity)
    os.close(options.lock)
    with locks.locked(layout.alive) as alive:
        if options.sandbox:
            sandbox.furnish(layout, options.binaries)
        layout.ready.touch()
        inherited = () if options.sandbox else (alive,)
        Supervisor(layout, options.owner, inherited).run()


if __name__ == "__main__":
    main()
