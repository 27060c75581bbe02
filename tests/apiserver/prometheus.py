"""A real Prometheus (Debian's package) that scrapes operators, or pods, on this machine."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.local import build
from tests.cluster.local.layout import write_json

OBSERVABILITY = Path(__file__).parents[2] / "manifests" / "observability"
_PORT = re.compile(r"Listening .*\b127\.0\.0\.1:([1-9]\d*)\b")
_PATIENCE = 60.0


def rules() -> dict[str, Any]:
    """The groups of the PrometheusRule, as Prometheus itself takes them."""
    document = yaml.safe_load((OBSERVABILITY / "prometheusrule.yaml").read_text())
    return dict(document["spec"])


def dashboard() -> dict[str, Any]:
    """The Grafana dashboard."""
    found: dict[str, Any] = json.loads((OBSERVABILITY / "modelward.json").read_text())
    return found


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401
        """Return `data` of an answer of its HTTP API; AssertionError with the error it says."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression: str) -> list[Any]:
        """Evaluate now."""
        result: list[Any] = self.ask("query", query=expression)["result"]
        return result


@contextmanager
def scraping(ports: Sequence[int], folder: Path) -> Iterator[Prometheus]:
    """Run one that scrapes these ports each second and evaluates our rules."""
    write_json(folder / "rules.yaml", _each_second(rules()))
    targets = [f"127.0.0.1:{port}" for port in ports]
    job = {"job_name": "modelward", "honor_labels": True, "static_configs": [{"targets": targets}]}
    with _running({"rule_files": ["rules.yaml"], "scrape_configs": [job]}, folder) as prometheus:
        yield prometheus


@contextmanager
def scraping_pods(discovery: str, folder: Path) -> Iterator[Prometheus]:
    """Run one that scrapes each second what a URL of HTTP service discovery names."""
    found = {"url": discovery, "refresh_interval": "1s"}
    job = {"job_name": "pods", "http_sd_configs": [found]}
    with _running({"scrape_configs": [job]}, folder) as prometheus:
        yield prometheus


@contextmanager
def keeping_apart(upstream: int, folder: Path) -> Iterator[int]:
    """Run a prom-label-proxy before a Prometheus; its port."""
    command = [
        str(build.program("prom-label-proxy", target="tool")),
        "-label=namespace",
        f"-upstream=http://127.0.0.1:{upstream}",
        "-insecure-listen-address=127.0.0.1:0",
    ]
    with _listening(command, "/healthz", folder / "prom-label-proxy.log") as port:
        yield port


@contextmanager
def _running(settings: dict[str, Any], folder: Path) -> Iterator[Prometheus]:
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    write_json(folder / "prometheus.yml", {"global": every, **settings})
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
    ]
    with _listening(command, "/-/ready", folder / "prometheus.log") as port:
        yield Prometheus(port)


@contextmanager
def _listening(command: Sequence[str], ready: str, log: Path) -> Iterator[int]:
    """Run a program that takes a port that is free and says which; the port, once it is ready."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield _port_of(process, ready, log)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)


def _port_of(process: subprocess.Popen[bytes], ready: str, log: Path) -> int:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        for port in _PORT.findall(log.read_text()):
            url = f"http://127.0.0.1:{port}{ready}"
            with suppress(OSError), urllib.request.urlopen(url, timeout=_PATIENCE):
                return int(port)
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} is not ready:\n{log.read_text()}")


def _each_second(spec: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [group | {"interval": "1s"} for group in spec["groups"]]}
