"""Which process a pid means: pids are used again, a start time tells the users apart."""

import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessIdentity:
    """A process for as long as this machine is up: nothing else ever equals it."""

    pid: int
    start_ticks: int
    boot_id: str


def identify(pid: int | str = "self") -> ProcessIdentity | None:
    """The identity of a process, None if there is none with this pid."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return parse_stat(stat, boot_id)


def parse_stat(stat: str, boot_id: str) -> ProcessIdentity | None:
    """Read pid and start time (field 22, in clock ticks since boot) of /proc/PID/stat.

    The second field is the command's name in brackets, which may itself hold blanks and brackets.
    None for a process that has ended and only waits for its parent to notice.
    """
    head, _, tail = stat.rpartition(")")
    state, *fields = tail.split()
    if state in {"Z", "X"}:
        return None
    return ProcessIdentity(int(head.split("(", 1)[0]), int(fields[18]), boot_id)


def is_running(identity: ProcessIdentity) -> bool:
    """Whether that very process is still there."""
    return identify(identity.pid) == identity


def kill(identity: ProcessIdentity, timeout: float) -> bool:
    """Kill that very process; False if it is still there after `timeout` seconds."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_running(identity):
            return True
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        readable, _, _ = select.select([descriptor], [], [], timeout)
        return bool(readable)
    finally:
        os.close(descriptor)
