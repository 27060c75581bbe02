"""The page of `modelward benchmark report`: one HTML document that needs nothing else.

Jinja2 escapes what it fills in, which matters here: answers of a model and texts of a pod stand on
the page. The charts are a few lines of SVG in the template, drawn from modelward.cli.charts: so
they follow the page's colours, light or dark, and the page stays a few dozen kilobytes. A plotting
library would bring fixed colours and glyphs as paths, or a megabyte of script.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from jinja2 import Environment, PackageLoader, StrictUndefined

from modelward import __version__
from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.kpi import Kpi, benchmarked
from modelward.api.metrics import METRICS
from modelward.api.values import format_duration, format_number, format_percent, parse_decimal
from modelward.benchmark.explained import Explanation
from modelward.benchmark.log import Details, LoadProfile, Slice
from modelward.benchmark.plan import PlanError
from modelward.cli import charts, marks
from modelward.cli.explain import explained
from modelward.judge import MIN_SLICE_ROWS

_QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class KpiShown:
    """A KPI on the page."""

    name: str
    verdict: str
    reason: str
    value: str
    baseline: str
    objective: str
    interval: str
    samples: str
    effect: str
    sentences: tuple[str, ...]
    odds: str
    hypotheses: str


Row = tuple[str, list[str]]
"""A row of a table: its name, and what it is for each revision."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of load on the page: what the requests to each revision came to."""

    name: str
    title: str
    loads: tuple[LoadProfile, ...]
    charts: tuple[charts.Chart, ...]
    quantiles: list[Row]
    failures: list[Row]


@dataclass(frozen=True)
class SliceShown:
    """A slice on the page."""

    kpi: str
    name: str
    rows: str
    value: str
    is_small: bool
    """True where it has fewer rows than the KPI judges by."""


def page(run: BenchmarkRun, details: Details | None) -> str:
    """Return the page as HTML; `details` is what the log tells, None where there is none."""
    environment = Environment(
        loader=PackageLoader("modelward.cli", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    seen = details or Details()
    stretches = (
        _stretch("load", "Under load", seen.loads, [*marks.of_limits(run)]),
        _stretch("turns", "Beside stable, by turns", seen.turns, [*marks.of_comparisons(run)]),
    )
    return environment.get_template("report.html.j2").render(
        run=run,
        verdict=run.status.verdict or "Unfinished",
        message=run.status.message or "The run has no verdict yet.",
        took=_took(run),
        errs=[
            format_percent(parse_decimal(each))
            for each in (run.spec.judgement.false_promotion, run.spec.judgement.false_rollback)
        ],
        kpis=_kpis(run),
        compared=any(kpi.baseline for kpi in run.status.kpis),
        stretches=[stretch for stretch in stretches if stretch.loads],
        size=charts,
        has_log=details is not None,
        wrong_rows=seen.wrong_rows,
        slices=_slices(run, seen),
        version=__version__,
    )


def _kpis(run: BenchmarkRun) -> list[KpiShown]:
    try:
        why = {each.name: each for each in explained(run)}
    except PlanError:
        why = {}
    effects = {kpi.name: kpi.effect for kpi in run.spec.kpis}
    return [_kpi(each, effects.get(each.name, ""), why.get(each.name)) for each in run.status.kpis]


def _kpi(shown: RunKpiStatus, effect: str, why: Explanation | None) -> KpiShown:
    samples = "" if shown.samples is None else f"{shown.samples:,}"
    if shown.samples and shown.effective_samples not in (None, shown.samples):
        samples += f" (worth {shown.effective_samples:,})"
    odds = ""
    if why and why.promote_odds and why.rollback_odds:
        odds = f"Evidence for promotion {why.promote_odds}, for rollback {why.rollback_odds}."
    return KpiShown(
        name=shown.name,
        verdict=shown.verdict,
        reason=shown.reason or "",
        value=shown.value or "-",
        baseline=shown.baseline or "-",
        objective=shown.objective or "",
        interval=_interval(shown.low or "", shown.high or ""),
        samples=samples or "-",
        effect=effect,
        sentences=why.sentences if why else (),
        odds=odds,
        hypotheses=shown.hypotheses or "",
    )


def _stretch(
    name: str, title: str, loads: tuple[LoadProfile, ...], drawn_marks: list[marks.Mark]
) -> Stretch:
    drawn = (
        charts.latency_chart(loads, drawn_marks),
        charts.throughput_chart(loads),
        charts.slowest_chart(loads),
    )
    return Stretch(
        name,
        title,
        loads,
        tuple(chart for chart in drawn if chart),
        _quantiles(loads),
        _failures(loads),
    )


def _interval(low: str, high: str) -> str:
    """Return an interval, with what both ends are about said once."""
    if not (low and high):
        return "-"
    begin, space, about = low.partition(" ")
    return f"{begin if space and high.endswith(space + about) else low} to {high}"


def _quantiles(loads: tuple[LoadProfile, ...]) -> list[Row]:
    """Return a row for each quantile: its name, and the latency of each revision."""
    rows = []
    for share in _QUANTILES:
        found = [charts.quantile(load, share) for load in loads]
        cells = ["failed" if each is None else charts.duration(each) for each in found]
        rows.append((f"p{share * 100:g}", cells))
    return rows


def _failures(loads: tuple[LoadProfile, ...]) -> list[Row]:
    """Return a row for each reason: the reason, and how often it was so for each revision."""
    reasons = dict.fromkeys(reason for load in loads for reason in load.failures)
    return [(r, [f"{load.failures.get(r, 0):,}" for load in loads]) for r in reasons]


def _slices(run: BenchmarkRun, seen: Details) -> list[SliceShown]:
    """Return the slices, KPI by KPI: those that are judged, the worst first, then the small."""
    declared = {kpi.name: kpi for kpi in benchmarked(run.spec.kpis)}
    shown = [_slice(each, declared[each.kpi]) for each in seen.slices if each.kpi in declared]
    return [found for _, found in sorted(shown, key=lambda each: each[0])]


def _slice(found: Slice, kpi: Kpi) -> tuple[tuple[str, bool, float], SliceShown]:
    """Return how a slice is shown, and where it comes in the order."""
    metric = METRICS[kpi.benchmark.metric]
    is_small = found.rows < (kpi.benchmark.min_rows or MIN_SLICE_ROWS)
    value = Fraction(found.value)
    text = format_percent(value) if metric.unit == "percent" else format_number(value)
    goodness = found.value if metric.direction == "atLeast" else -found.value
    place = (found.kpi, is_small, goodness)
    return place, SliceShown(found.kpi, found.slice, f"{found.rows:,}", text, is_small)


def _took(run: BenchmarkRun) -> str:
    began, ended = run.status.started_at, run.status.finished_at
    if not (began and ended):
        return ""
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return format_duration(Fraction(int(took.total_seconds())))
