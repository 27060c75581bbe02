"""Processes on cores of their own, and what they cost."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TOOL_CORE, SERVER_CORE = 0, 1


@dataclass(frozen=True)
class Ran:
    """A process that has ended."""

    output: str
    samples: list["Sample"]
    """Ten a second."""

    @property
    def busy(self) -> float:
        """The share of a core that it took in the middle of its time, when it had long begun."""
        ticks = self.samples[len(self.samples) * 4 // 10 : len(self.samples) * 9 // 10]
        first, last = ticks[0], ticks[-1]
        return (last.cpu - first.cpu) / (last.time - first.time)

    @property
    def peak(self) -> float:
        """The most memory that was seen, in MiB."""
        return max(sample.memory for sample in self.samples)


@dataclass(frozen=True)
class Sample:
    """A process at a moment."""

    time: float
    cpu: float
    """Seconds of CPU so far, user and system, of all its threads."""
    memory: float
    """Resident, in MiB."""


@dataclass(frozen=True)
class Machine:
    """How processes are run."""

    realtime: bool
    """Before all ordinary processes: for a machine on which others are busy."""

    def command(self, core: int, *arguments: str) -> list[str]:
        """Return the command that runs another one on a core."""
        first = ["chrt", "--fifo", "10"] if self.realtime else []
        return [*first, "taskset", "--cpu-list", str(core), *arguments]

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Ran:
        """Run a tool to its end. Raises RuntimeError where it fails, with what it said."""
        process = subprocess.Popen(
            self.command(TOOL_CORE, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=_environment() | (environment or {}),
        )
        samples: list[Sample] = []
        watch = threading.Thread(target=_watch, args=(process.pid, samples), daemon=True)
        watch.start()
        output, problems = process.communicate()
        watch.join()
        if process.returncode:
            raise RuntimeError(f"{' '.join(arguments)}:\n{problems}{output}")
        return Ran(output, samples)

    @contextmanager
    def server(self, mode: str) -> Iterator[str]:
        """The server that all tools ask, on the other core; its URL."""
        arguments = (sys.executable, "-m", "benchmarks.runner.server", mode)
        process = subprocess.Popen(
            self.command(SERVER_CORE, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=_environment(),
        )
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            # It ends with its standard input, and so with this process, however that ends.
            process.communicate()


def load_average() -> float:
    """Return how many processes were running or waiting in the last minute."""
    return os.getloadavg()[0]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{PROJECT / 'operator'}:{PROJECT}"}


def _watch(pid: int, samples: list[Sample]) -> None:
    """Look at a process until it has gone."""
    folder, tick = Path(f"/proc/{pid}"), os.sysconf("SC_CLK_TCK")
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    while True:
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        if fields[0] == "Z":
            return
        cpu = (int(fields[11]) + int(fields[12])) / tick
        samples.append(Sample(time.monotonic(), cpu, int(fields[21]) * page))
        time.sleep(0.1)
