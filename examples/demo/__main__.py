"""Play the demo: python -m examples.demo. Exit code 0 when all came out as it should.

With DEMO_BREAK=0 in the environment the labels of version 3 are not corrupted, so it is promoted
too, and the exit code is 1.
"""

import argparse
import os
import sys

from modelward.api.modeldeployment import ModelDeployment
from tests.cluster.errors import ClusterError
from tests.cluster.paths import DEFAULT_NAME
from tests.cluster.provider import Cluster
from tests.e2e.clients.pods import Client, Clients
from tests.e2e.clients.report import Report

from .narrator import Narrator
from .outcome import REQUESTS, checks, client_rows, kpi_rows
from .setting import GOLDEN_ROWS, NAMESPACE, apply, prepare
from .terminal import Terminal
from .versions import versions

RELEASE_SECONDS = 240.0
URL = f"http://digits.{NAMESPACE}.svc:8080/v2/models/digits/infer"


def main() -> int:
    """Play the demo; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("--cluster", default=DEFAULT_NAME, help="made when it isn't there")
    options = parser.parse_args()
    terminal = Terminal(sys.stdout)
    try:
        return tell(options.cluster, terminal)
    except (ClusterError, TimeoutError) as error:
        terminal.text(f"The demo was broken off: {error}", "red")
        return 1


def tell(cluster_name: str, terminal: Terminal) -> int:
    """Tell the whole story on a cluster; the exit code. Raises ClusterError, TimeoutError."""
    terminal.heading("Setting the stage")
    cluster = prepare(cluster_name, terminal.line)
    clients = Clients(
        cluster,
        NAMESPACE,
        (
            Client("new-connections", "new", URL, GOLDEN_ROWS, at_least=REQUESTS),
            Client("kept-connections", "kept", URL, GOLDEN_ROWS, at_least=REQUESTS),
        ),
    )
    with Narrator(cluster, NAMESPACE, terminal) as narrator:
        releases = play(cluster, narrator, clients, terminal)
        reports = clients.stop() if clients.started else []
    came_out_right = show(cluster, releases, reports, terminal)
    clients.delete()
    tell_what_is_left(cluster, terminal)
    return 0 if came_out_right else 1


def play(
    cluster: Cluster, narrator: Narrator, clients: Clients, terminal: Terminal
) -> dict[str, ModelDeployment]:
    """Release the versions one after the other; how the resource stood after each.

    The clients begin to call as soon as the first one serves.
    """
    releases = {}
    for version in versions():
        terminal.heading(version.title)
        apply(cluster, version.manifest())
        deployment = narrator.wait_for_end(version.name, RELEASE_SECONDS)
        releases[version.name] = deployment
        terminal.line(deployment.status.message or "")
        if deployment.status.stable is None:
            break
        if not clients.started:
            clients.start()
            terminal.line("two clients begin to call, each 50 times a second")
        terminal.line(so_far(clients.reports()))
    return releases


def so_far(reports: list[Report]) -> str:
    """Return how the clients fare, in a line."""
    parts = (f"{r.client}: {r.sent:,} sent, {r.failed} failed" for r in reports)
    return "clients so far: " + "; ".join(parts)


def show(
    cluster: Cluster,
    releases: dict[str, ModelDeployment],
    reports: list[Report],
    terminal: Terminal,
) -> bool:
    """Print the tables and what became of the demo; whether it came out right."""
    terminal.heading(f"kubectl get mdep -n {NAMESPACE}")
    terminal.text(cluster.kubectl("get", "mdep", "-n", NAMESPACE).stdout.rstrip())
    terminal.heading("What was measured")
    terminal.table(kpi_rows(releases))
    terminal.heading("What users noticed")
    terminal.table(client_rows(reports, releases))
    for report in reports:
        for reason, failure in report.failures.items():
            when = f"first at {failure.first}, last at {failure.last}"
            terminal.text(f"{report.client}: {failure.count} times {reason}, {when}", "red")
    terminal.heading("Did it come out as it should?")
    found = checks(releases, reports)
    for check in found:
        terminal.text(f"{'yes' if check.holds else 'NO '}  {check.statement}",
                      "green" if check.holds else "red")  # fmt: skip
    return all(check.holds for check in found)


def tell_what_is_left(cluster: Cluster, terminal: Terminal) -> None:
    """Say how to look at the cluster and how to remove it."""
    terminal.heading("The cluster is left for you to look at")
    kubeconfig = os.path.relpath(cluster.kubeconfig)
    terminal.text(f"  export KUBECONFIG={kubeconfig}")
    terminal.text(f"  kubectl get mdep,brun -n {NAMESPACE} -o wide")
    terminal.text(f"  kubectl describe mdep digits -n {NAMESPACE}")
    named = "" if cluster.name == DEFAULT_NAME else f" CLUSTER={cluster.name}"
    terminal.text(f"Remove it: make cluster-down{named}")


if __name__ == "__main__":
    sys.exit(main())
