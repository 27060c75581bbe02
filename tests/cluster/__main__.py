"""Command line: python -m tests.cluster COMMAND."""

import argparse
import os
import sys

from tests.cluster import paths
from tests.cluster.local.provider import LocalProvider


def main() -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args()
    provider = LocalProvider()
    match options.command:
        case "up":
            cluster = provider.up(options.name, control_plane_only=options.control_plane_only)
            print(cluster.kubeconfig.relative_to(paths.PROJECT_ROOT))
        case "down":
            provider.down(options.name)
        case "kubectl":
            found = provider.find(options.name)
            if found is None:
                print("not up", file=sys.stderr)
                return 1
            program = str(found.kubectl_program)
            os.execv(program, [program, f"--kubeconfig={found.kubeconfig}", *options.arguments])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--name", default=paths.DEFAULT_NAME)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up")
    up.add_argument("--control-plane-only", action="store_true")
    commands.add_parser("down")
    kubectl = commands.add_parser("kubectl")
    kubectl.add_argument("arguments", nargs="*")
    return parser


if __name__ == "__main__":
    sys.exit(main())
