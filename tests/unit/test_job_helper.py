"""The helper for jobs of one's own: what it writes is what the operator takes."""

import ast
import hashlib
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward import contract
from modelward.api.names import CLAIMS_PATH
from modelward.benchmark.jobcontract import JobResult
from modelward.benchmark.jobs import ASSUMED_DISPERSION, read_result
from modelward.benchmark.plan import runner_plan
from modelward.contract import Plan, dispersion_of, requests, rows
from modelward.judge import UNMEASURED
from modelward.judge.calibration import scatter
from tests.unit.test_benchmark_jobs import ALL, run_of


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files and environment as in the container of a job."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "golden").write_text("rows")
    (tmp_path / "plan.json").write_text(runner_plan(run_of(*ALL), 1, 600).to_json())
    monkeypatch.setenv("MODELWARD_PLAN", str(tmp_path / "plan.json"))
    monkeypatch.setenv("MODELWARD_RESULT", str(tmp_path / "result"))
    monkeypatch.setenv("MODELWARD_JOB", "locust")
    return tmp_path


def test_a_job_reads_what_it_is_asked_and_its_result_counts(pod: Path) -> None:
    plan = Plan.read()
    assert plan.target == "http://fraud-x7f9k2m4q1.ml.svc:8080"
    assert plan.kpis["errors"]["atMost"] == "5%"
    plan.write_result(
        {"errors": requests(400, bad=4, dispersion=180), "exam": rows(20, 19), "perplexity": "3.5"},
        message="all is well",
    )
    asked = runner_plan(run_of(*ALL), 1, 600)
    (job,) = asked.jobs or ()
    found = read_result(asked, job, (pod / "result").read_text())
    assert found.kpis["errors"].dispersion == 180
    assert found.kpis["perplexity"].value == "3.5"


def test_the_result_tells_which_rows_were_read(pod: Path) -> None:
    plan = Plan.read()
    assert plan.dataset("golden").read_text() == "rows"
    plan.write_result({})
    found = JobResult.parse((pod / "result").read_text()).datasets["golden"]
    assert found == hashlib.sha256(b"rows").hexdigest()[:16]


def test_rows_on_a_claim_are_where_the_pod_mounts_it(
    pod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contract.CLAIMS == CLAIMS_PATH
    monkeypatch.setattr(contract, "CLAIMS", str(pod))
    (pod / "large" / "a").mkdir(parents=True)
    (pod / "large" / "a" / "rows.csv").write_text("many")
    datasets = [
        {"name": "large", "claimPath": "a/rows.csv"},
        {"name": "remote", "uri": "s3://b/rows.csv"},
    ]
    plan = Plan(Plan.read().document | {"datasets": datasets}, "locust")
    assert plan.dataset("large").read_text() == "many"
    with pytest.raises(ValueError, match="remote is not mounted"):
        plan.dataset("remote")


@pytest.mark.usefixtures("pod")
def test_a_kpi_that_was_not_asked_for_is_an_error_in_the_job() -> None:
    with pytest.raises(ValueError, match="is not asked for latency, only for errors, exam, perp"):
        Plan.read().write_result({"latency": "3ms"})


@pytest.mark.parametrize(("burst", "low", "high"), [(1, 100, 160), (5, 350, 700)])
def test_it_measures_how_clumped_bad_requests_are(burst: int, low: int, high: int) -> None:
    rng = random.Random(7)
    measured = dispersion_of([burst * (rng.random() < 0.2) for _ in range(400)])
    assert measured is not None
    assert low <= measured <= high


def test_where_too_little_was_seen_it_claims_nothing() -> None:
    assert dispersion_of([1] * 59) is None
    assert dispersion_of([0] * 600) is None
    assert dispersion_of(([1] + [0] * 65) * 9) is None


def test_a_single_clump_counts_for_more_than_what_is_assumed() -> None:
    assert not scatter([0] * 79 + [5]).is_known
    measured = dispersion_of([0] * 79 + [5])
    assert measured == 750
    assert measured > ASSUMED_DISPERSION


@given(st.lists(st.integers(0, 10), min_size=60, max_size=300))
def test_it_measures_as_the_operator_calibrates(bad: list[int]) -> None:
    found = scatter(bad)
    assert (dispersion_of(bad) or UNMEASURED) == found.dispersion


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=60, max_size=200))
def test_it_compares_as_the_operator_calibrates(bad: list[tuple[int, int]]) -> None:
    ours, stables = [one for one, _ in bad], [other for _, other in bad]
    found = contract.compared(ours, stables, total=10_000)
    shares = scatter([one - other for one, other in bad], [one + other for one, other in bad])
    assert found.get("dispersionOfShares", UNMEASURED) == shares.dispersion
    assert found.get("dispersion", UNMEASURED) == scatter(ours).dispersion


def test_it_is_one_file_that_needs_nothing_but_python() -> None:
    tree = ast.parse(Path(contract.__file__).read_text())
    found = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom)
                     else [each.name for each in node.names])
    }  # fmt: skip
    assert found <= set(sys.stdlib_module_names)
