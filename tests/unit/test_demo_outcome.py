"""The demo says that all came out right only when it did."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from examples.demo.narrator import has_ended, status_line
from examples.demo.outcome import checks, client_rows, kpi_rows
from examples.demo.versions import BETTER, BROKEN, GOOD, INTACT, versions
from modelward.api.modeldeployment import ModelDeployment
from tests.e2e.clients.report import Report

REVISIONS = {"1": "aaaa", "2": "bbbb", "3": "cccc"}


def stood(wanted: str, stable: str, failed: str | None = None, **status: object) -> ModelDeployment:
    """Return the resource as it stood after the release of `wanted`."""
    kpi = {
        "name": "accuracy",
        "subject": REVISIONS[wanted],
        "value": "79.44%",
        "objective": "at least 92%",
        "verdict": "Fail" if failed else "Pass",
        "samples": 360,
    }
    document = {v.name: v for v in (GOOD, BETTER, BROKEN)}[wanted].manifest()
    document["metadata"] |= {"uid": "u", "generation": 7}
    document["status"] = {
        "observedGeneration": 7,
        "phase": "Degraded" if failed else "Healthy",
        "stable": {"revision": REVISIONS[stable], "version": stable},
        "kpis": [kpi],
    } | status
    if failed:
        reason = {"revision": REVISIONS[failed], "version": failed, "reason": "accuracy"}
        document["status"]["failedRevision"] = reason
    return ModelDeployment.model_validate(document)


def saw(client: str = "new", **members: Any) -> Report:  # noqa: ANN401 - members of Report
    seen = Report(client, client, sent=3000, answered={"1": 1000, "2": 2000})
    return replace(seen, **members)


AS_PLANNED = {"1": stood("1", "1"), "2": stood("2", "2"), "3": stood("3", "2", failed="3")}
BOTH = [saw("new"), saw("kept")]


def test_all_came_out_right() -> None:
    assert all(check.holds for check in checks(AS_PLANNED, BOTH))


@pytest.mark.parametrize(
    ("releases", "reports", "broken"),
    [
        ({}, [], "version 1 became stable"),
        ({"1": stood("1", "1")}, BOTH, "version 2 was promoted"),
        (AS_PLANNED | {"3": stood("3", "3")}, BOTH, "version 3 was rolled back by its accuracy"),
        (AS_PLANNED | {"3": stood("3", "3")}, BOTH, "version 2 serves after that"),
        (AS_PLANNED, [], "no request failed"),
        (AS_PLANNED, [saw(failed=1), saw("kept")], "no request failed"),
        (AS_PLANNED, [saw(sent=2999), saw("kept")], "each client sent at least 3,000 requests"),
        (AS_PLANNED, [saw(answered={"1": 3000}), saw("kept")], "both clients met versions 1 and 2"),
        (
            AS_PLANNED,
            [saw(answered={"1": 1, "2": 1, "3": 1}), saw("kept")],
            "no user met version 3",
        ),
    ],
)
def test_what_came_out_otherwise_is_named(
    releases: dict[str, ModelDeployment], reports: list[Report], broken: str
) -> None:
    assert broken in [check.statement for check in checks(releases, reports) if not check.holds]


def test_a_rollback_for_another_reason_is_not_the_one_that_was_to_be_shown() -> None:
    aborted = {"revision": "cccc", "version": "3", "reason": "Aborted"}
    releases = AS_PLANNED | {"3": stood("3", "2", failedRevision=aborted)}
    statements = [check.statement for check in checks(releases, BOTH) if not check.holds]
    assert statements == ["version 3 was rolled back by its accuracy"]


def test_the_tables_tell_values_verdicts_and_who_answered() -> None:
    rows = kpi_rows(AS_PLANNED)
    assert ("3", "accuracy", "79.44%", "at least 92%", "Fail", "360") in rows
    heading, first, _ = client_rows([saw(slowest=0.0415, latest=0.002), saw("kept")], AS_PLANNED)
    assert "BY 2 (bbbb)" in heading
    assert first == ("new", "3,000", "0", "1,000", "2,000", "0", "0", "42 ms", "2 ms")


def test_a_release_has_ended_only_when_the_status_is_about_this_version() -> None:
    assert has_ended(AS_PLANNED["2"], "2")
    assert not has_ended(AS_PLANNED["2"], "3")
    assert not has_ended(stood("2", "1", observedGeneration=6), "2")
    assert not has_ended(stood("2", "1", phase="Progressing"), "2")


def test_only_version_and_arguments_differ_between_versions() -> None:
    first, third = GOOD.manifest(), BROKEN.manifest()
    text = json.dumps(third).replace("/models/3", "/models/1")
    assert json.loads(text.replace('"version": "3"', '"version": "1"')) == first


def test_version_3_is_broken_unless_it_is_asked_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_BREAK", raising=False)
    assert versions() == (GOOD, BETTER, BROKEN)
    monkeypatch.setenv("DEMO_BREAK", "0")
    assert versions() == (GOOD, BETTER, INTACT)


def test_a_status_line_names_who_serves_and_who_is_judged() -> None:
    candidate = {"revision": "bbbb", "version": "2"}
    line = status_line(stood("2", "1", candidate=candidate, weight="50/50", kpiSummary="2/3"))
    assert re.split(" {2,}", line)[-3:] == ["stable: 1", "candidate: 2, weight 50/50", "KPIs 2/3"]
