"""Tells Prometheus which pods to scrape: python discovery.py PORT, in a pod beside it.

Debian's Prometheus is built without the cluster's own service discovery. This one gives it the
same by HTTP: pods that run and say `prometheus.io/scrape: "true"`, with their namespace and name as
labels, as the API server has them at the moment of each question.
"""

import json
import ssl
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PODS = "https://kubernetes.default.svc/api/v1/pods?fieldSelector=status.phase%3DRunning"
SCRAPE, PORT = "prometheus.io/scrape", "prometheus.io/port"

Pod = dict[str, Any]


def target(pod: Pod) -> dict[str, Any]:
    """Return what HTTP service discovery says of a pod."""
    meta = pod["metadata"]
    address = f"{pod['status']['podIP']}:{meta['annotations'][PORT]}"
    return {
        "targets": [address],
        "labels": {"namespace": meta["namespace"], "pod": meta["name"]},
    }


def is_scraped(pod: Pod) -> bool:
    """Whether a pod has an address and wants to be scraped."""
    annotations = pod["metadata"].get("annotations", {})
    return annotations.get(SCRAPE) == "true" and "podIP" in pod["status"]


def pods() -> list[Pod]:
    """Ask the API server for all pods that run."""
    token = (ACCOUNT / "token").read_text()
    trusted = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    request = urllib.request.Request(PODS, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5, context=trusted) as answer:
        found: list[Pod] = json.load(answer)["items"]
    return found


class Discovery(BaseHTTPRequestHandler):
    """Answers every GET with the pods of the moment."""

    def do_GET(self) -> None:
        try:
            body = json.dumps([target(pod) for pod in pods() if is_scraped(pod)]).encode()
        except OSError as error:
            self.send_error(502, str(error))
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Answered questions come once a second; only errors are logged."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Discovery).serve_forever()
