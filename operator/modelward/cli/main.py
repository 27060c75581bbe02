"""The command line. Each command imports only what it needs itself."""

from collections.abc import Sequence

from modelward import __version__
from modelward.cli import benchmark, judge, operator
from modelward.cli.exits import Parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `modelward COMMAND ...`; return the exit code."""
    parser = Parser(prog="modelward", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    operator.add_arguments(
        commands.add_parser("operator", help="watch over the ModelDeployments of a cluster")
    )
    judge.add_arguments(
        commands.add_parser("judge", help="plan, replay and explain verdicts, without a cluster")
    )
    benchmark.add_arguments(
        commands.add_parser("benchmark", help="measure a server from here; make a page of a run")
    )
    commands.add_parser("runner", help="run one benchmark; started by the operator", add_help=False)
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command == "runner":
        # The runner's own imports (its load generator) have no place in the operator's process.
        from modelward.runner.main import main as run_benchmark  # noqa: PLC0415

        return run_benchmark(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    answers = {"judge": judge.run, "benchmark": benchmark.run, "operator": operator.run}
    return answers[arguments.command](arguments)
