"""Commands below a command."""

import argparse


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    description: str,
    more: str,
) -> argparse.ArgumentParser:
    """Declare one, with its help as it is written, and return its parser."""
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
