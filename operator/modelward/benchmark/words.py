"""What a BenchmarkRun says to people: what happened, to which KPI, and what to do."""

from collections.abc import Iterable, Iterator, Sequence

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.kpi import is_of_requests
from modelward.api.metrics import METRICS
from modelward.api.modeldeployment import Kpi
from modelward.benchmark.jobs import is_value, metric_of
from modelward.benchmark.repeated import samples, unjudged
from modelward.judge.calibration import MARGIN_OF_STRETCHES, STRETCHES

_IN_STRETCHES = STRETCHES * MARGIN_OF_STRETCHES
"""The least dispersion of requests that don't look independent."""

_ADVICE = {
    "NotMeasured": "not measured before time was up; raise the step's upTo",
    "Undecided": "undecided; a longer load would decide it (load.for), or a wider gap "
    "between expected and the limit",
    "Interrupted": "no verdict before it was interrupted",
    "Uncalibrated": "load ended before calibration did: it takes 60 windows, and more where bad "
    "requests come in long stretches; raise load.for and the step's upTo, or lower load.rate if "
    "the server is busy",
    "NotJudged": "only shown: no test of a rate with known error probabilities is at hand",
    "Unreachable": "not measured, the server could not be reached",
    "DatasetInvalid": "not measured, a data set can't be used",
    "RowsUnfit": "not judged, the data set's rows are not what the metric needs",
    "ClassMissing": "not judged, the data set has no rows of a label that the metric needs",
    "SlicesTooSmall": "not judged, no slice has enough rows; lower minRows, or add rows",
    "StableUnanswered": "not compared, stable left rows without a number",
    "GeneratorLagged": "not judged, the sender could not keep its schedule; lower load.rate, or "
    "give it more CPU (benchmarkPod.resources)",
}
_JOB_ADVICE = {
    "NotMeasured": "not measured: job {job} left it out of its result; its log may say why",
    "Undecided": "undecided; more requests of job {job} would decide it, or a wider gap between "
    "expected and the limit",
    "Uncalibrated": "it looks too bad, but job {job} did not say how its bad requests clump, and "
    "an assumed dispersion rolls nothing back; let it report one (docs/evidence.md)",
}


_SAMPLE_UNDECIDED = (
    "undecided, the draws don't show on which side of the limit the answers are; raise the step's "
    "upTo where that ended them, or add rows: there are ten draws for each, and a thousand at least"
)


def advice(kpi: Kpi, reason: str, repeats: Sequence[int] | None = None) -> str:
    """Return what a reason for Inconclusive means and what to do; itself where nothing is known.

    `repeats` is what status says about answers that differ.
    """
    if kpi.job and reason in _JOB_ADVICE:
        return _JOB_ADVICE[reason].format(job=kpi.job.name)
    if reason == "NotDeterministic":
        return unjudged(kpi, repeats)
    if reason == "Undecided" and kpi.row_kind:
        return _SAMPLE_UNDECIDED
    return _ADVICE.get(reason, reason)


def passed(gates: Sequence[RunKpiStatus], kpis: Sequence[Kpi]) -> str:
    """Return what a run says whose gates all passed."""
    hold = [gate for gate in gates if gate.verdict == "Pass"]
    told = ", ".join(f"{gate.name} {gate.value} ({gate.objective})" for gate in hold)
    return "; ".join([f"Every gate holds: {told}", *samples(hold, kpis), *_stretches(hold, kpis)])


def failed(gates: Sequence[RunKpiStatus], kpis: Sequence[Kpi]) -> str:
    """Return what a run says of the gates that failed."""
    declared = {kpi.name: kpi for kpi in kpis}
    fail = [gate for gate in gates if gate.verdict == "Fail"]
    told = [_failed(gate, declared[gate.name]) for gate in fail]
    return "; ".join([*told, *samples(fail, kpis), *_stretches(fail, kpis)])


def inconclusive(gates: Sequence[RunKpiStatus], kpis: Sequence[Kpi], hint: str) -> str:
    """Return what a run says whose gates are not all decided; `hint` is the pod's own."""
    if not gates:
        return "no KPI is a gate, so that there is nothing to decide"
    declared = {kpi.name: kpi for kpi in kpis}
    undecided = [gate for gate in gates if gate.verdict == "Inconclusive"]
    told: dict[str, list[str]] = {}
    for gate in undecided:
        why = advice(declared[gate.name], gate.reason or "Undecided", gate.repeats)
        told.setdefault(why, []).append(gate.name)
    parts = [f"{', '.join(names)}: {why}" for why, names in told.items()]
    noted = [*samples(undecided, kpis), *_stretches(undecided, kpis)]
    return "; ".join([*parts, *noted, *[hint] * bool(hint)])


def _stretches(gates: Iterable[RunKpiStatus], kpis: Iterable[Kpi]) -> Iterator[str]:
    """Say of which gates the requests are worth so much less than their number, and why."""
    of_requests = {kpi.name for kpi in kpis if is_of_requests(kpi)}
    for gate in gates:
        samples, worth = gate.samples or 0, gate.effective_samples or 0
        is_measured = gate.name in of_requests and samples and not gate.independence_assumed
        if is_measured and samples >= _IN_STRETCHES * worth:
            yield (
                f"bad requests seem to come in stretches, so that the {samples} of {gate.name} "
                f"count as {worth} independent ones"
            )


def _failed(gate: RunKpiStatus, kpi: Kpi) -> str:
    if gate.reason == "RowsUnanswered":
        return f"{gate.name} ({gate.objective}) has no value: rows were left without a number"
    what = "not enough" if kpi.objective.at_least else "too much"
    if is_value(kpi):
        return f"{gate.name} is {gate.value}, {what}: {gate.objective}"
    metric = METRICS[metric_of(kpi)]
    of_rows = metric.source == "rows"
    share = f"{gate.samples} {'rows' if of_rows else 'requests'}"
    share += f" in the slice {gate.slice}" if gate.slice else ""
    share += f", where stable has {gate.baseline}" if gate.baseline else ""
    how = "shown to be worse than expected" if gate.reason == "WorseThanExpected" else "too bad"
    if of_rows:
        how = "not enough" if metric.direction == "atLeast" else "too much"
    return f"{gate.name} is {gate.value} on {share}, {how}: {gate.objective}"
