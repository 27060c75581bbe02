"""Counts of users' requests: added up over windows, and tempered by how much errors scatter."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge.hypotheses import errors_objective, latency_objective
from modelward.judge.live import live_share_verdict, live_verdict
from modelward.judge.livecounts import (
    LiveCounts,
    LiveLatencyCounts,
    LiveShareCounts,
)
from modelward.judge.relative import RelativeObjective

FIVE = Fraction(5, 100)
RATE = errors_objective(Fraction(5, 100), Fraction(1, 100), FIVE, FIVE)
P95 = latency_objective(Fraction(95, 100), True, FIVE, FIVE)
TWICE = RelativeObjective(Fraction(2), FIVE, FIVE)
SIDE = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda s: (max(s), min(s)))
WINDOWS = st.lists(SIDE, max_size=12)


def counted(windows: list[tuple[int, int]]) -> LiveCounts:
    counts = LiveCounts()
    for requests, bad in windows:
        counts = counts.with_window(requests, bad)
    return counts


def shared(windows: list[tuple[tuple[int, int], tuple[int, int]]]) -> LiveShareCounts:
    counts = LiveShareCounts()
    for own, stable in windows:
        counts = counts.with_window(own, stable, TWICE.ratio)
    return counts


def timed(windows: list[tuple[int, int, int]]) -> LiveLatencyCounts:
    counts = LiveLatencyCounts()
    for window in windows:
        counts = counts.with_window(*window)
    return counts


TIMES = st.lists(
    st.tuples(*[st.integers(0, 500)] * 3).map(lambda t: (max(t), min(t), sorted(t)[1])),
    max_size=12,
)


@given(TIMES, TIMES)
def test_slow_requests_of_two_runs_of_a_step_are_those_of_one(
    one: list[tuple[int, int, int]], other: list[tuple[int, int, int]]
) -> None:
    both = timed(one + other)
    assert timed(one) + timed(other) == both
    assert LiveLatencyCounts(*both.to_ints()) == both
    verdict = live_verdict(1, [both], P95)
    assert verdict.low <= verdict.high


@pytest.mark.parametrize(
    ("window", "outcome"),
    [
        ((1_000, 5, 10), ("Pass", "")),  # p95 is within the limit and within expected
        ((1_000, 5, 200), ("Fail", "WorseThanExpected")),  # within the limit, far beyond expected
        ((1_000, 200, 200), ("Fail", "WorseThanExpected")),
        ((1_000, 45, 50), ("Inconclusive", "Undecided")),
        ((20, 0, 0), ("Inconclusive", "Undecided")),
        ((0, 0, 0), ("Inconclusive", "NotMeasured")),
    ],
)
def test_a_quantile_is_promoted_by_its_limit_and_rolled_back_by_what_is_expected(
    window: tuple[int, int, int], outcome: tuple[str, str]
) -> None:
    verdict = live_verdict(1, [timed([window] * 3)], P95)
    assert (verdict.verdict, verdict.reason) == outcome


@pytest.mark.parametrize("expected", ["calm", "wild"])
def test_each_of_the_two_counts_is_tempered_by_its_own_scatter(expected: str) -> None:
    """Rare stretches beyond expected say nothing about the limit, and the other way round."""
    windows = [
        (1_000, 2, 900 if expected == "wild" and number == 7 else 10) for number in range(20)
    ]
    counts = timed(windows)
    assert counts.dispersion == 125
    verdict = live_verdict(1, [counts], P95)
    assert verdict.verdict == "Pass"


@pytest.mark.parametrize("scale", [1, 1_000])
def test_millions_of_slow_requests_are_judged_as_thousands_are(scale: int) -> None:
    counts = timed([(3_000 * scale, 300 * scale, 600 * scale)] * 4)
    assert live_verdict(1, [counts], P95).verdict == "Fail"
    assert counts.rate.requests <= 12_000


@pytest.mark.parametrize("ints", [(1, 0, 9, 4, 0, 3), (1, 0, 9, 1, 0, 10), (1, 0, 9, 1, -1, 2)])
def test_slow_requests_that_cannot_have_been_counted_are_refused(ints: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"beyond the limit|windows"):
        LiveLatencyCounts(*ints)


@given(WINDOWS, WINDOWS)
def test_counts_of_two_runs_of_a_step_are_those_of_one(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    assert counted(one) + counted(other) == counted(one + other)


@given(st.permutations([(300, 4), (100, 0), (50, 50), (200, 7), (10, 1)]))
def test_the_order_of_windows_does_not_matter(windows: list[tuple[int, int]]) -> None:
    assert counted(windows) == counted([(300, 4), (100, 0), (50, 50), (200, 7), (10, 1)])


@pytest.mark.parametrize("requests", [300, 30_000, 3_000_000])
def test_a_version_that_fails_much_fails_in_its_second_window_however_many_requests_there_are(
    requests: int,
) -> None:
    def windows(share: float) -> int:
        window = (requests, round(requests * share))
        judged = (live_verdict(1, [counted([window] * n)], RATE) for n in range(1, 20))
        return 1 + next(n for n, verdict in enumerate(judged) if verdict.verdict == "Fail")

    assert [windows(share) for share in (1.0, 0.3, 0.1)] == [2, 2, 2]


def test_many_windows_that_are_alike_are_hardly_tempered() -> None:
    assert counted([(300, 3)] * 59).rate.limit.dispersion == 125
    assert counted([(300, 3)] * 200).rate.limit.dispersion == 100


def test_bursts_temper_by_their_size() -> None:
    windows = [(300, 5 if number % 5 == 0 else 0) for number in range(100)]
    assert 490 < counted(windows).rate.limit.dispersion < 520


@pytest.mark.parametrize("bad", [3_000, 33_000, 100_000])
def test_millions_of_requests_are_judged_as_thousands_are(bad: int) -> None:
    """Thinned evidence is the same evidence, or a little less of it."""
    few, many = (counted([(3_000 * n, bad * n // 1_000)] * 4) for n in (1, 1_000))
    verdicts = [live_verdict(1, [each], RATE) for each in (few, many)]
    assert verdicts[0].verdict == verdicts[1].verdict
    assert verdicts[1].value == Fraction(bad, 3_000_000)
    assert verdicts[1].samples == 12_000_000


def test_until_sixty_windows_independence_is_assumed() -> None:
    assert live_verdict(1, [counted([(300, 3)] * 59)], RATE).independence_assumed
    assert not live_verdict(1, [counted([(300, 3)] * 60)], RATE).independence_assumed


def test_no_window_says_nothing() -> None:
    for verdict in (
        live_verdict(2, [counted([(300, 0)] * 20), LiveCounts()], RATE),
        live_share_verdict(1, [LiveShareCounts()], TWICE),
    ):
        assert (verdict.verdict, verdict.reason) == ("Inconclusive", "NotMeasured")


@given(st.lists(st.tuples(SIDE, SIDE), max_size=12))
def test_nothing_that_can_be_counted_breaks_a_verdict_versus_stable(
    windows: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    counts = shared(windows)
    verdict = live_share_verdict(1, [counts], TWICE)
    assert verdict.low <= verdict.high
    assert LiveShareCounts(*counts.to_ints()) == counts
    if counts.errors == 0:
        assert verdict.verdict == "Inconclusive"


@pytest.mark.parametrize("share", [1, 10, 50, 90])
def test_a_version_like_stable_passes_at_whatever_share_it_had(share: int) -> None:
    alike = [((share * 10, share), ((100 - share) * 10, 100 - share))] * 8
    assert live_share_verdict(1, [shared(alike)], TWICE).verdict != "Fail"


def test_a_ramp_under_an_outage_of_both_misleads_nobody() -> None:
    """The share grows while both fail more and more: pooled, it would look like twice the rate."""
    ramp = [((100 * n, n * n), (1_000 - 100 * n, (10 - n) * n)) for n in range(1, 10)]
    verdict = live_share_verdict(1, [shared(ramp)], TWICE)
    assert verdict.verdict != "Fail"


@pytest.mark.parametrize("ints", [(1, 0, 3, 4), (-1, 0, 3, 1), (1, -1, 3, 1)])
def test_what_cannot_have_been_counted_is_refused(ints: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"bad ones of|windows"):
        LiveCounts(*ints)


@pytest.mark.parametrize(
    "ints", [(1, 0, 3, 4, 9, 1, 0), (1, 0, 3, 1, 1, 2, 0), (1, 0, 3, 1, 9, 1, 2_001)]
)
def test_shares_that_cannot_have_been_counted_are_refused(ints: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"are bad|bad ones of|thousandths"):
        LiveShareCounts(*ints)
