"""Error probabilities and requests to a verdict, exactly: all outcomes weighed."""

import functools
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import errors_objective
from modelward.judge.population import (
    Requirement,
    difference_at_least,
    f1_at_least,
    is_certain,
    is_shown,
    ratio_at_least,
    share_at_least,
)
from tests.unit.judge_exact import exact, exam_ends, wald

CASES = [
    pytest.param(Fraction(expected), Fraction(limit), alpha, id=f"{expected}/{limit}-{alpha}")
    for expected, limit in ((".01", ".02"), (".001", ".003"), (".05", ".10"))
    for alpha in (Fraction(1, 20), Fraction(1, 100))
]
HORIZON = 300
"""Requests after which nearly every run has its verdict, in expected bad ones at the limit."""
GOALS = {Fraction(1, 20): (1.20, 1.25, 1.45), Fraction(1, 100): (1.20, 1.15, 1.40)}
"""Requests to a verdict over Wald's bound: at half of expected, at the boundaries, beyond."""


@pytest.mark.parametrize(("expected", "limit", "alpha"), CASES)
def test_no_error_is_more_probable_than_declared_with_a_look_at_every_request(
    expected: Fraction, limit: Fraction, alpha: Fraction
) -> None:
    objective = errors_objective(limit, expected, alpha, alpha)
    assert exact(objective, limit, int(HORIZON / limit)).promoted <= alpha + Fraction("1e-9")
    assert exact(objective, expected, int(HORIZON / limit)).rolled_back <= alpha + Fraction("1e-9")


@pytest.mark.parametrize(("expected", "limit", "alpha"), CASES)
def test_verdicts_take_hardly_more_requests_than_any_test_must(
    expected: Fraction, limit: Fraction, alpha: Fraction
) -> None:
    objective = errors_objective(limit, expected, alpha, alpha)
    half, boundary, twice = GOALS[alpha]
    for share, null, goal in (
        (expected / 2, limit, half),
        (expected, limit, boundary),
        (limit, expected, boundary),
        (2 * limit, expected, twice),
    ):
        requests = exact(objective, share, int(HORIZON / limit)).requests
        assert requests <= goal * wald(share, null, alpha), (share, null)


TWENTIETH = Fraction(1, 20)
AT_LEAST = share_at_least(Fraction(92, 100))
QUALITIES = (".98", ".94", ".93", ".92", ".91", ".90", ".87")
GOLDEN_ROWS = {
    200: (0.35, 0.80, 0.91, 0.97, 0.87, 0.77, 0.51),
    1000: (0.10, 0.53, 0.79, 0.97, 0.79, 0.56, 0.22),
}
"""Part of the rows that is read on average, by their number, for each quality."""


def decides(requirement: Requirement, total: int, alpha: Fraction, classes: tuple[int, ...]) -> str:
    if not is_shown(requirement, total, classes, alpha):
        return "Inconclusive"
    return "Pass" if requirement.surplus(classes) >= 0 else "Fail"


@pytest.mark.parametrize("rows", GOLDEN_ROWS)
def test_golden_rows_are_read_no_further_than_the_table_says(rows: int) -> None:
    @functools.cache
    def decide(read: int, right: int) -> str:
        return decides(AT_LEAST, rows, TWENTIETH, (right, read - right))

    for share, part in zip(QUALITIES, GOLDEN_ROWS[rows], strict=True):
        right = int(rows * Fraction(share))
        ends, read = exam_ends(rows, right, decide)
        assert read / rows <= part + 0.03, share
        wrong = "Fail" if right >= rows * Fraction("0.92") else "Pass"
        assert ends.get(wrong, 0) <= TWENTIETH + Fraction("1e-9"), share


@pytest.mark.parametrize(
    "requirement",
    [difference_at_least(Fraction(1, 10)), f1_at_least(Fraction(7, 10)),
     ratio_at_least(Fraction(8, 10)), difference_at_least(Fraction(0))],
    ids=["difference", "f1", "precision", "no worse"],
)  # fmt: skip
@pytest.mark.parametrize("alpha", [TWENTIETH, Fraction(1, 4)])
def test_rows_of_three_classes_disagree_with_the_full_pass_as_seldom_as_declared(
    requirement: Requirement, alpha: Fraction
) -> None:
    """Every set of 16 rows, read in every order."""
    total = 16
    verdict = functools.cache(functools.partial(decides, requirement, total, alpha))
    for best in range(total + 1):
        for middle in range(total + 1 - best):
            sizes = (best, middle, total - best - middle)
            wrong = "Fail" if requirement.surplus(sizes) >= 0 else "Pass"
            assert chance_of(wrong, sizes, verdict) <= alpha + Fraction("1e-9"), sizes


def chance_of(
    wrong: str, sizes: tuple[int, ...], verdict: Callable[[tuple[int, ...]], str]
) -> float:
    going: dict[tuple[int, ...], float] = {(0,) * len(sizes): 1.0}
    chance = 0.0
    for read in range(sum(sizes)):
        after: defaultdict[tuple[int, ...], float] = defaultdict(float)
        for classes, mass in going.items():
            for i, size in enumerate(sizes):
                if size > classes[i]:
                    more = tuple(n + (i == j) for j, n in enumerate(classes))
                    after[more] += mass * (size - classes[i]) / (sum(sizes) - read)
        chance += sum(mass for classes, mass in after.items() if verdict(classes) == wrong)
        going = {classes: m for classes, m in after.items() if verdict(classes) == "Inconclusive"}
    return chance


@given(st.data())
def test_a_full_pass_is_certain(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 5_000))
    right = data.draw(st.integers(0, total))
    requirement = share_at_least(data.draw(st.fractions("0.01", 1, max_denominator=1_000)))
    assert is_certain(requirement, total, (right, total - right))
