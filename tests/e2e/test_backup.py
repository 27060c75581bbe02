"""A deployment is restored from a backup: its objects come back, with other identities."""

import json
import re
import subprocess

import pytest

from tests.e2e.handbook import DOCUMENT, assert_documented, quote
from tests.e2e.recorder import REVISION
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.test_changes_of_mind import GOES, pods, serving
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

TITLE = "A deployment was restored from a backup"
NOBODYS = '{"metadata": {"ownerReferences": null}}'
LOST = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


def backup(document: Document) -> Document:
    """Return what a backup keeps of an object: neither its identity nor its status."""
    metadata = {key: each for key, each in document["metadata"].items() if key not in LOST}
    return {key: each for key, each in document.items() if key != "status"} | {"metadata": metadata}


def restore(stage: Stage, *documents: Document) -> None:
    for document in documents:
        text = json.dumps(backup(document))
        stage.cluster.kubectl("-n", stage.namespace, "create", "-f", "-", stdin=text)


def run_the_commands_of_the_handbook(stage: Stage) -> None:
    """Run the commands that docs/troubleshooting.md gives for a restored deployment."""
    section = DOCUMENT.read_text().partition(f"\n## {TITLE}\n")[2].partition("\n## ")[0]
    match = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert match
    cluster = stage.cluster
    ours = f"{cluster.kubectl_program} --kubeconfig={cluster.kubeconfig} -n {stage.namespace}"
    script = f'kubectl() {{ {ours} "$@"; }}\n' + match[1].replace("NAME", NAME)
    subprocess.run(["bash", "-euc", script], check=True, capture_output=True)


def failed(stage: Stage) -> tuple[Document, set[str]]:
    """Have a version serve and another one fail; return the deployment, and the pods that serve."""
    serving(stage)
    stage.declare("two", {"accuracy": 0.5}, replicas=2, rollout=GOES)
    stage.until_rolled_back("two")
    return stage.get("mdep", NAME), pods(stage, stage.status["stable"]["revision"])


def children_without_an_owner_serve_on_and_are_handed_over(stage: Stage) -> None:
    saved, before = failed(stage)
    stable = saved["status"]["stable"]["revision"]
    root = stage.get("service", NAME)["spec"]
    stage.kubectl("delete", "mdep", NAME, "--cascade=orphan")
    for name in stage.kubectl("get", "service,brun", "-l", REVISION, "-o", "name").split():
        stage.kubectl("patch", name, "--type=merge", "-p", NOBODYS)
    restore(stage, saved)
    stage.until("it says so", lambda s: "belongs to nobody" in s.get("message", ""))
    assert_documented(TITLE, quote(stage))
    assert pods(stage, stable) == before
    run_the_commands_of_the_handbook(stage)
    stage.until("it is as before", lambda s: s.get("failedRevision") and "candidate" not in s)
    assert stage.status["stable"]["revision"] == stable
    assert stage.status["failedRevision"]["reason"] == "accuracy"
    assert stage.get("service", NAME)["spec"] == root
    assert pods(stage, stable) == before
    assert len(stage.get("replicasets")["items"]) == 2
    assert sorted(stage.history()) == sorted([("one", "Promoted"), ("two", "RolledBack")])


def children_of_an_owner_that_is_gone_are_collected_and_it_begins_anew(stage: Stage) -> None:
    serving(stage)
    saved = stage.get("mdep", NAME)
    kept = stage.get("replicasets,services")["items"]
    stage.kubectl("delete", "mdep", NAME)
    stage.wait("all is gone", lambda: not stage.get("replicasets,services,pods")["items"])
    for each in kept:
        each["spec"].pop("clusterIP", None)
        each["spec"].pop("clusterIPs", None)
    restore(stage, *kept, saved)
    stage.until_promoted("one")
    uids = {each["metadata"]["uid"] for each in stage.get("mdep,replicasets")["items"]}
    owners = stage.get("replicasets,services")["items"]
    assert {each["metadata"]["ownerReferences"][0]["uid"] for each in owners} <= uids
    assert len(pods(stage, stage.status["stable"]["revision"])) == 2


STORIES: tuple[Story, ...] = (
    children_without_an_owner_serve_on_and_are_handed_over,
    children_of_an_owner_that_is_gone_are_collected_and_it_begins_anew,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_restored_backup(told: Told, story: Story) -> None:
    told[story].result()
