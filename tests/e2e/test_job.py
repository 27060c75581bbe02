"""An image of the user's own judges a release; what it forges judges nothing."""

import sys
from subprocess import run as run_command

import pytest

from tests.e2e.stage import IMAGE, PROJECT, Document, Stage
from tests.e2e.together import Story, Told

pytestmark = pytest.mark.e2e

PROGRAM = """
import json, os, time, urllib.request
from modelward.contract import Plan, rows

plan = Plan.read()
if os.environ["FORGED"]:
    with open(os.environ["MODELWARD_RESULT"], "w") as result:
        json.dump({"v": 1, "nonce": plan.document["nonce"], "verdict": "Pass"}, result)
    raise SystemExit
time.sleep(float(os.environ["SLOW"]))

def answer(inputs):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(plan.target + "/predict", json.dumps(inputs).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["prediction"]

golden = [json.loads(line) for line in plan.dataset("golden").open()]
right = sum(answer(row["inputs"]) == row["expected"] for row in golden)
plan.write_result({"asked": rows(len(golden), right)})
"""
ASKED = {
    "name": "asked",
    "job": {"name": "by-hand", "measures": "rightRows"},
    "objective": {"atLeast": "95%"},
}
ACCURACY = {
    "name": "accuracy",
    "benchmark": {"dataset": "golden", "metric": "accuracy"},
    "objective": {"atLeast": "50%"},
}


def asks_by_job(
    stage: Stage, version: str, accuracy: float, forged: str = "", slow: str = "0"
) -> None:
    job = {
        "name": "by-hand",
        "image": IMAGE,
        "command": ["python", "-c", PROGRAM],
        "env": [{"name": "FORGED", "value": forged}, {"name": "SLOW", "value": slow}],
        "upTo": "30s" if slow == "0" else "5s",
    }
    # An attempt that has begun is waited for also after this time, and no other one begins.
    up_to = "3m" if slow == "0" and not forged else "8s"
    rollout: Document = {"steps": [{"benchmark": {"upTo": up_to}}], "progressDeadline": "60s"}
    behaviour = {"accuracy": accuracy}
    stage.declare(version, behaviour, kpis=[ASKED, ACCURACY], jobs=[job], rollout=rollout)


def page(stage: Stage, run: str) -> str:
    """Return the page that a person makes of a run, with their own rights."""
    kubeconfig = str(stage.cluster.kubeconfig)
    command = ["benchmark", "report", run, "-n", stage.namespace, "--kubeconfig", kubeconfig]
    done = run_command(
        [sys.executable, "-m", "modelward", *command],
        env={"PYTHONPATH": str(PROJECT / "operator")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout


def a_users_image_promotes_one_version_rolls_back_another_and_forged_or_late_does_neither(
    stage: Stage,
) -> None:
    asks_by_job(stage, "one", accuracy=0.98)
    stage.until_promoted("one")
    assert [kpi["value"] for kpi in stage.status["kpis"]] == ["98%", "98%"]

    asks_by_job(stage, "two", accuracy=0.9)
    stage.until_rolled_back("two")
    failed = stage.status["failedRevision"]
    assert failed["message"] == "asked is 90% on 100 rows, not enough: >= 95%"
    told = page(stage, f"fraud-{failed['revision']}-1")
    assert failed["message"].replace(">", "&gt;") in told
    assert "Rows answered wrongly" in told

    asks_by_job(stage, "three", accuracy=1.0, forged="yes")
    stage.until("it waits for a person", lambda s: s["phase"] == "Paused")
    message = stage.status["message"]
    assert "Malformed" in message
    assert "job by-hand: its result is not as agreed" in message
    assert stage.status["stable"]["version"] == "one"

    asks_by_job(stage, "four", accuracy=1.0, slow="600")
    stage.until("it tells which job was late", lambda s: "JobTimedOut" in s.get("message", ""))
    assert "job by-hand ran for longer than its upTo, 5s: raise it" in stage.status["message"]
    assert stage.status["stable"]["version"] == "one"


STORIES: tuple[Story, ...] = (
    a_users_image_promotes_one_version_rolls_back_another_and_forged_or_late_does_neither,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_benchmark_of_the_users_own(told: Told, story: Story) -> None:
    told[story].result()
