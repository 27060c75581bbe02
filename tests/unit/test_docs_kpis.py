"""docs/kpis.md and its examples: every metric, as the models and the plan take it."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from modelward.api.kpi import Kpi
from modelward.api.metrics import METRICS, ROW_METRICS, Metric
from modelward.api.modeldeployment import ModelDeployment
from modelward.benchmark.plan import runner_plan
from tests.lint.kpis import documented, example, versus_example
from tests.unit.benchmark_world import a_run

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "kpis.md").read_text()
BASELINE = {
    "revision": "s",
    "service": "s",
    "port": 8080,
    "protocol": "v2",
    "modelName": "fraud",
    "closed": True,
}


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    assert documented(TEXT) == TEXT
    assert set(get_args(Metric)) == set(METRICS)
    for metric in METRICS:
        assert f"| `{metric}` |" in TEXT


@pytest.mark.parametrize("metric", METRICS)
def test_the_example_of_a_metric_makes_a_plan(metric: Metric) -> None:
    document: dict[str, Any] = yaml.safe_load(example(metric, METRICS[metric]))
    (asked,) = runner_plan(a_run(document), 1, 1_200).kpis
    assert (asked.metric, asked.direction) == (metric, METRICS[metric].direction)
    if METRICS[metric].versus:
        document = yaml.safe_load(versus_example(metric, METRICS[metric]))
        (asked,) = runner_plan(a_run(document, baseline=BASELINE), 1, 1_200).kpis
        assert asked.versus == "stable"


def test_what_else_the_page_shows_are_kpis() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    shown = [yaml.safe_load(block) for block in blocks]
    kpis = [kpi for each in shown for kpi in (each["kpis"] if isinstance(each, dict) else each)]
    assert len(kpis) > len(METRICS)
    for kpi in kpis:
        Kpi.model_validate(kpi)


def test_the_labelled_example_has_every_metric_of_rows() -> None:
    document = yaml.safe_load((PROJECT / "examples" / "labelled.yaml").read_text())
    spec = document["spec"]
    metrics = {kpi["benchmark"]["metric"] for kpi in spec["kpis"]}
    assert metrics == set(ROW_METRICS)
    document["metadata"] |= {"namespace": "ml", "uid": "u"}
    assert ModelDeployment.model_validate(document).spec.kpis
