"""What was counted on top of what a run began with: its counts are totals."""

from dataclasses import fields

from modelward.benchmark.bounds import CountsError
from modelward.benchmark.counts import Counts
from modelward.judge import UNMEASURED

_STAY = frozenset(
    {"rows", "dispersion", "dispersion_expected", "dispersion_of_shares", "bet", "threshold_micros"}
)
"""What is known before the evidence."""
_OBSERVED = frozenset({"quantile_micros", "baseline_micros"})
"""What is told for people, and does not add up."""


def added(start: Counts, total: Counts) -> Counts:
    """Return what was counted after `start`, where `total` goes on from it.

    Where the dispersion of `start` was only assumed, it may have been measured since; all of
    `total` was counted after that. Raises CountsError where neither is so: counted less, or by
    another calibration or other rows.
    """
    if type(start) is not type(total):
        raise CountsError(f"{type(total).__name__} can't go on from {type(start).__name__}")
    if UNMEASURED in _dispersions(start) and (
        _dispersions(start) != _dispersions(total) or getattr(total, "requests", None) == 0
    ):
        return total
    values: dict[str, int | None] = {}
    for name in (field.name for field in fields(total)):
        before, now = getattr(start, name), getattr(total, name)
        if name in _STAY and before != now:
            raise CountsError(f"{name} was {before} and is {now}, but can't change on the way")
        adds_up = name not in _STAY | _OBSERVED and now is not None
        values[name] = now - before if adds_up else now
    return type(total)(**values)  # type: ignore[arg-type]


def _dispersions(counts: Counts) -> list[int]:
    names = [f.name for f in fields(counts) if f.name.startswith("dispersion")]
    return [value for name in names if (value := getattr(counts, name)) is not None]
