"""Short-lived helper programs of bring-up."""

import subprocess
from collections.abc import Sequence


class CommandError(RuntimeError):
    """A helper program failed; the text holds the command and what it printed."""


def run(command: Sequence[str], stdin: str | None = None) -> str:
    """Run a program; its standard output. Raises CommandError.

    It inherits the cluster's lock: should the caller be killed, the lock is held until the
    program has ended too, so that nobody tears the cluster down under its hands.
    """
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, close_fds=False)
    if result.returncode != 0:
        message = f"{' '.join(command)} exited {result.returncode}:\n{result.stdout}{result.stderr}"
        raise CommandError(message + (f"\nwith the input:\n{stdin}" if stdin else ""))
    return result.stdout
