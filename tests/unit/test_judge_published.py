"""The judge beside published values and an independent implementation, PyPI's ville."""

import math
from decimal import localcontext
from fractions import Fraction

import pytest
import ville
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import ShareTest, Tally, evidence
from modelward.judge.decimals import CONTEXT, ln_gamma, to_decimal
from modelward.judge.guards import mismatch
from modelward.judge.population import Requirement, ln_mixture, share_at_least, told

HALF = Fraction(1, 2)


def log_of_mixture(prior: tuple[int, int], bad: int, good: int, null: Fraction) -> float:
    """Return the log-evidence of a whole beta mixture against a share."""
    mixture = ln_mixture([Fraction(a) for a in prior], (bad, good))
    return float(mixture) - bad * math.log(null) - good * math.log(1 - null)


def test_a_uniform_mixture_of_70_in_100_against_a_half_is_the_published_one() -> None:
    assert math.exp(log_of_mixture((1, 1), 70, 30, HALF)) == pytest.approx(427.306647, abs=1e-5)


@pytest.mark.parametrize(("requests", "value"), [((20, 60), 4.212180), ((40, 60), 0.658892)])
def test_a_mismatch_of_shares_is_the_published_one(requests: tuple[int, int], value: float) -> None:
    assert float(mismatch(requests, (HALF, HALF))) == pytest.approx(value, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(1, 30), st.integers(1, 99))
def test_whole_mixtures_are_those_of_ville(rows: list[bool], weight: int, percent: int) -> None:
    null = Fraction(percent, 100)
    theirs = ville.BernoulliTest(float(null), prior=(1.0, weight)).fit(rows).log_e_values_[-1]
    ours = log_of_mixture((1, weight), sum(rows), len(rows) - sum(rows), null)
    assert ours == pytest.approx(theirs, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(0, 20), st.sampled_from([".01", ".02", ".1"]))
def test_mixtures_on_both_sides_of_a_null_make_up_that_of_ville(
    good: int, bad: int, alternative: str
) -> None:
    """The prior's mass on a side times its mixture, for both sides."""
    null = Fraction(3, 100)
    weight = 1 / Fraction(alternative) - 1
    rows = [1] * bad + [0] * good
    theirs = ville.BernoulliTest(float(null), prior=(1.0, float(weight))).fit(rows)
    with localcontext(CONTEXT):
        enough = to_decimal(Fraction(10) ** 80)
        above = (1 - to_decimal(null)) ** to_decimal(weight)
        ours = above * evidence._above(null, weight, bad, good, enough)
        ours += (1 - above) * evidence._below(null, weight, bad, good, enough)
    assert float(ours.ln()) == pytest.approx(theirs.log_e_values_[-1], abs=1e-5)


@given(st.fractions(Fraction(1, 100), 10**7))
def test_the_logarithm_of_the_gamma_function_is_that_of_the_standard_library(x: Fraction) -> None:
    with localcontext(CONTEXT):
        assert float(ln_gamma(to_decimal(x))) == pytest.approx(math.lgamma(x), rel=1e-12, abs=1e-9)


def test_evidence_of_a_sample_is_its_mixture_over_the_likelihood_at_the_limit() -> None:
    requirement = share_at_least(Fraction(92, 100))
    assert isinstance(requirement, Requirement)
    expected = float(ln_mixture(requirement.prior, (480, 20)))
    expected -= 480 * math.log(0.92) + 20 * math.log(0.08)
    assert float(told(requirement, None, (480, 20))) == pytest.approx(expected, abs=0.006)


def test_evidence_is_the_mean_of_a_likelihood_ratio_and_a_mixture() -> None:
    test = ShareTest(Fraction(2, 100), Fraction(1, 100), Fraction(1, 20))
    with localcontext(CONTEXT):
        enough = to_decimal(Fraction(10) ** 80)
        mixture = float(evidence._below(test.null, Fraction(99), 1, 299, enough))
    ratio = 0.5 * (0.99 / 0.98) ** 299
    told_log = float(evidence.tempered(test, 300, Tally(100, 1)))
    assert told_log == pytest.approx(math.log((mixture + ratio) / 2), abs=0.006)
