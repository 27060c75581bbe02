"""A benchmark whose load is too short comes to no verdict; a retry measures on from there."""

import pytest

from tests.e2e.handbook import assert_documented, quote
from tests.e2e.stage import NAME, Document, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

ERRORS: list[Document] = [
    {"name": "errors", "benchmark": {"metric": "errorRate"}, "objective": {"atMost": "2%"}},
]
"""Some 370 requests without an error show it."""
SHORT: Document = {"rate": "40/s", "for": "2s", "warmUp": "1s"}
LONGER: Document = SHORT | {"for": "15s"}


def runs(stage: Stage) -> list[Document]:
    """Return the runs of version two, oldest first."""
    judged = (
        run for run in stage.get("brun")["items"] if run["spec"]["kpis"][0]["name"] == "errors"
    )
    return sorted(judged, key=lambda run: str(run["metadata"]["name"]))


def evidence(run: Document) -> tuple[int, int]:
    """Return the dispersion and the requests that a run's verdict rests on."""
    dispersion, requests, _ = run["status"]["kpis"][0]["evidence"]
    return dispersion, requests


def until_undecided(stage: Stage, number: int) -> None:
    """Wait until so many runs came to no verdict, and the release waits for a person."""

    def waits(status: Document) -> bool:
        # While a run is fresh, status still tells of the wait before it.
        verdicts = [run.get("status", {}).get("verdict") for run in runs(stage)]
        return status.get("phase") == "Paused" and verdicts == ["Inconclusive"] * number

    stage.until(f"it waits for a person after run {number}", waits)


def test_a_retry_goes_on_with_the_evidence_until_there_is_a_verdict(stage: Stage) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    stage.declare("two", kpis=ERRORS, load=SHORT)
    until_undecided(stage, 1)
    assert_documented("A benchmark comes to no verdict", quote(stage))

    other = f"modelward.dev/retry={stage.status['stable']['revision']}/1"
    stage.kubectl("annotate", "mdep", NAME, "--overwrite", other)
    stage.until("it is refused", lambda _: "NothingToRetry" in stage.reasons())

    stage.verb("retry")
    until_undecided(stage, 2)
    stage.declare("two", kpis=ERRORS, load=LONGER)
    stage.verb("retry")
    stage.verb("retry", "2")
    stage.until_promoted("two")

    first, second, third = runs(stage)
    names = [run["metadata"]["name"] for run in (first, second)]
    assert "continues" not in first["spec"]
    assert [run["spec"]["continues"] for run in (second, third)] == names
    (dispersion, requests), (_, more), (_, most) = map(evidence, (first, second, third))
    assert (requests, more) == (80, 160)
    assert most > more
    assert {evidence(run)[0] for run in (second, third)} == {dispersion}
    assert third["status"]["verdict"] == "Pass"
    assert stage.reasons().count("Retried") == 2
    assert stage.reasons().count("NothingToRetry") == 1
