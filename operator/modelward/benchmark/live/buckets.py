"""From the buckets of classic histograms to the requests of a window that were slow.

A bucket counts the requests that took as long as its bound or less, and the one without a bound
counts all. How many took longer than a limit is known exactly where a bucket ends at the limit, and
nowhere else.

A histogram restarts as a whole. Bucket by bucket one could have begun anew unnoticed and another
not, and their difference would be requests that nobody sent.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from modelward.api.values import format_duration
from modelward.benchmark.live.scrapes import Counted, Pods, Reading, Selector, Series, compared
from modelward.judge.guards import UnusableError

_MILLISECONDS = "_milliseconds_bucket"

Histogram = dict[Fraction | None, Series]
"""Buckets by their bounds in seconds; None is the one that counts all."""


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
    histograms: dict[str, Histogram] = {}
    for each in series:
        histograms.setdefault(each.histogram, {})[_bound(each, unit)] = each
    continued = [_continued(histogram) for histogram in histograms.values()]
    fast = [_ending_at(limit, selector, continued) for limit in limits]
    total = [histogram[None] for histogram in continued]
    return [_turned(each, limits) for each in compared(reading.up, fast, total, pods)]


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


def _continued(histogram: Histogram) -> Histogram:
    """Return buckets that go on counting where the histogram began anew: no sample is smaller."""
    by_time: dict[int, dict[Fraction | None, float]] = {}
    for bound, series in histogram.items():
        for at, value in series.samples:
            by_time.setdefault(at, {})[bound] = value
    before, known = dict.fromkeys(histogram, 0.0), dict.fromkeys(histogram, 0.0)
    found: dict[Fraction | None, list[tuple[int, float]]] = {bound: [] for bound in histogram}
    for at, now in sorted(by_time.items()):
        if now.keys() == known.keys() and min(_between(now)) >= 0:
            pairs = zip(_between(known), _between(now), strict=True)
            if any(later < earlier for earlier, later in pairs):
                before = {bound: count + known[bound] for bound, count in before.items()}
            known = now
        for bound, value in now.items():
            found[bound].append((at, before[bound] + value))
    return {
        bound: replace(series, samples=tuple(found[bound])) for bound, series in histogram.items()
    }


def _between(counts: Mapping[Fraction | None, float]) -> list[float]:
    """Return how many requests took longer than a bucket's bound, and not longer than the next.

    Each is a counter of its own, so that one that is smaller than before shows a restart, where
    the buckets themselves may already be larger.
    """
    bounds = sorted(counts, key=lambda bound: math.inf if bound is None else bound)
    ordered = [counts[bound] for bound in bounds]
    return [later - earlier for earlier, later in pairwise([0.0, *ordered])]


def _ending_at(
    limit: Fraction,
    selector: Selector,
    histograms: Iterable[Histogram],
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


def _turned(fast: Counted, limits: Sequence[Fraction]) -> Counted:
    """Return the slow requests of a window, from those that were not.

    A histogram that is scraped while it counts may show a bucket ahead of a larger one, and then
    more requests beyond the limit than beyond what is expected.
    """
    if fast.problem:
        return fast
    bad, beyond = fast.requests - fast.bad, fast.requests - fast.beyond_expected
    if bad > beyond:
        large, small = (format_duration(limit) for limit in limits)
        return replace(
            fast,
            problem=f"the bucket that ends at {small} counted {fast.beyond_expected} requests, and "
            f"the larger one that ends at {large} only {fast.bad}: it was scraped while it counted",
        )
    return replace(fast, bad=bad, beyond_expected=beyond)
