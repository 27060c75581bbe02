"""`modelward judge`: verdicts before, beside and after the cluster.

Nothing here talks to a cluster. What is printed goes to standard output, problems go to standard
error.
"""

import argparse
import sys

from modelward.cli.exits import ExitCode, exit_code
from modelward.cli.subcommands import add_command

_DESCRIPTION = """\
Verdicts before, beside and after the cluster. Nothing here talks to one.

  plan     before a release: will this load be enough for a verdict, and how soon?
  replay   before limits are declared: what would they have said about last month?
  explain  after a verdict: why?
"""

_PLAN = """\
How many requests and minutes a verdict takes, for versions of several true qualities, and how
probable it is that there is none when the load (spec.load) is used up.
"""
_PLAN_MORE = """\
Requests are taken as independent. Slowness and errors that come in stretches need more of them:
say --dispersion with what an earlier run measured (`modelward judge explain` tells it).

exit codes:
  0   a verdict is likely for every gate
  2   for a version as good as expected no verdict is likely: the operator says BudgetTooSmall. It
      doesn't know how stable's latencies scatter: of those it says so only where no version passes
  64  the file can't be used; the message says why

examples:
  modelward judge plan -f modeldeployment.yaml
  modelward judge plan -f modeldeployment.yaml --rows golden=5000 --dispersion 5
  modelward judge plan -f modeldeployment.yaml --stable-latency 80ms,210ms
  kubectl get mdep fraud -o yaml | modelward judge plan -f - --json
"""

_REPLAY = """\
What the declared limits would have said about data from the past, and when: lines of JSON on
standard input, judged as a benchmark judges them.
"""
_REPLAY_MORE = """\
lines, in the order in which it happened; one of
  {"latency": "120ms", "failed": false}                  a request, for every KPI under load
  {"latency": "120ms", "stable": {"failed": true}}       and stable's answer to the same request
  {"latency": "120ms", "stable": {"latency": "98ms"}}    for a latency versus: stable
  {"kpi": "errors", "requests": 40, "bad": 1}            a window of counts of one KPI
  {"kpi": "latency", "requests": 40, "bad": 1, "beyondExpected": 3}       with latency `expected`
  {"kpi": "vs", "requests": 40, "lost": 1, "won": 0, "both": 2}                   versus: stable
  {"kpi": "live-errors", "requests": 400, "bad": 3}     a window of users' requests
  {"kpi": "live-vs", "requests": 40, "bad": 1, "stable": {"requests": 360, "bad": 2}}
  {"dataset": "golden", "correct": true}      a row; "stable": {"correct": false} where compared
  {"dataset": "golden", "expected": "fraud", "answer": {"outputs": []}, "region": "EU"}
                    a row and the server's answer, null where it failed; "stable": {"answer": {}}
Each may have "at": "2026-11-20T12:00:00Z", which is repeated where a verdict is reached. Blank
lines don't count. A request that failed needs no latency. Requests form the windows that spec.load
makes. The first 60 windows of each KPI calibrate and are no evidence, more where bad requests come
in stretches; --dispersion takes all as evidence instead. load.for is no limit here.
Users' requests are judged as in the first weight step: each line is a window, of 30 s or of two
scrapes where these are longer; all are evidence, and a Pass counts that holds at the end.

exit codes:
  0   every gate passes
  1   a gate fails: the version would have been rolled back
  2   Inconclusive: neither
  64  an input can't be used; the message names the line

examples:
  modelward judge replay -f modeldeployment.yaml < observations.jsonl
  jq -c '{latency: "\\(.ms)ms", failed: (.code >= 500), at: .time}' access.log |
    modelward judge replay -f modeldeployment.yaml --json
"""

_EXPLAIN = """\
Why a BenchmarkRun came to its verdict, in words; and whether its evidence really says so.
"""
_EXPLAIN_MORE = """\
exit codes:
  0   explained, and every verdict follows from its evidence
  1   a verdict does not follow from the evidence beside it: somebody edited the object
  64  the file can't be used; the message says why

examples:
  modelward judge explain benchmarkrun.yaml
  kubectl get brun fraud-x7f9k2m4q1-1 -o yaml | modelward judge explain
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three commands."""
    parser.description = _DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="question", required=True, metavar="COMMAND")
    plan = add_command(commands, "plan", "how soon a verdict is to be expected", _PLAN, _PLAN_MORE)
    _add_file(plan)
    _add_dispersion(plan)
    plan.add_argument(
        "--rows",
        action="append",
        default=[],
        metavar="DATASET=N",
        help="number of rows of a data set, for KPIs on it; may be repeated",
    )
    plan.add_argument(
        "--stable-errors",
        default="0.5%",
        metavar="PERCENT",
        help="error rate of stable, for KPIs versus: stable; default %(default)s",
    )
    plan.add_argument(
        "--stable-latency",
        metavar="P50,P95",
        help="latencies of stable, for latency KPIs versus: stable; 100ms,200ms is assumed",
    )
    replay = add_command(commands, "replay", "judge data from the past", _REPLAY, _REPLAY_MORE)
    _add_file(replay)
    _add_dispersion(replay)
    explain = add_command(
        commands, "explain", "why a verdict is what it is", _EXPLAIN, _EXPLAIN_MORE
    )
    explain.add_argument(
        "file", nargs="?", default="-", help="BenchmarkRun as YAML; default: standard input"
    )
    for command in (plan, replay, explain):
        command.add_argument("--json", action="store_true", help="print one JSON document")


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-f", "--filename", required=True, metavar="FILE", help="ModelDeployment as YAML"
    )


def _add_dispersion(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dispersion",
        type=_dispersion,
        metavar="PHI",
        help="by how much evidence is tempered, at least 1, instead of calibrating",
    )


def _dispersion(text: str) -> int:
    """Return hundredths."""
    try:
        hundredths = round(100 * float(text))
    except (ValueError, OverflowError):
        hundredths = 0
    if not 100 <= hundredths <= 99_999:
        raise argparse.ArgumentTypeError(f"{text!r}: say a number from 1 to 999, such as 1.25")
    return hundredths


def run(arguments: argparse.Namespace) -> ExitCode:
    """Answer; return the exit code."""
    return exit_code(f"judge {arguments.question}", lambda: _answer(arguments))


def _answer(arguments: argparse.Namespace) -> ExitCode:
    # Imported here, so that the other commands do without what this one needs.
    from modelward.cli import explain, plan, replay  # noqa: PLC0415

    match arguments.question:
        case "plan":
            return plan.run(arguments)
        case "replay":
            return replay.run(arguments, sys.stdin)
        case _:
            return explain.run(arguments)
