"""Rows on a volume and rows behind a URI judge a version as those of a ConfigMap do."""

import base64
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.e2e.stage import PORT, Document, Stage, server_template
from tests.e2e.together import Story, Told

# The volume is a folder of this machine, which is the node.
pytestmark = [pytest.mark.e2e, pytest.mark.bare_node]

COLUMNS = {"inputs": "{number: number}", "expected": "label"}
ROWS = 100


def csv(folder: Path) -> bytes:
    lines = ["number,label", *(f"{number},{number}" for number in range(ROWS))]
    file = folder / "golden" / "rows.csv"
    file.parent.mkdir()
    file.write_text("\n".join(lines))
    for path, mode in ((file, 0o644), (file.parent, 0o755), (folder, 0o755)):
        path.chmod(mode)
    return file.read_bytes()


def parquet(folder: Path) -> bytes:
    file = folder / "rows.parquet"
    query = f"SELECT i AS number, i AS label FROM range({ROWS}) t(i)"
    duckdb.sql(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


def volume(stage: Stage, folder: Path) -> Document:
    """Make a claim and the volume for it, and return where the rows are."""
    size = {"storage": "1Mi"}
    shared: Document = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    name = f"data-{stage.namespace}"
    spec = shared | {"capacity": size, "hostPath": {"path": str(folder)}}
    stage.apply(named("v1", "PersistentVolume", name) | {"spec": spec})
    claim = shared | {"volumeName": name, "resources": {"requests": size}}
    stage.apply(named("v1", "PersistentVolumeClaim", "data") | {"spec": claim})
    return {"persistentVolumeClaim": {"claimName": "data", "path": "golden/rows.csv"}}


def file_server(stage: Stage, content: bytes) -> Document:
    """Serve a file in the cluster, and return where the rows are."""
    data = {"rows.parquet": base64.b64encode(content).decode()}
    stage.apply(named("v1", "ConfigMap", "files") | {"binaryData": data})
    spec: Document = server_template("files")["spec"]
    spec["volumes"] = [{"name": "program", "configMap": {"name": "files"}}]
    container = spec["containers"][0]
    container["command"] = ["python", "-m", "http.server", str(PORT), "-d", "/srv/server"]
    container["readinessProbe"]["httpGet"]["path"] = "/rows.parquet"
    pod = named("v1", "Pod", "files")
    pod["metadata"]["labels"] = {"app": "files"}
    stage.apply(pod | {"spec": spec})
    service = {"selector": {"app": "files"}, "ports": [{"port": PORT}]}
    stage.apply(named("v1", "Service", "files") | {"spec": service})
    stage.kubectl("wait", "--for=condition=Ready", "pod/files", "--timeout=180s")
    return {"uri": f"http://files:{PORT}/rows.parquet"}


def named(api_version: str, kind: str, name: str) -> Document:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def kpi(name: str) -> Document:
    return {
        "name": name,
        "benchmark": {"dataset": name, "metric": "accuracy"},
        "objective": {"atLeast": "92%"},
    }


def dataset(name: str, where: Document, content: bytes) -> Document:
    digest = hashlib.sha256(content).hexdigest()
    return {"name": name, "columns": COLUMNS, "sha256": digest} | where


def rows_on_a_volume_and_behind_a_uri_judge_a_version(stage: Stage) -> None:
    with TemporaryDirectory() as folder:
        judge_by_rows_in(Path(folder), stage)


def judge_by_rows_in(folder: Path, stage: Stage) -> None:
    rows, table = csv(folder), parquet(folder)
    on_volume = dataset("on-volume", volume(stage, folder), rows)
    behind_uri = dataset("behind-uri", file_server(stage, table), table)
    kpis = [kpi("on-volume"), kpi("behind-uri")]
    try:
        stage.declare("one", datasets=[on_volume, behind_uri], kpis=kpis)
        stage.until_promoted("one")
        shown = {each["name"]: each for each in stage.status["kpis"]}
        assert {name: each["samples"] for name, each in shown.items()} == {
            "on-volume": ROWS,
            "behind-uri": ROWS,
        }

        stage.declare("two", {"accuracy": 0.8}, datasets=[on_volume, behind_uri], kpis=kpis)
        stage.until_rolled_back("two")
        assert stage.status["failedRevision"]["reason"] in shown

        # Somebody has put another file in its place.
        pinned = dataset("behind-uri", {"uri": behind_uri["uri"]}, b"")
        stage.declare("three", datasets=[on_volume, pinned], kpis=kpis)
        stage.wait("another file is refused", lambda: refusal(stage))
        found = hashlib.sha256(table).hexdigest()[:16]
        expected = hashlib.sha256(b"").hexdigest()[:16]
        assert f"the sha256 of behind-uri begins with {found}, not with {expected}" in refusal(
            stage
        )
    finally:
        stage.cluster.kubectl(
            "delete", "persistentvolume", f"data-{stage.namespace}", "--wait=false"
        )


def refusal(stage: Stage) -> str:
    """Return what is said of an attempt whose result does not count."""
    attempts = [
        attempt
        for run in stage.get("benchmarkruns")["items"]
        for attempt in run.get("status", {}).get("attempts", [])
    ]
    return next((a["message"] for a in attempts if a.get("outcome") == "Refused"), "")


STORIES: tuple[Story, ...] = (rows_on_a_volume_and_behind_a_uri_judge_a_version,)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_where_data_sets_are(told: Told, story: Story) -> None:
    told[story].result()
