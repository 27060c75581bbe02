"""Alerts and dashboard: tried by promtool, and on a Prometheus that scrapes a real operator."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelward.cluster.reference import families
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.prometheus import OBSERVABILITY, Prometheus, dashboard, rules, scraping
from tests.apiserver.story import two_promoted_and_one_rolled_back
from tests.apiserver.waiting import until
from tests.cluster.local.layout import write_json
from tests.cluster.provider import Cluster

pytestmark = [pytest.mark.apiserver, pytest.mark.usefixtures("prometheus_installed")]

Start = Callable[..., OperatorProcess]

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "alerts.yaml"
GRID = 24
QUIET = {"modelward_cache_corrections_total", "workqueue_retries_total"}
"""Counters of what does not happen in a story where all goes well."""


def _alerts() -> list[dict[str, Any]]:
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def _panels() -> Iterator[dict[str, Any]]:
    for panel in dashboard()["panels"]:
        if panel["type"] != "row":
            yield panel


def _queries() -> list[str]:
    """What the panels ask, with Grafana's variables filled in."""
    found = (target["expr"] for panel in _panels() for target in panel["targets"])
    return [e.replace("$namespace", ".*").replace("$__rate_interval", "1m") for e in found]


def _names(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(re.findall(r"\b(?:modelward|workqueue|process)_\w+", expression))


def _known() -> set[str]:
    """All names that the operator's registry can tell."""
    return {sample.name for family in families() for sample in family.samples}


def test_the_rules_are_taken_and_every_alert_has_its_case(tmp_path: Path) -> None:
    write_json(tmp_path / "rules.yaml", rules())
    shutil.copy(CASES, tmp_path)
    for command in (("check", "rules", "rules.yaml"), ("test", "rules", CASES.name)):
        result = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
    tests = yaml.safe_load(CASES.read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert fired == {alert["alert"] for alert in _alerts()}


def test_grafana_and_the_prometheus_operator_read_the_manifests_by_their_own_models() -> None:
    result = subprocess.run(
        ["go", "run", "-mod=readonly", ".", str(OBSERVABILITY)],
        cwd=ROOT / "tests" / "cluster" / "go" / "observability",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_and_panels_name_only_metrics_that_there_are() -> None:
    asked = [alert["expr"] for alert in _alerts()] + _queries()
    assert set().union(*map(_names, asked)) <= _known()


def test_every_alert_leads_to_a_section_that_says_what_to_do() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    headings = {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")}
    for alert in _alerts():
        path, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert path == "docs/operations.md"
        assert anchor == alert["alert"].lower()
        assert alert["alert"] in headings


def test_panels_lie_beside_each_other_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= GRID
        taken |= cells
    for panel in _panels():
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_the_component_adds_to_an_installation(control_plane: Cluster) -> None:
    """Built as an overlay would: in the operator's namespace, with the dashboard as a ConfigMap."""
    text = control_plane.kubectl("kustomize", str(OBSERVABILITY)).stdout
    kinds = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert set(kinds) == {"PodMonitor", "PrometheusRule", "ConfigMap"}
    (deployment,) = yaml.safe_load_all((ROOT / "manifests/base/deployment.yaml").read_text())
    monitor = kinds["PodMonitor"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    (endpoint,) = monitor["podMetricsEndpoints"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}


async def test_a_prometheus_that_scrapes_an_operator_answers_every_panel_and_fires_the_alert(
    kube: Kube, namespace: str, controllers: Controllers, start_operator: Start, tmp_path: Path
) -> None:
    operator = start_operator()
    with scraping([operator.port], tmp_path) as prometheus:
        story = await two_promoted_and_one_rolled_back(kube, namespace, controllers)
        failed = (await story.now())["status"]["failedRevision"]
        alert = await until(lambda: _firing(prometheus), "an alert")
        assert alert["labels"] | {"revision": failed["revision"]} == alert["labels"]
        assert alert["labels"]["alertname"] == "ModelwardReleaseRolledBack"
        assert f"{namespace}/fraud was rolled back (accuracy)" in alert["annotations"]["summary"]
        (promoted,) = prometheus.query('sum(modelward_releases_total{outcome="Promoted"})')
        assert promoted["value"][1] == "2"
        controllers.ending = lambda _: None
        await story.serve("4")
        await until(lambda: _release_under_way(prometheus), "a release under way to be scraped")
        _check_rules(prometheus)
        _check_panels(prometheus)


async def _firing(prometheus: Prometheus) -> dict[str, Any] | None:
    alerts = prometheus.ask("alerts")["alerts"]
    return next((alert for alert in alerts if alert["state"] == "firing"), None)


async def _release_under_way(prometheus: Prometheus) -> bool:
    return bool(prometheus.query("modelward_modeldeployment_step_started_timestamp_seconds"))


def _check_rules(prometheus: Prometheus) -> None:
    evaluated = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in evaluated} == {alert["alert"] for alert in _alerts()}
    assert {(rule["health"], rule.get("lastError")) for rule in evaluated} == {("ok", None)}


def _check_panels(prometheus: Prometheus) -> None:
    """Every query is one that Prometheus takes, and each of its metrics has been scraped."""
    scraped = set(prometheus.ask("label/__name__/values"))
    for query in _queries():
        prometheus.query(query)
        assert _names(query) <= scraped | QUIET, query
