from fractions import Fraction
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import ShareTest, Tally, evidence

PROMOTE = ShareTest(Fraction(2, 100), Fraction(1, 100), Fraction(5, 100))
ROLLBACK = ShareTest(Fraction(1, 100), Fraction(2, 100), Fraction(5, 100))

alphas = st.sampled_from([Fraction(1, 20), Fraction(1, 100), Fraction(1, 80)])
shares = st.fractions(Fraction(1, 1000), Fraction(1, 2), max_denominator=1000)


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, Tally]:
    requests = draw(st.integers(1, 100_000))
    bad = draw(st.integers(0, requests))
    return requests, Tally(draw(st.integers(100, 5_000)), bad)


def test_clean_requests_reject_the_limit_as_soon_as_wald_says() -> None:
    needed = log(20) / log(0.99 / 0.98)
    assert needed == pytest.approx(295.1, abs=0.1)
    assert not evidence.is_rejected(PROMOTE, 295, Tally(100))
    assert evidence.is_rejected(PROMOTE, 296, Tally(100))


def test_bad_requests_reject_what_is_expected_as_soon_as_wald_says() -> None:
    # Each bad request doubles the likelihood: the fifth is the first beyond 20.
    assert not evidence.is_rejected(ROLLBACK, 4, Tally(100, 4))
    assert evidence.is_rejected(ROLLBACK, 5, Tally(100, 5))


def test_evidence_is_divided_by_the_dispersion() -> None:
    assert not evidence.is_rejected(PROMOTE, 1475, Tally(500))
    assert evidence.is_rejected(PROMOTE, 1476, Tally(500))


def test_no_requests_reject_nothing() -> None:
    assert not evidence.is_rejected(PROMOTE, 0, Tally(100))


@given(counted(), shares, alphas)
def test_the_upper_bound_is_at_most_the_limit_exactly_when_promotion_is_proved(
    counts: tuple[int, Tally], limit: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(limit, limit / 2, alpha)
    bound = evidence.upper_bound(test, requests, tally)
    assert evidence.is_rejected(test, requests, tally) == (bound <= limit)


@given(counted(), shares, alphas)
def test_the_lower_bound_reaches_the_null_exactly_when_rollback_is_proved(
    counts: tuple[int, Tally], null: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(null, min(2 * null, (1 + null) / 2), alpha)
    bound = evidence.lower_bound(test, requests, tally)
    assert evidence.is_rejected(test, requests, tally) == (bound >= null)


@given(counted(), shares, alphas)
def test_the_observed_share_lies_between_the_bounds(
    counts: tuple[int, Tally], limit: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    low = evidence.lower_bound(ShareTest(limit, (1 + limit) / 2, alpha), requests, tally)
    high = evidence.upper_bound(ShareTest(limit, limit / 2, alpha), requests, tally)
    assert 0 <= low <= Fraction(tally.bad, requests) <= high <= 1


@given(counted(), alphas)
def test_one_more_bad_request_never_helps_a_promotion(
    counts: tuple[int, Tally], alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(Fraction(1, 10), Fraction(1, 20), alpha)
    more = Tally(tally.dispersion, min(tally.bad + 1, requests))
    if evidence.is_rejected(test, requests, more):
        assert evidence.is_rejected(test, requests, tally)


@given(counted(), alphas)
def test_more_dispersion_never_proves_more(counts: tuple[int, Tally], alpha: Fraction) -> None:
    requests, tally = counts
    more = Tally(tally.dispersion + 100, tally.bad)
    for test in (PROMOTE, ROLLBACK):
        if evidence.is_rejected(test, requests, more):
            assert evidence.is_rejected(test, requests, tally)


@pytest.mark.parametrize(
    ("null", "alternative", "alpha"),
    [("0", "1/2", "1/20"), ("1", "1/2", "1/20"), ("1/2", "0", "1/20"), ("1/2", "1", "1/20"),
     ("1/2", "1/4", "0"), ("1/2", "1/4", "1"), ("1/2", "1/2", "1/20")],
)  # fmt: skip
def test_hypotheses_that_nothing_can_decide_are_refused(
    null: str, alternative: str, alpha: str
) -> None:
    with pytest.raises(ValueError, match=r"null|alternative|alpha"):
        ShareTest(Fraction(null), Fraction(alternative), Fraction(alpha))
