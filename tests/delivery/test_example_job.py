"""The example of a job of one's own: a real Locust, as in its container, and what comes of it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.evidence import evidence
from modelward.benchmark.jobevidence import with_jobs
from modelward.benchmark.jobs import read_result
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.rows import sha256_of
from tests.cluster.paths import cache
from tests.unit.benchmark_world import a_result, a_run
from tests.unit.model_server import ModelServer, serving
from tests.unit.runner_plans import golden

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "examples" / "job"


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of an environment with the example's locked packages, kept for the next time."""
    locked = EXAMPLE / "requirements.txt"
    place = cache("jobs") / hashlib.sha256(locked.read_bytes()).hexdigest()[:12]
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        install = ["install", "--quiet", "--require-hashes", "-r", str(locked)]
        subprocess.run([place / "bin" / "pip", *install], check=True)
        (place / "complete").touch()
    return place / "bin" / "python"


def asked() -> BenchmarkRun:
    job = {"name": "locust", "image": "registry.example.com/ml/locust-job:1"}
    counted = {"name": "locust", "measures": "badRequests"}
    return a_run(
        {"name": "errors", "job": counted, "objective": {"atMost": "10%", "expected": "5%"}},
        {"name": "slow", "job": counted, "objective": {"atMost": "20%"}, "effect": "report"},
        {
            "name": "throughput",
            "job": {"name": "locust", "measures": "value"},
            "objective": {"atLeast": "1"},
        },
        jobs=[job],
        datasets=[
            {
                "name": "golden",
                "configMap": {"name": "rows", "key": "rows.jsonl"},
                "sha256": sha256_of(golden()),
            }
        ],
    )


def measure(python: Path, place: Path, url: str) -> dict[str, str]:
    """Run the example as its container does; return the verdicts that its result comes to."""
    run = asked()
    plan = runner_plan(run, 1, 600)
    document = json.loads(plan.to_json())
    document["subject"] |= {"url": url, "modelName": "m"}
    (place / "datasets").mkdir()
    (place / "datasets" / "golden").write_bytes(golden())
    (place / "plan.json").write_text(json.dumps(document))
    for file in (EXAMPLE / "measure.py", PROJECT / "operator" / "modelward" / "contract.py"):
        shutil.copy(file, place)
    told = {"PLAN": place / "plan.json", "RESULT": place / "result", "JOB": "locust"}
    subprocess.run(
        [python, place / "measure.py", "--users=4", "--seconds=4", "--slower-than=1"],
        env=os.environ | {f"MODELWARD_{name}": str(value) for name, value in told.items()},
        check=True,
    )
    (job,) = plan.jobs or ()
    found = read_result(plan, job, (place / "result").read_text())
    result = a_result(plan)
    shown = with_jobs(run.spec, evidence(run.spec, plan, result), plan, result, [found])
    print(found)
    return {kpi.name: kpi.verdict for kpi in shown}


def test_locust_judges_a_version_without_errors_and_one_with_many(
    python: Path, tmp_path: Path
) -> None:
    for name, server in (("good", ModelServer()), ("bad", ModelServer(error_share=0.4))):
        (tmp_path / name).mkdir()
        with serving(server) as url:
            verdicts = measure(python, tmp_path / name, url)
        assert verdicts["errors"] == ("Pass" if name == "good" else "Fail")
        assert verdicts["throughput"] == "Pass"
        assert server.requests > 100
