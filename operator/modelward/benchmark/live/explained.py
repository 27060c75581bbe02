"""Why a live run came to its verdicts, in words: from the evidence in its status and its spec."""

from dataclasses import replace

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.kpi import Kpi
from modelward.api.live import NO_EVIDENCE
from modelward.api.values import format_percent
from modelward.benchmark.explained import Explanation, odds
from modelward.benchmark.figures import objective_text
from modelward.benchmark.live.counting import AnyCounts, counts_from
from modelward.benchmark.live.verdicts import in_step, step_of, verdict_of
from modelward.benchmark.plan import PlanError
from modelward.judge.livecounts import LiveLatencyCounts, LiveShareCounts
from modelward.judge.verdict import Verdict

_SHOWN = (
    "It is the value of an expression when it was last evaluated: only shown, because nobody knows "
    "how many requests stand behind it."
)


def explain_live(run: BenchmarkRun) -> tuple[Explanation, ...]:
    """Explain all KPIs in a live run's status. Raises PlanError for what can't be judged."""
    declared = {kpi.name: kpi for kpi in run.spec.kpis}
    try:
        return tuple(_explained(declared[kpi.name], run, kpi) for kpi in run.status.kpis)
    except KeyError as error:
        raise PlanError(f"status.kpis: {error} is not among spec.kpis") from error
    except ValueError as error:
        raise PlanError(str(error)) from error


def _explained(kpi: Kpi, run: BenchmarkRun, shown: RunKpiStatus) -> Explanation:
    plain = Explanation(shown.name, shown.verdict, shown.reason, objective_text(kpi), ())
    if kpi.is_expression:
        return replace(plain, sentences=(_SHOWN,))
    own = counts_from(kpi, shown.evidence)
    now, verdict = in_step(kpi, run.spec, own)[-1], verdict_of(kpi, run.spec, own)
    sentences = [*_counted(run, kpi, now, verdict)]
    # Whatever was shown before, two windows without evidence are no verdict.
    agrees = verdict.verdict == shown.verdict or (
        shown.verdict == "Inconclusive" and shown.reason in NO_EVIDENCE
    )
    if shown.reason in NO_EVIDENCE:
        sentences.append(run.status.message or "")
    if not agrees:
        sentences.append(f"The verdict shown does not follow: the evidence says {verdict.verdict}.")
    found = verdict.evidence
    return replace(
        plain,
        sentences=tuple(sentences),
        promote_odds=odds(found.promote) if found else None,
        rollback_odds=odds(found.rollback) if found else None,
        agrees=agrees,
    )


def _counted(run: BenchmarkRun, kpi: Kpi, now: AnyCounts, verdict: Verdict) -> list[str]:
    if verdict.value is None:
        return ["No request was counted in this step."]
    share = format_percent(verdict.value)
    did = f"took longer than {kpi.objective.at_most}" if kpi.quantile else "failed"
    told = [
        f"{now.bad} of {now.requests} users' requests {did}, {share}, in {now.windows} windows."
    ]
    if isinstance(now, LiveLatencyCounts):
        told.append(f"{now.beyond_expected} took longer than {kpi.objective.expected}.")
    if isinstance(now, LiveShareCounts):
        told.append(f"Of stable's {now.baseline_requests}, {now.baseline_bad} did.")
    told.append(f"Evidence is divided by {now.dispersion / 100:g}, by which they scatter.")
    if verdict.evidence:
        told.append(
            f"Against being at the limit it is worth {odds(verdict.evidence.promote)}, against "
            f"being as good as expected {odds(verdict.evidence.rollback)}."
        )
    if step_of(run.spec).earlier:
        told.append("What earlier steps counted can roll back, and never promotes.")
    return told
