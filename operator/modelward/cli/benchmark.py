"""`modelward benchmark`: measure as a benchmark pod does, and show what was measured.

`run` needs no cluster. `report` reads one with the caller's own rights, or a file. What is printed
goes to standard output; progress and problems go to standard error.
"""

import argparse
from pathlib import Path

from modelward.cli.exits import ExitCode, exit_code
from modelward.cli.subcommands import add_command

_DESCRIPTION = """\
Measure as a benchmark pod does, and show what was measured.

  run     measure a server from here, no cluster needed
  report  make a page of a BenchmarkRun: verdicts, latencies, failures, wrong rows
"""

_RUN = """\
Measure a server as a benchmark pod would and judge it by the KPIs of a ModelDeployment or a
BenchmarkRun: the same rows, the same schedule, the same words.
"""
_RUN_MORE = """\
data sets, in this order
  --dataset NAME=FILE     a file with the rows
  a ConfigMap in the same YAML file, of the name and with the key that the data set says
  the data set's uri
A BenchmarkRun pins its data sets by sha256; other rows are refused.

Both addresses may begin with https://, for gRPC as well. Certificates are checked by the system's
trust store, or by --ca-file in its place.

KPIs versus stable need --baseline; without it they are NotApplicable, as on a first version.

exit codes:
  0   every gate passes
  1   a gate fails: the version would be rolled back
  2   Inconclusive: neither, and the message says what to do
  64  an input can't be used; the message names it
  130 interrupted (Ctrl-C): what was counted until then is shown, if anything was

examples:
  modelward benchmark run -f modeldeployment.yaml --target http://localhost:8080
  modelward benchmark run -f modeldeployment.yaml --target http://localhost:8080 \\
    --baseline http://localhost:8081 --dataset golden=rows.jsonl --report page.html
  modelward benchmark run -f plan.yaml --target http://localhost:8080 --json > run.json
"""

_REPORT = """\
Make one HTML page of a BenchmarkRun, from its status and, while it is there, the log of its Job.
The page needs no other files and no network.
"""
_REPORT_MORE = """\
From a cluster it takes the rights to get benchmarkruns, to list pods and to get pods/log; without
the last two the page lacks what only the log tells.

examples:
  modelward benchmark report fraud-x7f9k2m4q1-1 -n ml -o page.html
  modelward benchmark report -f run.yaml --log runner.log > page.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.description = _DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="question", required=True, metavar="COMMAND")
    _add_run(add_command(commands, "run", "measure a server from here", _RUN, _RUN_MORE))
    _add_report(add_command(commands, "report", "make a page of a run", _REPORT, _REPORT_MORE))


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-f", "--filename", required=True, metavar="FILE",
        help="ModelDeployment or BenchmarkRun as YAML",
    )  # fmt: skip
    command.add_argument(
        "--target", required=True, metavar="URL", help="where the version answers, without a path"
    )
    command.add_argument("--baseline", metavar="URL", help="where the stable version answers")
    command.add_argument(
        "--ca-file", type=Path, metavar="FILE",
        help="certificates in PEM form that are believed of https:// addresses, of an authority or "
        "of the server itself; default: the system's",
    )  # fmt: skip
    command.add_argument(
        "--dataset", action="append", default=[], metavar="NAME=FILE",
        help="rows of a data set; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--json", action="store_true", help="print the BenchmarkRun with its status as JSON"
    )
    command.add_argument("--report", type=Path, metavar="FILE", help="also write the page")
    command.add_argument("--log", type=Path, metavar="FILE", help="also write the runner's log")


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", nargs="?", help="name of a BenchmarkRun in the cluster")
    command.add_argument("-n", "--namespace", help="its namespace; default: that of the context")
    command.add_argument("--kubeconfig", type=Path, help="default: as kubectl")
    command.add_argument("--context", help="context of the kubeconfig")
    command.add_argument(
        "-f", "--filename", metavar="FILE", help="BenchmarkRun as YAML, instead of a cluster"
    )
    command.add_argument("--log", type=Path, metavar="FILE", help="log of its benchmark pod")
    command.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="default: standard output"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure or show; return the exit code."""
    return exit_code(f"benchmark {arguments.question}", lambda: _answer(arguments))


def _answer(arguments: argparse.Namespace) -> ExitCode:
    # Imported here, so that the other commands do without what this one needs.
    from modelward.cli import measure, reporting  # noqa: PLC0415

    return measure.run(arguments) if arguments.question == "run" else reporting.run(arguments)
