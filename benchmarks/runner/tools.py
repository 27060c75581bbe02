"""The tools that the runner is measured beside: how they are had, run and read."""

import hashlib
import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from benchmarks.runner.machine import PROJECT, Machine, Ran
from benchmarks.runner.sending import BODY
from benchmarks.runner.stacks import PATH
from benchmarks.runner.truth import SHARES
from tests.cluster import packages, paths

_FOLDER = Path(__file__).parent / "peers"
_REQUEST = {"BENCH_PATH": PATH, "BENCH_BODY": BODY.decode()}
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class NotHadError(Exception):
    """A tool that can't be had here; the message says why."""


@dataclass(frozen=True)
class Measured:
    """What a tool says of its own run."""

    rate: float
    """Requests per second that were answered."""
    quantiles: list[float]
    """Latencies in seconds, in the order of truth.SHARES."""
    busy: float
    """Share of its core that it took."""

    @property
    def per_core(self) -> float:
        """Requests per second for a whole core."""
        return self.rate / self.busy


@dataclass(frozen=True)
class Sent:
    """What the runner's load generator says of its own run; times in seconds."""

    requests: int
    seconds: float
    send_delay: float
    """99 of 100 requests were sent at most so late."""
    quantiles: list[float]
    failed: int


UNREACHED = "100000"
"""A rate that no callers come to, so that they are the limit."""


def sent(
    machine: Machine,
    url: str,
    rate: str,
    requests: int,
    *,
    callers: int | None = None,
    stack: str = "",
) -> tuple[Sent, Ran]:
    """Run the runner's load generator, if need be as a closed loop or on another client."""
    arguments = ["-m", "benchmarks.runner.sending", url, rate, str(requests)]
    arguments += [f"--callers={callers}"] if callers else []
    arguments += [f"--stack={stack}"] if stack else []
    ran = machine.run(str(python()) if stack else sys.executable, *arguments)
    return Sent(**json.loads(ran.output)), ran


def ours(machine: Machine, url: str, callers: int, requests: int, stack: str = "") -> Measured:
    """Run the runner's load generator as a closed loop. Raises RuntimeError for failed requests."""
    told, ran = sent(machine, url, UNREACHED, requests, callers=callers, stack=stack)
    if told.failed:
        raise RuntimeError(f"{told.failed} of {told.requests} requests failed")
    return Measured(told.requests / told.seconds, told.quantiles, ran.busy)


def wrk(machine: Machine, url: str, callers: int, seconds: int) -> Measured:
    """Run wrk."""
    options = ("--latency", "--timeout=30s", "--threads=1", f"--connections={callers}")
    script = ("--script", str(_FOLDER / "post.lua"), f"--duration={seconds}s", url + PATH)
    ran = machine.run(_debian("wrk"), *options, *script, environment=_REQUEST)
    found = dict(re.findall(r"^ +(50|75|99)% +([0-9.]+[a-z]+) *$", ran.output, re.MULTILINE))
    rate = re.search(r"^Requests/sec: +([0-9.]+)$", ran.output, re.MULTILINE)
    assert rate, ran.output
    return Measured(
        float(rate[1]), [_seconds(found[each]) for each in ("50", "75", "99")], ran.busy
    )


def autocannon(machine: Machine, url: str, callers: int, seconds: int) -> Measured:
    """Run autocannon."""
    request = (
        "--method=POST",
        "--headers=Content-Type=application/json",
        f"--body={BODY.decode()}",
    )
    load = (f"--connections={callers}", f"--duration={seconds}", "--timeout=30", "--json")
    ran = machine.run(*_autocannon(), *request, *load, url + PATH)
    told = json.loads(ran.output)
    latency = [told["latency"][each] / 1000 for each in ("p50", "p75", "p99")]
    return Measured(told["requests"]["total"] / told["duration"], latency, ran.busy)


def locust(machine: Machine, url: str, callers: int, seconds: int) -> Measured:
    """Run Locust with FastHttpUser."""
    load = (f"--users={callers}", f"--spawn-rate={callers}", f"--run-time={seconds}s")
    told = ("--headless", "--json", "--loglevel=ERROR", "--exit-code-on-error=0", f"--host={url}")
    file = ("--locustfile", str(_FOLDER / "locustfile.py"))
    ran = machine.run(str(python()), "-m", "locust", *file, *load, *told, environment=_REQUEST)
    (stats,) = json.loads(ran.output)
    times = {float(millis): count for millis, count in stats["response_times"].items()}
    took = stats["last_request_timestamp"] - stats["start_time"]
    rate = stats["num_requests"] / took
    return Measured(rate, [_quantile(times, share) / 1000 for share in SHARES], ran.busy)


Tool = Callable[[Machine, str, int, int], Measured]

TOOLS: Mapping[str, Tool] = {
    "locust": locust,
    "autocannon": autocannon,
    "wrk": wrk,
}
"""By name: from the URL, the callers and the seconds of a run to what the tool says."""


def python() -> Path:
    """Return the Python in which Locust and the other clients are installed. Raises NotHadError."""
    wanted = (_FOLDER / "requirements.txt").read_bytes()
    folder = _cache(wanted)
    if not (folder / ".installed").exists():
        print(f"Installing the locked Python packages into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder)
        _do(sys.executable, "-m", "venv", str(folder))
        options = ("--quiet", "--disable-pip-version-check", "--require-hashes")
        _do(f"{folder}/bin/pip", "install", *options, "-r", str(_FOLDER / "requirements.txt"))
        (folder / ".installed").touch()
    return folder / "bin" / "python"


def _autocannon() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotHadError("it needs node and npm")
    locked = [_FOLDER / name for name in ("package.json", "package-lock.json", ".npmrc")]
    folder = _cache(b"".join(file.read_bytes() for file in locked))
    program = folder / "node_modules" / "autocannon" / "autocannon.js"
    if not program.exists():
        for file in locked:
            shutil.copy(file, folder)
        _do(npm, "ci", "--silent", "--prefix", str(folder))
    return [node, str(program)]


def _debian(package: str) -> str:
    try:
        packages.ensure([package], lambda name: shutil.which(name) is not None)
    except packages.MissingPackagesError as error:
        raise NotHadError(str(error)) from error
    return package


def _cache(locked: bytes) -> Path:
    return paths.cache("bench-runner", hashlib.sha256(locked).hexdigest()[:16])


def _do(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode:
        raise NotHadError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]


def _quantile(counts: Mapping[float, int], share: Fraction) -> float:
    """Return a quantile of values that were counted, by nearest rank."""
    left = math.ceil(share * sum(counts.values()))
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("no requests")
