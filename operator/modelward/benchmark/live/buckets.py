"""From the buckets of classic histograms to the requests of a window that were slow.

A bucket counts the requests that took as long as its bound or less, and the one without a bound
counts all. How many took longer than a limit is known exactly where a bucket ends at the limit, and
nowhere else.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from modelward.api.values import format_duration
from modelward.benchmark.live.scrapes import Counted, Pods, Reading, Selector, Series, compared
from modelward.judge.guards import UnusableError

_MILLISECONDS = "_milliseconds_bucket"


def slow(
    reading: Reading, selector: Selector, limits: Sequence[Fraction], pods: Pods
) -> list[Counted]:
    """Return what the pods of a revision counted, from scrape to scrape of each target.

    `limits`, in seconds, are the limit of the KPI, and what is expected where it says that.
    Raises UnusableError where no sample can be evidence, and where no bucket ends at a limit; the
    message names the pod.
    """
    series = [s for s in reading.counters.get(selector, ()) if pods.has(s.pod)]
    unit = Fraction(1, 1000) if _name(selector).endswith(_MILLISECONDS) else Fraction(1)
    histograms: dict[str, dict[Fraction | None, Series]] = {}
    for each in series:
        histograms.setdefault(each.histogram, {})[_bound(each, unit)] = each
    fast = [_ending_at(limit, selector, histograms.values()) for limit in limits]
    total = [buckets[None] for buckets in histograms.values()]
    return [_turned(each) for each in compared(reading.up, fast, total, pods)]


def _name(selector: Selector) -> str:
    return selector.partition("{")[0]


def _bound(series: Series, unit: Fraction) -> Fraction | None:
    """Return the bound of a bucket in seconds; None of the one that counts all."""
    try:
        bound = float(series.le or "")
        return None if bound == math.inf else Fraction(series.le or "") * unit
    except ValueError as error:
        what = f"le={series.le}" if series.le else "no label le"
        raise UnusableError(
            f"pod {series.pod}: {series.name} has {what}: name the buckets of a histogram"
        ) from error


def _ending_at(
    limit: Fraction,
    selector: Selector,
    histograms: Iterable[dict[Fraction | None, Series]],
) -> list[Series]:
    """Return the bucket of each histogram that ends at the limit."""
    found: list[Series] = []
    for buckets in histograms:
        pod = next(iter(buckets.values())).pod
        if None not in buckets:
            raise UnusableError(
                f"pod {pod}: {selector} has no bucket +Inf, which counts all requests: leave le out"
            )
        if limit not in buckets:
            bounds = [format_duration(b) for b in sorted(filter(None, buckets)) if b > 0]
            raise UnusableError(
                f"pod {pod}: no bucket of {_name(selector)} ends at {format_duration(limit)}, so "
                "that nobody knows how many requests took longer: say one of "
                f"{', '.join(bounds) or 'its bounds, of which there are none'}"
            )
        found.append(buckets[limit])
    return found


def _turned(fast: Counted) -> Counted:
    """Return the slow requests of a window, from those that were not."""
    if fast.problem:
        return fast
    return replace(
        fast,
        bad=fast.requests - fast.bad,
        beyond_expected=fast.requests - fast.beyond_expected,
    )
