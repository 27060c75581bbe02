"""What a BenchmarkRun says to people: what happened, to which KPI, and what to do."""

from collections.abc import Sequence

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.metrics import METRICS
from modelward.api.modeldeployment import Kpi
from modelward.benchmark.jobs import is_value, metric_of

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
    "NotDeterministic": "not judged, the same rows were answered differently the second time; for "
    "a model that answers at random, say rows: sample of the data set",
    "RowsUnfit": "not judged, the data set's rows are not what the metric needs",
    "ClassMissing": "not judged, the data set has no rows of a label that the metric needs",
    "SlicesTooSmall": "not judged, no slice has enough rows; lower minRows, or add rows",
    "StableUnanswered": "not compared, stable left rows without a number",
    "GeneratorLagged": "not judged, the sender could not keep its schedule; lower load.rate, or "
    "give it more CPU (benchmarkPod.resources)",
}


def advice(reason: str) -> str:
    """Return what a reason for Inconclusive means and what to do; itself where nothing is known."""
    return _ADVICE.get(reason, reason)


def passed(gates: Sequence[RunKpiStatus]) -> str:
    """Return what a run says whose gates all passed."""
    told = [f"{k.name} {k.value} ({k.objective})" for k in gates if k.verdict == "Pass"]
    return "Every gate holds: " + ", ".join(told)


def failed(gates: Sequence[RunKpiStatus], kpis: Sequence[Kpi]) -> str:
    """Return what a run says of the gates that failed."""
    declared = {kpi.name: kpi for kpi in kpis}
    return "; ".join(_failed(gate, declared[gate.name]) for gate in gates if gate.verdict == "Fail")


def inconclusive(gates: Sequence[RunKpiStatus], hint: str) -> str:
    """Return what a run says whose gates are not all decided; `hint` is the pod's own."""
    if not gates:
        return "no KPI is a gate, so that there is nothing to decide"
    told: dict[str, list[str]] = {}
    for gate in gates:
        if gate.verdict == "Inconclusive":
            told.setdefault(gate.reason or "Undecided", []).append(gate.name)
    parts = [f"{', '.join(names)}: {advice(why)}" for why, names in told.items()]
    return "; ".join(parts + [hint] * bool(hint))


def _failed(gate: RunKpiStatus, kpi: Kpi) -> str:
    if gate.reason == "RowsUnanswered":
        return f"{gate.name} ({gate.objective}) has no value: rows were left without a number"
    what = "not enough" if kpi.objective.at_least else "too much"
    if is_value(kpi):
        return f"{gate.name} is {gate.value}, {what}: {gate.objective}"
    metric = METRICS[metric_of(kpi)]
    of_rows = metric.source == "rows"
    share = f"{gate.samples} {'rows' if of_rows else 'requests'}"
    share += f", in the slice {gate.slice}" if gate.slice else ""
    share += f", where stable has {gate.baseline}" if gate.baseline else ""
    how = "shown to be worse than expected" if gate.reason == "WorseThanExpected" else "too bad"
    if of_rows:
        how = "not enough" if metric.direction == "atLeast" else "too much"
    return f"{gate.name} is {gate.value} on {share}, {how}: {gate.objective}"
