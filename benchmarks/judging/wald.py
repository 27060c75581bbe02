"""Error rates, a look at every request: exact, beside Wald's bound and the goals."""

import math
from collections.abc import Iterator
from fractions import Fraction

from benchmarks.judging.report import goal, line, title
from modelward.judge import errors_objective
from modelward.judge.chances import Chances, Ends, rate_chances, stopped

PAIRS = (("0.01", "0.02"), ("0.001", "0.003"), ("0.05", "0.10"))
ALPHAS = (Fraction(1, 20), Fraction(1, 100))
GOALS = {ALPHAS[0]: (1.20, 1.25, 1.25, 1.45), ALPHAS[1]: (1.20, 1.15, 1.15, 1.40)}
QUALITIES = ("half of expected", "as expected", "at the limit", "twice the limit")
HORIZON = 400
"""Requests that are looked at, in expected bad ones at the limit: hardly anything goes on then."""
SLACK = 1e-9


def bound(share: Fraction, null: Fraction, alpha: Fraction) -> float:
    """Return the fewest requests on average that reject a null at a share (Wald 1945)."""
    p, q = float(share), float(null)
    divergence = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    return math.log(1 / alpha) / divergence


def versions(expected: Fraction, limit: Fraction) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the four qualities, each with the null that its verdict rejects."""
    return (expected / 2, limit), (expected, limit), (limit, expected), (2 * limit, expected)


def chances(expected: Fraction, limit: Fraction, alpha: Fraction) -> list[Chances]:
    """Return how each of the four qualities comes out."""
    objective = errors_objective(limit, expected, alpha, alpha)
    return [
        rate_chances(objective, share, math.ceil(HORIZON / limit))
        for share, _ in versions(expected, limit)
    ]


def alone(expected: Fraction, limit: Fraction, alpha: Fraction) -> list[float]:
    """Return the expected requests to the right verdict, where nothing else ends the judgement."""
    objective = errors_objective(limit, expected, alpha, alpha)
    found = []
    for share, null in versions(expected, limit):
        ends = Ends(objective, 100)
        promotes = null == limit

        def one_end(n: int, ends: Ends = ends, promotes: bool = promotes) -> tuple[int, int]:
            good, bad = ends.at(n)
            return (good, n + 1) if promotes else (-1, bad)

        found.append(stopped(one_end, share, math.ceil(HORIZON / limit), 1).mean)
    return found


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield title(
        "Error rates, expected/limit, a look at every request (exact). Requests to any verdict;\n"
        "to the right one alone in multiples of Wald's bound; errors. Each figure beside its goal"
    )
    widths = (20, 22, 22, 22, 22)
    for alpha in ALPHAS:
        for pair in PAIRS:
            expected, limit = Fraction(pair[0]), Fraction(pair[1])
            found = chances(expected, limit, alpha)
            yield line((f"{pair[0]}/{pair[1]} alpha {float(alpha):g}", *QUALITIES), widths)
            requests = tuple(f"{each.mean:,.0f}" for each in found)
            yield line(("requests", *requests), widths)
            bounds = (bound(share, null, alpha) for share, null in versions(expected, limit))
            right = alone(expected, limit, alpha)
            ratios = (mean / least for mean, least in zip(right, bounds, strict=True))
            told = (goal(ratio, most, 2) for ratio, most in zip(ratios, GOALS[alpha], strict=True))
            yield line(("of Wald's bound", *told), widths)
            most = float(alpha) + SLACK
            yield (
                f"false rollback {goal(found[1].rolled_back, most, 4)}; "
                f"false promotion {goal(found[2].promoted, most, 4)}\n"
            )
