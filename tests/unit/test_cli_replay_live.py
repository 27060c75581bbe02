"""`modelward judge replay` on windows of users' requests."""

import json
from pathlib import Path

import pytest

from tests.unit.judge_command import ERRORS, Ask
from tests.unit.live_world import LIVE_ERRORS, LIVE_LATENCY, QUEUE, VERSUS_STABLE

STEPS = [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "5m", "upTo": "10m"}]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    return Ask(tmp_path, capsys, monkeypatch)


def window(kpi: str, requests: int, bad: int, **more: object) -> str:
    return json.dumps({"kpi": kpi, "requests": requests, "bad": bad} | more)


def beside(requests: int, bad: int) -> dict[str, object]:
    return {"stable": {"requests": requests, "bad": bad}}


ERRORS_LINE, FAILING_LINE = window("errors", 300, 1), window("errors", 300, 90)
ALIKE = window("errors-vs-stable", 100, 1, **beside(900, 9))
WORSE = window("errors-vs-stable", 100, 20, **beside(900, 9))
QUICK = window("latency", 300, 1, beyondExpected=9)
SLOW = window("latency", 300, 1, beyondExpected=200)


@pytest.mark.parametrize(
    ("kpi", "lines", "code", "verdict", "reached"),
    [
        (LIVE_ERRORS, [ERRORS_LINE] * 10, 0, "Pass", 1),
        (LIVE_ERRORS, [FAILING_LINE] * 10, 1, "Fail", 2),
        (LIVE_ERRORS, [FAILING_LINE], 2, "Inconclusive", None),
        (LIVE_ERRORS, [], 2, "Inconclusive", None),
        (LIVE_LATENCY, [QUICK] * 10, 0, "Pass", 1),
        (LIVE_LATENCY, [SLOW] * 10, 1, "Fail", 2),
        (VERSUS_STABLE, [ALIKE] * 100, 0, "Pass", 17),
        (VERSUS_STABLE, [WORSE] * 30, 1, "Fail", 4),
    ],
)
def test_windows_are_judged_as_a_weight_step_judges_them(
    ask: Ask,
    kpi: dict[str, object],
    lines: list[str],
    code: int,
    verdict: str,
    reached: int | None,
) -> None:
    ended, out, _ = ask("replay", [kpi], "--json", lines=lines, rollout={"steps": STEPS})
    (shown,) = json.loads(out)["kpis"]
    assert (ended, shown["verdict"]) == (code, verdict)
    assert (shown["reached"] and shown["reached"]["line"]) == reached


def test_a_fail_ends_the_step_and_a_pass_must_hold_at_its_end(ask: Ask) -> None:
    failed = [FAILING_LINE] * 2 + [ERRORS_LINE] * 100
    code, out, _ = ask("replay", [LIVE_ERRORS], "--json", lines=failed)
    assert code == 1
    assert json.loads(out)["kpis"][0]["samples"] == 600
    taken_back = [ERRORS_LINE] * 5 + [window("errors", 300, 60)]
    code, out, _ = ask("replay", [LIVE_ERRORS], "--json", lines=taken_back)
    assert code == 2
    assert json.loads(out)["kpis"][0]["reached"] is None


def test_more_weight_steps_share_the_probability_of_a_false_rollback(ask: Ask) -> None:
    """What is just shown to be worse in a release of one step is not yet in one of fifteen."""
    lines = [window("errors", 300, 30)] * 2
    many = STEPS[:1] + [{"weight": 50, "for": "5m", "upTo": "10m"}] * 15
    assert ask("replay", [LIVE_ERRORS], lines=lines, rollout={"steps": STEPS})[0] == 1
    assert ask("replay", [LIVE_ERRORS], lines=lines, rollout={"steps": many})[0] == 2


def test_users_requests_and_those_of_a_benchmark_are_told_side_by_side(ask: Ask) -> None:
    load = [window("load", 10, 0)] * 120
    kpis = [ERRORS | {"name": "load"}, LIVE_ERRORS, QUEUE]
    code, out, _ = ask("replay", kpis, lines=[*load, *[ERRORS_LINE] * 10])
    assert code == 0
    assert "every gate passes" in out
    assert "queue" not in out


@pytest.mark.parametrize(
    ("kpi", "line", "told"),
    [
        (LIVE_ERRORS, window("errors", 9, 1, **beside(9, 1)), 'counts of KPI errors are "bad"'),
        (
            VERSUS_STABLE,
            window("errors-vs-stable", 9, 1),
            'counts of KPI errors-vs-stable are "bad", and "stable" with "requests" and "bad"',
        ),
        (
            LIVE_LATENCY,
            window("latency", 9, 3, beyondExpected=1),
            'counts of KPI latency are "bad" and at least as many "beyondExpected"',
        ),
        (
            LIVE_LATENCY,
            window("latency", 9, 0),
            "beyondExpected is missing, and KPI latency has expected: say how many requests took",
        ),
        (VERSUS_STABLE, window("errors-vs-stable", 9, 1, **beside(2, 3)), "more bad requests of"),
        (
            VERSUS_STABLE,
            window("errors-vs-stable", 9, 1, stable={"requests": 9, "bad": 1, "lost": 1}),
            "stable.lost is not known here",
        ),
        (ERRORS, window("errors", 9, 1, **beside(9, 1)), 'counts of KPI errors are "bad"'),
    ],
)
def test_counts_of_another_kind_are_named_by_their_line(
    ask: Ask, kpi: dict[str, object], line: str, told: str
) -> None:
    code, out, err = ask("replay", [kpi], lines=["", line])
    assert (code, out) == (64, "")
    assert "line 2: " in err
    assert told in err
