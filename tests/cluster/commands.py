"""Running other programs, with errors that say what they printed."""

import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.progress import Progress

_LINES_IN_ERRORS = 30


class CommandError(ClusterError):
    """A program failed; the text holds the command and what it printed last."""

    def __init__(self, command: Sequence[str], code: int, output: Iterable[str]) -> None:
        tail = "\n".join(deque(output, maxlen=_LINES_IN_ERRORS))
        super().__init__(f"{' '.join(command)} exited {code}:\n{tail}")


def run(command: Sequence[str], stdin: str | None = None) -> str:
    """Run a short-lived program; its standard output. Raises CommandError.

    It inherits what its caller made inheritable, above all a cluster's lock: should the caller be
    killed, the lock is held until the program has ended too, so that nobody tears the cluster down
    under its hands.
    """
    result = subprocess.run(
        command, check=False, input=stdin, capture_output=True, text=True, close_fds=False
    )
    if result.returncode != 0:
        raise CommandError(command, result.returncode, (result.stdout + result.stderr).splitlines())
    return result.stdout


def follow(
    command: Sequence[str],
    progress: Progress,
    *,
    describe: Callable[[str], str] = str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> list[str]:
    """Run a long program that ends with its caller, saying how far it is; its lines.

    `describe` makes a line of its output into what to say. Raises CommandError.
    """
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL", "--", *command],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: list[str] = []
    with process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            progress.update(describe(lines[-1]))
    if process.returncode != 0:
        raise CommandError(command, process.returncode, lines)
    return lines
