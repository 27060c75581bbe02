"""What status keeps of rows that were asked twice, and what people are told of it."""

from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.api.values import parse_percent
from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.plan import PlanError
from modelward.benchmark.plankpi import AskedTwice, Repeats

_ASKED_TWICE: TypeAdapter[Repeats] = TypeAdapter(AskedTwice)
_HOW = "(a fixed seed, temperature 0)"


def with_repeats(asked: PlanKpi, shown: RunKpiStatus) -> PlanKpi:
    """Return a KPI with what a status says about its answers. Raises PlanError."""
    if shown.repeats is None:
        return asked
    try:
        repeats = _ASKED_TWICE.validate_python(shown.repeats)
    except ValueError as error:
        raise PlanError(f"status.kpis: repeats of {asked.name} can't be: {error}") from error
    return asked.repeated(repeats)


def samples(gates: Sequence[RunKpiStatus], kpis: Sequence[Kpi]) -> Iterator[str]:
    """Say of which gates the rows were judged as a sample, declared as an exam, and why."""
    declared = {kpi.name: kpi for kpi in kpis}
    found: dict[str, list[str]] = {}
    for gate in gates:
        if gate.repeats and gate.evidence:
            found.setdefault(differing(declared[gate.name], gate.repeats), []).append(gate.name)
    for why, names in found.items():
        yield f"{why}, so that {', '.join(names)} was judged on a sample of rows, drawn repeatedly"


def differing(kpi: Kpi, repeats: Sequence[int] | None) -> str:
    """Say whose answers differ, to how many rows."""
    rows = f"rows of data set {kpi.benchmark.dataset}"
    if not repeats:
        return f"{rows} were answered differently when asked twice"
    asked, own, stables = repeats
    who, many = ("this version", own) if own else ("stable", stables)
    return f"{who} answered {many} of {asked} {rows} differently when asked twice"


def unjudged(kpi: Kpi, repeats: Sequence[int] | None) -> str:
    """Say why a KPI is NotDeterministic, and what to do."""
    why, repeat = differing(kpi, repeats), f"make the model repeat its answers {_HOW}"
    if repeats and not repeats[1]:
        return (
            f"not judged, {why}; leave versus out of spec.kpis[{kpi.name}], or have a version "
            f"promoted first that repeats its answers {_HOW}"
        )
    limit = kpi.objective.at_least
    if kpi.row_kind in ("values", "slices"):
        return (
            f"not judged, {why}, and this metric is a value of all rows, which no sample has; "
            f"{repeat}, or name another metric in spec.kpis[{kpi.name}].benchmark"
        )
    if limit and parse_percent(limit) == 1:
        return (
            f"not judged, {why}, and no sample of answers shows 100%; {repeat}, or say a limit "
            f"below in spec.kpis[{kpi.name}].objective.atLeast"
        )
    return (
        f"not judged, {why}; {repeat}, or let its answers stand for traffic: rows: sample in "
        f"spec.datasets[{kpi.benchmark.dataset}]"
    )
