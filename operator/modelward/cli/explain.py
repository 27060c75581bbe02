"""`modelward judge explain`: why a verdict is what it is."""

import argparse
import json
from textwrap import fill

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.explained import Explanation, explain
from modelward.benchmark.live.explained import explain_live
from modelward.benchmark.plan import PlanError
from modelward.cli.exits import ExitCode
from modelward.cli.inputs import InputError, name_of, read_run
from modelward.cli.output import emit

_WIDTH = 100


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the explanation; return the exit code. Raises InputError."""
    found = read_run(arguments.file)
    try:
        explanations = explained(found)
    except PlanError as error:
        raise InputError(f"spec: {error}") from error
    emit(_json(found, explanations) if arguments.json else _text(found, explanations))
    return ExitCode.PASS if all(each.agrees for each in explanations) else ExitCode.FAIL


def explained(run: BenchmarkRun) -> tuple[Explanation, ...]:
    """Explain a run of a benchmark step, or of a weight step. Raises PlanError."""
    return explain_live(run) if run.spec.live else explain(run)


def _text(run: BenchmarkRun, explanations: tuple[Explanation, ...]) -> str:
    verdict = run.status.verdict or f"no verdict yet ({run.status.phase or 'not begun'})"
    parts = [f"{name_of(run.metadata)}: {verdict}"]
    if run.status.message:
        parts[0] += f"\n{run.status.message}"
    for each in explanations:
        said = " ".join(filter(None, (each.verdict, each.reason)))
        words = fill(" ".join(each.sentences), _WIDTH, initial_indent="  ", subsequent_indent="  ")
        parts.append(f"{each.name}: {said} ({each.objective})\n{words}")
    return "\n\n".join(parts)


def _json(run: BenchmarkRun, explanations: tuple[Explanation, ...]) -> str:
    document = {
        "name": run.metadata.name,
        "verdict": run.status.verdict,
        "message": run.status.message,
        "kpis": [
            {
                "name": each.name,
                "verdict": each.verdict,
                "reason": each.reason,
                "objective": each.objective,
                "promoteOdds": each.promote_odds,
                "rollbackOdds": each.rollback_odds,
                "agrees": each.agrees,
                "explanation": list(each.sentences),
            }
            for each in explanations
        ],
    }
    return json.dumps(document, indent=2)
