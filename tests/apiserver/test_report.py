"""`modelward benchmark report` reads a run with the rights of whoever asks, and no others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelward.writes import Document
from tests.cluster.provider import Cluster
from tests.cluster.rights import Account, account_kubeconfig
from tests.unit.benchmark_world import RUN
from tests.unit.pages import Page
from tests.unit.test_cli_report import a_finished_run

pytestmark = pytest.mark.apiserver

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def finished(served: Cluster, namespace: str) -> str:
    """A namespace with a run that has finished, and an account that may get runs."""
    run = a_finished_run().to_wire()
    document: Document = {"apiVersion": "modelward.dev/v1alpha1", "kind": "BenchmarkRun"}
    document |= {"metadata": {"name": RUN}, "spec": run["spec"]}
    served.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(document))
    patch = json.dumps({"status": run["status"]})
    where = ("-n", namespace, "--subresource=status", "--type=merge")
    served.kubectl("patch", "brun", RUN, *where, f"--patch={patch}")
    served.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    return namespace


def allow(cluster: Cluster, namespace: str, verb: str, *resources: str) -> None:
    name = f"{verb}-{'-'.join(resources).replace('/', '-').replace('.', '-')}"
    asked = [f"--resource={each}" for each in resources]
    cluster.kubectl("create", "role", name, f"--verb={verb}", *asked, "-n", namespace)
    bound = (f"--role={name}", f"--serviceaccount={namespace}:reader")
    cluster.kubectl("create", "rolebinding", name, *bound, "-n", namespace)


def report(
    cluster: Cluster, namespace: str, place: Path, run: str = RUN
) -> "subprocess.CompletedProcess[str]":
    account = Account(namespace, "reader")
    kubeconfig = str(account_kubeconfig(cluster, account, place / "kubeconfig"))
    command = ["benchmark", "report", run, "-n", namespace, "--kubeconfig", kubeconfig]
    return subprocess.run(
        [sys.executable, "-m", "modelward", *command],
        env={"PYTHONPATH": str(PROJECT / "operator")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_who_may_not_read_the_run_gets_no_page_and_is_told(
    served: Cluster, finished: str, tmp_path: Path
) -> None:
    done = report(served, finished, tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert f"BenchmarkRun {RUN} in namespace {finished} can't be read" in done.stderr
    assert "forbidden" in done.stderr


def test_who_may_read_runs_alone_gets_a_page_without_what_only_the_log_tells(
    served: Cluster, finished: str, tmp_path: Path
) -> None:
    allow(served, finished, "get", "benchmarkruns.modelward.dev")
    done = report(served, finished, tmp_path)
    assert done.returncode == 0
    assert "the log can't be read: 403 Forbidden" in done.stderr
    seen = Page(done.stdout)
    assert "Every gate holds" in seen.text
    assert "There was no log to read" in seen.text


def test_who_may_read_everything_is_told_nothing_where_the_pod_is_gone(
    served: Cluster, finished: str, tmp_path: Path
) -> None:
    allow(served, finished, "get", "benchmarkruns.modelward.dev", "pods/log")
    allow(served, finished, "list", "pods")
    done = report(served, finished, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    gone = report(served, finished, tmp_path, "another")
    assert gone.returncode == 64
    assert f"there is no BenchmarkRun another in namespace {finished}" in gone.stderr
