"""`modelward judge` about a latency that is compared with stable's."""

import json
import random

import pytest

from tests.unit.judge_command import Ask
from tests.unit.kpis import latency

SLOWER = latency("p90", "slower", versus="stable", worseByAtMost="10%")


def pairs(times: float, requests: int = 6_000) -> list[str]:
    """Return requests that take `times` as long as those like stable's."""
    rng = random.Random(1)
    found = []
    for _ in range(requests):
        ours, stables = (f"{factor * rng.lognormvariate(4, 0.3):.3f}ms" for factor in (times, 1.0))
        found.append(json.dumps({"latency": ours, "stable": {"latency": stables}}))
    return found


@pytest.mark.parametrize(("times", "code"), [(1.0, 0), (2.0, 1)])
def test_a_replay_ends_as_the_comparison_would_have(ask: Ask, times: float, code: int) -> None:
    ended, out, _ = ask("replay", [SLOWER], "--json", lines=pairs(times))
    (kpi,) = json.loads(out)["kpis"]
    assert ended == code
    assert kpi["verdict"] == ("Pass" if code == 0 else "Fail")
    assert kpi["reached"]["samples"] >= 600 + kpi["samples"]


def test_a_replay_without_stables_latency_says_nothing_of_it(ask: Ask) -> None:
    ended, out, _ = ask("replay", [SLOWER], "--json", lines=['{"latency": "90ms"}'] * 700)
    (kpi,) = json.loads(out)["kpis"]
    assert (ended, kpi["verdict"], kpi["reason"]) == (2, "NotApplicable", "NoStable")


def test_counts_do_not_tell_a_threshold(ask: Ask) -> None:
    line = '{"kpi": "slower", "requests": 10, "lost": 1, "won": 0, "both": 0}'
    ended, _, err = ask("replay", [SLOWER], lines=[line])
    assert ended == 64
    assert "line 1: KPI slower compares latencies: give requests" in err
