"""Precision, recall and F1 of one label: exact errors with a look at each row, and guards."""

import functools
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.benchmark.rowcounts import UNITS, ValueCounts
from modelward.judge import (
    ClassTally,
    ExamObjective,
    Measured,
    Ratio,
    ValueObjective,
    classes,
    ratio_decision,
    ratio_value,
    ratio_verdict,
    value_decision,
)
from tests.unit.test_judge_exact import chance_of

RATIOS: tuple[Ratio, ...] = get_args(Ratio)
SHARES = st.fractions(Fraction(1, 100), 1, max_denominator=100)
ROWS = 14


def decides(ratio: Ratio, objective: ExamObjective, rows: tuple[int, ...]) -> str:
    hits, _, misses = rows
    return ratio_decision(ClassTally(ROWS, sum(rows), hits, misses), ratio, objective)[0]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("limit", [Fraction(7, 10), Fraction(1)])
def test_a_part_of_the_rows_disagrees_with_all_of_them_as_seldom_as_declared(
    ratio: Ratio, limit: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every set of rows, whatever part of them has the label, in every order."""
    monkeypatch.setattr(classes, "READ_WHOLE", 0)
    alpha = Fraction(1, 20)
    objective = ExamObjective(limit, alpha, alpha)
    verdict = functools.cache(functools.partial(decides, ratio, objective))
    for hits in range(ROWS + 1):
        for others in range(ROWS + 1 - hits):
            misses = ROWS - hits - others
            wrong = "Fail" if ratio_value(ratio, hits, misses) >= limit else "Pass"
            sizes = (hits, others, misses)
            assert chance_of(wrong, sizes, verdict) <= alpha + Fraction("1e-9"), sizes


@st.composite
def tallies(draw: st.DrawFn) -> ClassTally:
    sampled = draw(st.booleans())
    rows = draw(st.integers(1, 20_000))
    read = draw(st.integers(0, 3 * rows if sampled else rows))
    hits = draw(st.integers(0, read))
    return ClassTally(rows, read, hits, draw(st.integers(0, read - hits)), sampled)


@settings(max_examples=500)
@given(tally=tallies(), ratio=st.sampled_from(RATIOS), limit=SHARES)
def test_no_counts_pass_wrongly_or_fail_to_be_judged(
    tally: ClassTally, ratio: Ratio, limit: Fraction
) -> None:
    if tally.sampled and limit == 1:
        return  # refused by the API server
    objective = ExamObjective(limit, Fraction(1, 20), Fraction(1, 20))
    verdict = ratio_verdict(tally, ratio, objective)
    assert (verdict.verdict, verdict.reason) == ratio_decision(tally, ratio, objective)
    if verdict.value is None:
        assert tally.read == 0
        return
    if verdict.verdict == "Pass":
        assert tally.hits
        assert verdict.value >= limit
    if verdict.verdict == "Fail":
        assert verdict.value < limit
    if tally.is_whole:
        assert verdict.verdict == ("Pass" if verdict.value >= limit else "Fail")
    assert 0 <= verdict.low <= verdict.high <= 1
    if tally.hits + tally.misses and not tally.sampled:
        assert verdict.low <= verdict.value <= verdict.high


@pytest.mark.parametrize(
    ("ratio", "value"), [("precision", "3/4"), ("recall", "3/4"), ("f1", "6/7")]
)
def test_f1_counts_hits_twice(ratio: Ratio, value: str) -> None:
    assert ratio_value(ratio, 3, 1) == Fraction(value)
    assert ratio_value(ratio, 0, 0) == 0


@pytest.mark.parametrize(
    ("value", "more_is_better", "unanswered", "needs_all", "outcome"),
    [
        ("0.92", True, 0, False, "Pass"),
        ("0.91999999", True, 0, False, "Fail"),
        ("0.92", False, 0, False, "Pass"),
        ("0.920001", False, 0, False, "Fail"),
        ("0.5", False, 1, False, "Pass"),
        ("0.5", False, 1, True, "Fail"),
    ],
)
def test_a_value_of_all_rows_is_compared_with_its_limit(
    value: str, more_is_better: bool, unanswered: int, needs_all: bool, outcome: str
) -> None:
    objective = ValueObjective(Fraction("0.92"), more_is_better, needs_all)
    assert value_decision(Measured(100, unanswered, Fraction(value)), objective)[0] == outcome


DECIMALS = st.decimals(0, 1_000, places=6).map(Fraction)
VALUES = st.fractions(0, 1_000, max_denominator=10**9) | DECIMALS


@settings(max_examples=500)
@given(
    value=VALUES,
    stable=st.none() | VALUES,
    limit=DECIMALS,
    more_is_better=st.booleans(),
    near=st.booleans(),
)
def test_a_value_that_travelled_as_an_integer_is_judged_as_the_exact_one(
    value: Fraction, stable: Fraction | None, limit: Fraction, more_is_better: bool, near: bool
) -> None:
    if near:  # within a part of a unit of the limit, on either side
        value = abs(limit + (value - 500) / 10**10 + (stable or 0))
    objective = ValueObjective(limit, more_is_better)
    exact = value_decision(Measured(9, 0, value, stable), objective)
    units = UNITS["number"]
    sent = ValueCounts.of(9, 0, value, stable, units=units, more_is_better=more_is_better)
    received = ValueCounts(*sent.to_ints())
    baseline = None if received.baseline is None else Fraction(received.baseline, units)
    found = Measured(9, 0, Fraction(received.value, units), baseline)
    assert value_decision(found, objective) == exact
