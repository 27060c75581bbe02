from fractions import Fraction
from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import ShareTest, Tally, evidence

PROMOTE = ShareTest(Fraction(2, 100), Fraction(1, 100), Fraction(5, 100))
ROLLBACK = ShareTest(Fraction(1, 100), Fraction(2, 100), Fraction(5, 100))

alphas = st.sampled_from([Fraction(1, 20), Fraction(1, 100), Fraction(1, 80)])
shares = st.fractions(Fraction(1, 1000), Fraction(1, 2), max_denominator=1000)


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, Tally]:
    requests = draw(st.integers(1, 3_000))
    bad = draw(st.integers(0, requests))
    return requests, Tally(draw(st.integers(100, 900)), bad)


def test_clean_requests_reject_the_limit_sooner_than_the_likelihood_ratio_alone() -> None:
    # Wald's ratio alone needs ln 20 / ln(.99 / .98) = 295.1 of them; no test can with fewer than
    # ln 20 / -ln .98 = 148.3.
    assert not evidence.is_rejected(PROMOTE, 220, Tally(100))
    assert evidence.is_rejected(PROMOTE, 221, Tally(100))


def test_bad_requests_reject_what_is_expected() -> None:
    assert not evidence.is_rejected(ROLLBACK, 2, Tally(100, 2))
    assert evidence.is_rejected(ROLLBACK, 3, Tally(100, 3))
    assert not evidence.is_rejected(ROLLBACK, 17, Tally(100, 3))


def test_evidence_is_divided_by_the_dispersion() -> None:
    assert not evidence.is_rejected(PROMOTE, 881, Tally(500))
    assert evidence.is_rejected(PROMOTE, 882, Tally(500))
    whole = evidence.tempered(PROMOTE, 400, Tally(100, 1))
    assert float(evidence.tempered(PROMOTE, 400, Tally(200, 1))) == pytest.approx(
        float(whole) / 2, abs=0.01
    )


@pytest.mark.parametrize(("bad", "good"), [(0, 221), (3, 509), (40, 3_800)])
def test_evidence_is_half_a_likelihood_ratio_and_half_a_mixture(bad: int, good: int) -> None:
    """The mixture by numbers: a sum over shares in the middle of thin slices."""
    for test in (PROMOTE, ROLLBACK):
        null, alternative = float(test.null), float(test.alternative)
        low, high = (0.0, null) if alternative < null else (null, 1.0)
        slices = 20_000
        width = (high - low) / slices
        shares = [low + (i + 0.5) * width for i in range(slices)]
        prior = [(1 - p) ** (1 / alternative - 2) for p in shares]
        ratios = [exp(bad * log(p / null) + good * log((1 - p) / (1 - null))) for p in shares]
        mixture = sum(a * b for a, b in zip(prior, ratios, strict=True)) / sum(prior)
        ratio = (alternative / null) ** bad * ((1 - alternative) / (1 - null)) ** good
        told = evidence.tempered(test, bad + good, Tally(100, bad))
        assert float(told) == pytest.approx(min(log((mixture + ratio) / 2), 16.81), abs=0.011)


def test_no_requests_reject_nothing() -> None:
    assert not evidence.is_rejected(PROMOTE, 0, Tally(100))


@settings(max_examples=50, deadline=None)
@given(counted(), shares, alphas)
def test_the_upper_bound_is_at_most_the_limit_exactly_when_promotion_is_proved(
    counts: tuple[int, Tally], limit: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(limit, limit / 2, alpha)
    bound = evidence.upper_bound(test, requests, tally)
    assert evidence.is_rejected(test, requests, tally) == (bound <= limit)


@settings(max_examples=50, deadline=None)
@given(counted(), shares, alphas)
def test_the_lower_bound_reaches_the_null_exactly_when_rollback_is_proved(
    counts: tuple[int, Tally], null: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(null, min(2 * null, (1 + null) / 2), alpha)
    bound = evidence.lower_bound(test, requests, tally)
    assert evidence.is_rejected(test, requests, tally) == (bound >= null)


@settings(max_examples=50, deadline=None)
@given(counted(), shares, alphas)
def test_the_observed_share_lies_between_the_bounds(
    counts: tuple[int, Tally], limit: Fraction, alpha: Fraction
) -> None:
    requests, tally = counts
    low = evidence.lower_bound(ShareTest(limit, (1 + limit) / 2, alpha), requests, tally)
    high = evidence.upper_bound(ShareTest(limit, limit / 2, alpha), requests, tally)
    assert 0 <= low <= Fraction(tally.bad, requests) <= high <= 1


@settings(max_examples=50, deadline=None)
@given(counted(), alphas)
def test_one_more_bad_request_never_helps_a_promotion(
    counts: tuple[int, Tally], alpha: Fraction
) -> None:
    requests, tally = counts
    test = ShareTest(Fraction(1, 10), Fraction(1, 20), alpha)
    more = Tally(tally.dispersion, min(tally.bad + 1, requests))
    if evidence.is_rejected(test, requests, more):
        assert evidence.is_rejected(test, requests, tally)


@settings(max_examples=50, deadline=None)
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
