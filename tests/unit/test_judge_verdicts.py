from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import (
    ExamObjective,
    RateCounts,
    RowCounts,
    Tally,
    errors_objective,
    exam_verdict,
    latency_objective,
    rate_verdict,
    slices_decision,
)

FIVE = Fraction(5, 100)
ERRORS = errors_objective(Fraction(2, 100), Fraction(1, 100), FIVE, FIVE)
ERRORS_WITHOUT_EXPECTED = errors_objective(Fraction(2, 100), None, FIVE, FIVE)
LATENCY = latency_objective(Fraction(95, 100), False, FIVE, FIVE)
LATENCY_WITH_EXPECTED = latency_objective(Fraction(95, 100), True, FIVE, FIVE)
INDEPENDENT = 126


def at_least(limit: Fraction) -> ExamObjective:
    return ExamObjective(limit, FIVE, FIVE)


def errors(requests: int, bad: int, windows: int = 60, phi: int = INDEPENDENT) -> RateCounts:
    return RateCounts(windows, requests, Tally(phi, bad))


def test_promotion_tests_limit_against_expected_and_rollback_expected_against_its_double() -> None:
    assert ERRORS.describe() == "promote: 2% against 1%, roll back: 1% against 2%"


def test_where_nothing_is_expected_both_tests_stand_at_the_limit() -> None:
    text = ERRORS_WITHOUT_EXPECTED.describe()
    assert text == "promote: 2% against 1%, roll back: 2% against 4%"


def test_an_expected_latency_is_a_count_of_its_own() -> None:
    text = LATENCY_WITH_EXPECTED.describe()
    assert text == (
        "promote: 5% against 2.5%, roll back: 5% against 10% of requests beyond expected"
    )


@pytest.mark.parametrize(
    ("null", "alternative"), [("0.2", "0.4"), ("0.3", "0.5"), ("0.5", "0.75"), ("0.6", "0.8")]
)
def test_twice_a_share_is_at_most_a_half_and_always_more_than_the_share(
    null: str, alternative: str
) -> None:
    objective = errors_objective(Fraction(null), None, FIVE, FIVE)
    assert objective.rollback.alternative == Fraction(alternative)


@pytest.mark.parametrize(("limit", "expected"), [("0", None), ("1", None), ("0.02", "0")])
def test_a_share_that_no_number_of_requests_proves_is_refused(
    limit: str, expected: str | None
) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        errors_objective(Fraction(limit), Fraction(expected) if expected else None, FIVE, FIVE)


@pytest.mark.parametrize(
    ("counts", "verdict", "reason"),
    [
        (errors(0, 0), "Inconclusive", "Uncalibrated"),
        (errors(0, 0, windows=59), "Inconclusive", "NotMeasured"),
        (errors(200, 2), "Inconclusive", "Undecided"),
        (errors(600, 2), "Pass", ""),
        (errors(100, 8), "Fail", "WorseThanExpected"),
    ],
)
def test_an_error_rate_is_judged_by_what_was_counted(
    counts: RateCounts, verdict: str, reason: str
) -> None:
    result = rate_verdict(counts, ERRORS)
    assert (result.verdict, result.reason) == (verdict, reason)
    assert result.samples == counts.requests
    assert result.effective_samples == counts.requests * 100 // INDEPENDENT
    assert not result.independence_assumed or counts.requests == 0


def test_a_failure_without_expected_is_beyond_the_limit() -> None:
    assert rate_verdict(errors(100, 20), ERRORS_WITHOUT_EXPECTED).reason == "BeyondLimit"


def test_with_too_few_calibration_windows_errors_are_judged_as_if_independent_and_say_so() -> None:
    result = rate_verdict(errors(600, 2, windows=59), ERRORS)
    assert (result.verdict, result.independence_assumed) == ("Pass", True)


@pytest.mark.parametrize(("requests", "bad"), [(600, 0), (600, 600), (0, 0)])
def test_with_too_few_calibration_windows_a_latency_is_inconclusive(
    requests: int, bad: int
) -> None:
    result = rate_verdict(errors(requests, bad, windows=59), LATENCY)
    assert (result.verdict, result.reason) == ("Inconclusive", "Uncalibrated")


def test_requests_beyond_expected_roll_back_a_version_within_its_limit() -> None:
    counts = RateCounts(60, 400, Tally(INDEPENDENT, 2), Tally(INDEPENDENT, 60))
    result = rate_verdict(counts, LATENCY_WITH_EXPECTED)
    assert (result.verdict, result.reason) == ("Fail", "WorseThanExpected")
    assert result.value == Fraction(2, 400)


def test_a_verdict_does_not_depend_on_the_decimal_context_around_it() -> None:
    expected = rate_verdict(errors(600, 2), ERRORS)
    with localcontext() as context:
        context.prec = 3
        assert rate_verdict(errors(600, 2), ERRORS) == expected
        assert exam_verdict(RowCounts(200, 200, 187), at_least(Fraction("0.92"))).low > Fraction(
            "0.89"
        )
    assert Decimal(1) / 3 != Decimal("0.333")


@given(st.integers(0, 3000), st.data())
def test_the_interval_never_contradicts_the_verdict(requests: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, requests // data.draw(st.sampled_from([1, 10, 50]))))
    phi = data.draw(st.integers(100, 900))
    result = rate_verdict(errors(requests, bad, phi=phi), ERRORS)
    assert result.low <= Fraction(bad, max(requests, 1)) <= result.high
    proved = result.reason in ("WorseThanExpected", "Uncalibrated")
    assert (result.low >= Fraction(1, 100)) == (proved and requests > 0)
    if not proved:
        assert (result.high <= Fraction(2, 100)) == (result.verdict == "Pass")


@pytest.mark.parametrize("counts", [(100, 101, 100), (-1, -1, 125), (10, 5, 99)])
def test_counts_that_cannot_have_been_counted_are_refused(counts: tuple[int, int, int]) -> None:
    requests, bad, phi = counts
    with pytest.raises(ValueError, match=r"bad ones|dispersion"):
        RateCounts(60, requests, Tally(phi, bad))


def test_exam_rows_are_compared_exactly() -> None:
    # 0.28 * 25 is 7.000000000000001 in binary floats.
    assert exam_verdict(RowCounts(25, 25, 7), at_least(Fraction("0.28"))).verdict == "Pass"
    assert exam_verdict(RowCounts(25, 25, 6), at_least(Fraction("0.28"))).reason == "BelowLimit"


def test_an_exam_is_judged_only_when_all_rows_were_read() -> None:
    result = exam_verdict(RowCounts(200, 199, 199), at_least(Fraction("0.5")))
    assert (result.verdict, result.reason) == ("Inconclusive", "NotMeasured")
    assert exam_verdict(RowCounts(200, 0, 0), at_least(Fraction("0.5"))).value is None


def a_slice(rows: int, correct: int, read: int | None = None) -> RowCounts:
    return RowCounts(rows, rows if read is None else read, correct)


@pytest.mark.parametrize(
    ("slices", "outcome", "named"),
    [
        ({"a": a_slice(300, 290), "b": a_slice(200, 184)}, "Pass", ["a", "b"]),
        ({"a": a_slice(300, 290), "b": a_slice(200, 183)}, "Fail", ["b"]),
        ({"a": a_slice(300, 290), "b": a_slice(199, 0)}, "Pass", ["a"]),
        ({"a": a_slice(300, 290), "b": a_slice(200, 150, read=150)}, "Inconclusive", ["b"]),
        ({"a": a_slice(199, 199)}, "Inconclusive", []),
    ],
)
def test_the_worst_slice_decides_if_it_has_rows_enough(
    slices: dict[str, RowCounts], outcome: str, named: list[str]
) -> None:
    assert slices_decision(slices, at_least(Fraction("0.92"))) == (outcome, named)


def test_each_of_k_slices_fails_at_a_kth_of_the_error_probability() -> None:
    """A large slice that is read in part: alone it fails, as one of forty it does not yet."""
    part = a_slice(5_000, 124, read=150)
    assert slices_decision({"a": part}, at_least(Fraction("0.92")))[0] == "Fail"
    others = {str(i): a_slice(300, 300) for i in range(39)}
    assert slices_decision(others | {"a": part}, at_least(Fraction("0.92")))[0] == "Inconclusive"


def test_the_interval_beside_an_exam_is_for_traffic() -> None:
    result = exam_verdict(RowCounts(200, 200, 187), at_least(Fraction("0.92")))
    assert result.verdict == "Pass"
    assert float(result.low) == pytest.approx(0.8920, abs=5e-5)
    assert float(result.high) == pytest.approx(0.9616, abs=5e-5)


@pytest.mark.parametrize("counts", [(10, 11, 5), (10, 5, 6), (10, 5, -1)])
def test_exam_counts_that_cannot_have_been_counted_are_refused(
    counts: tuple[int, int, int],
) -> None:
    with pytest.raises(ValueError, match="correct of"):
        RowCounts(*counts)
