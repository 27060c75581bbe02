"""What a BenchmarkRun says to people: what happened, to which KPI, and what to do."""

from collections.abc import Sequence

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.modeldeployment import Kpi

_ADVICE = {
    "NotMeasured": "not measured before time was up; raise the step's upTo",
    "Undecided": "undecided; a longer load would decide it (load.for), or a wider gap "
    "between expected and the limit",
    "Uncalibrated": "load ended before calibration did: it takes 60 windows, and more where bad "
    "requests come in long stretches; raise load.for and the step's upTo, or lower load.rate if "
    "the server is busy",
    "Unreachable": "not measured, the benchmark pod could not reach what it measures",
    "DatasetInvalid": "not measured, a data set can't be used",
    "NotDeterministic": "not judged, the same rows were answered differently the second time; for "
    "a model that answers at random, say rows: sample of the data set",
    "GeneratorLagged": "not judged, the benchmark pod could not keep its schedule; lower "
    "load.rate, or give it more CPU (benchmarkPod.resources)",
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
    exams = {kpi.name for kpi in kpis if kpi.benchmark.metric == "accuracy"}
    return "; ".join(_failed(gate, gate.name in exams) for gate in gates if gate.verdict == "Fail")


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


def _failed(gate: RunKpiStatus, is_exam: bool) -> str:
    share = f"{gate.samples} {'rows' if is_exam else 'requests'}"
    share += f", where stable has {gate.baseline}" if gate.baseline else ""
    worse = "shown to be worse than expected" if gate.reason == "WorseThanExpected" else "too bad"
    how = f"not enough: {gate.objective}" if is_exam else f"{worse}: {gate.objective}"
    return f"{gate.name} is {gate.value} on {share}, {how}"
