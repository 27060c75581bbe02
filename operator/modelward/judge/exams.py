"""Verdicts about exam rows: a finite population, read whole, judged exactly."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

from modelward.judge.verdict import Verdict

_Z = Decimal("1.959963984540054")
"""Two-sided 95% of the normal distribution."""


def exam_verdict(rows: int, read: int, correct: int, at_least: Fraction) -> Verdict:
    """Return whether enough rows of the whole exam were answered as expected.

    The rows are the requirement itself, so the comparison is exact. The interval is for traffic
    that the rows would be a sample of (Wilson 1927, 95%), and does not enter the verdict.
    Raises ValueError for numbers that cannot have been counted.
    """
    if not 0 <= correct <= read <= rows:
        raise ValueError(f"{correct} correct of {read} read of {rows} rows")
    if read == 0:
        return Verdict("Inconclusive", "NotMeasured")
    value = Fraction(correct, read)
    low, high = wilson(correct, read)
    passed = value >= at_least
    return Verdict(
        "Inconclusive" if read < rows else "Pass" if passed else "Fail",
        "NotMeasured" if read < rows else "" if passed else "BelowLimit",
        value=value,
        low=low,
        high=high,
        samples=read,
        effective_samples=read,
    )


def paired_exam_verdict(
    rows: int, read: int, correct: int, baseline: int, lost: int, worse_by_at_most: Fraction
) -> Verdict:
    """Return whether a revision answered no fewer rows as expected than stable, but for a margin.

    Both were asked the same rows: `correct` and `baseline` are the rows that the revision and
    stable had right, `lost` those that stable alone had right. The comparison is exact. The
    interval is for the difference in traffic that the rows would be a sample of (Bonett and Price
    2012, 95%), and does not enter the verdict.
    Raises ValueError for numbers that cannot have been counted.
    """
    won = correct - baseline + lost
    if not (0 <= correct <= read <= rows and 0 <= lost <= baseline and 0 <= won <= read - baseline):
        raise ValueError(
            f"{correct} correct of {read} read of {rows} rows, where stable had {baseline} right "
            f"and {lost} of them alone"
        )
    if read == 0:
        return Verdict("Inconclusive", "NotMeasured")
    low, high = _bonett_price(won, lost, read)
    passed = Fraction(correct - baseline, read) >= -worse_by_at_most
    return Verdict(
        "Inconclusive" if read < rows else "Pass" if passed else "Fail",
        "NotMeasured" if read < rows else "" if passed else "WorseThanStable",
        value=Fraction(correct, read),
        baseline=Fraction(baseline, read),
        low=low,
        high=high,
        samples=read,
        effective_samples=read,
    )


def _bonett_price(won: int, lost: int, total: int) -> tuple[Fraction, Fraction]:
    """Return the 95% interval of the difference between two shares of the same rows."""
    with localcontext(Context(prec=28)):
        n = Decimal(total + 2)
        better, worse = (won + 1) / n, (lost + 1) / n
        middle = better - worse
        spread = _Z * ((better + worse - middle * middle) / n).sqrt()
        low, high = Fraction(middle - spread), Fraction(middle + spread)
    return max(low, Fraction(-1)), min(high, Fraction(1))


def wilson(hits: int, total: int) -> tuple[Fraction, Fraction]:
    """Return Wilson's 95% score interval of a share; `total` is at least 1."""
    with localcontext(Context(prec=28)):
        n, share, z2 = Decimal(total), Decimal(hits) / total, _Z * _Z
        middle = share + z2 / (2 * n)
        spread = _Z * (share * (1 - share) / n + z2 / (4 * n * n)).sqrt()
        low, high = ((middle + sign * spread) / (1 + z2 / n) for sign in (-1, 1))
    return max(Fraction(low), Fraction(0)), min(Fraction(high), Fraction(1))
