"""Golden rows: which part of them is read before the verdict is known (exact)."""

import functools
from collections.abc import Iterator
from fractions import Fraction

from benchmarks.judging.report import goal, line, title
from modelward.judge import Outcome
from modelward.judge.chances import rows_read
from modelward.judge.exams import READ_WHOLE
from modelward.judge.population import is_shown, share_at_least

ALPHA = Fraction(1, 20)
LIMIT = Fraction(92, 100)
REQUIREMENT = share_at_least(LIMIT)
QUALITIES = (".98", ".94", ".93", ".92", ".91", ".90", ".87")
TABLE = {
    200: (0.35, 0.80, 0.91, 0.97, 0.87, 0.77, 0.51),
    1_000: (0.10, 0.53, 0.79, 0.97, 0.79, 0.56, 0.22),
    10_000: (0.01, 0.13, 0.38, 0.96, 0.40, 0.16, 0.03),
}
"""What a beta-binomial mixture over the worst null likelihood reads."""
ROOM = 0.03


def decide(rows: int, read: int, right: int) -> Outcome:
    """Return what rows that were read say about all of them."""
    classes = (right, read - right)
    if not is_shown(REQUIREMENT, rows, classes, ALPHA):
        return "Inconclusive"
    return "Pass" if REQUIREMENT.surplus(classes) >= 0 else "Fail"


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield title("Golden rows, atLeast 92% at 5% (exact): part of the rows that is read, and errors")
    widths = (16, *(20 for _ in QUALITIES))
    yield line(("rows", *(f"true {quality}" for quality in QUALITIES)), widths)
    for rows, goals in TABLE.items():
        rule = functools.cache(functools.partial(decide, rows))
        parts, errors = [], []
        for quality, most in zip(QUALITIES, goals, strict=True):
            right = int(rows * Fraction(quality))
            found = rows_read(rule, rows, right)
            parts.append(goal(found.mean / rows, most + ROOM, 2))
            wrong = found.rolled_back if right >= rows * LIMIT else found.promoted
            errors.append(goal(wrong, float(ALPHA) + 1e-9, 4))
        yield line((f"{rows:,} read", *parts), widths)
        yield line(("  wrong", *errors), widths)
    yield f"Data sets of fewer than {READ_WHOLE:,} rows are read whole all the same: without error."
