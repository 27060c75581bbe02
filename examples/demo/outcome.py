"""What the demo has shown: the tables, and whether it all came out as it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelward.api.modeldeployment import ModelDeployment
from tests.e2e.clients.report import Report

REQUESTS = 3000
ACCURACY = "accuracy"

Row = tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A statement about the demo, and whether it is true."""

    statement: str
    holds: bool


def judged_revision(version: str, deployment: ModelDeployment) -> str:
    """Return the revision that `version` had in this release."""
    status = deployment.status
    for revision in (status.failed_revision, status.candidate, status.stable):
        if revision and revision.version == version:
            return revision.revision
    return "none"


def kpi_rows(releases: Mapping[str, ModelDeployment]) -> list[Row]:
    """Return the table of what was measured, version by version."""
    rows: list[Row] = [("VERSION", "KPI", "VALUE", "OBJECTIVE", "VERDICT", "SAMPLES")]
    for version, deployment in releases.items():
        revision = judged_revision(version, deployment)
        for kpi in deployment.status.kpis:
            if kpi.subject == revision:
                verdict = " ".join(filter(None, (kpi.verdict, kpi.reason)))
                cells = (version, kpi.name, kpi.value, kpi.objective, verdict, kpi.samples)
                rows.append(tuple("-" if cell in (None, "") else str(cell) for cell in cells))
    return rows


def client_rows(reports: Sequence[Report], releases: Mapping[str, ModelDeployment]) -> list[Row]:
    """Return the table of what the clients saw."""
    answered = [f"BY {v} ({judged_revision(v, release)})" for v, release in releases.items()]
    rows: list[Row] = [
        ("CLIENT", "SENT", "FAILED", *answered, "REOPENED", "SLOWEST", "SENT LATE BY")
    ]
    for report in reports:
        by_version = (f"{report.answered.get(version, 0):,}" for version in releases)
        counts = (f"{report.sent:,}", str(report.failed), *by_version, str(report.reopened))
        times = (f"{seconds * 1000:.0f} ms" for seconds in (report.slowest, report.latest))
        rows.append((report.client, *counts, *times))
    return rows


def checks(releases: Mapping[str, ModelDeployment], reports: Sequence[Report]) -> list[Check]:
    """Return what must be true of a demo that came out right."""
    return [
        Check("version 1 became stable", _serves(releases.get("1"), "1")),
        Check("version 2 was promoted", _serves(releases.get("2"), "2")),
        Check(f"version 3 was rolled back by its {ACCURACY}", _rolled_back(releases.get("3"), "3")),
        Check("version 2 serves after that", _serves(releases.get("3"), "2")),
        Check(f"each client sent at least {REQUESTS:,} requests", _all_sent(reports)),
        Check("no request failed", bool(reports) and all(not r.failed for r in reports)),
        Check("both clients met versions 1 and 2", all({"1", "2"} <= met for met in _met(reports))),
        Check("no user met version 3", all("3" not in met for met in _met(reports))),
    ]


def _serves(deployment: ModelDeployment | None, version: str) -> bool:
    if deployment is None or deployment.status.stable is None:
        return False
    return deployment.status.stable.version == version


def _rolled_back(deployment: ModelDeployment | None, version: str) -> bool:
    if deployment is None or deployment.status.failed_revision is None:
        return False
    failed = deployment.status.failed_revision
    verdicts = {kpi.name: kpi.verdict for kpi in deployment.status.kpis}
    by_accuracy = failed.reason == ACCURACY and verdicts.get(ACCURACY) == "Fail"
    return failed.version == version and by_accuracy


def _all_sent(reports: Sequence[Report]) -> bool:
    return bool(reports) and all(report.sent >= REQUESTS for report in reports)


def _met(reports: Sequence[Report]) -> list[set[str]]:
    return [set(report.answered) for report in reports] or [set()]
