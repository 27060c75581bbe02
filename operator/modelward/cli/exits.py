"""What a command ends with: a code means the same whatever the command (docs/evidence.md)."""

import argparse
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn


class ExitCode(IntEnum):
    """Codes of `judge` and `benchmark`."""

    PASS = 0
    """Every gate passes; or what was asked for is there."""
    FAIL = 1
    """A gate fails; or a verdict does not follow from its evidence."""
    INCONCLUSIVE = 2
    """Neither; or no verdict is likely."""
    USAGE = 64
    """The command line or an input can't be used: EX_USAGE of sysexits.h."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, as shells tell it: 128 and SIGINT."""

    @classmethod
    def of(cls, verdict: str | None) -> "ExitCode":
        """Return the code for the verdict of all gates together."""
        return {"Pass": cls.PASS, "Fail": cls.FAIL}.get(verdict or "", cls.INCONCLUSIVE)


class Parser(argparse.ArgumentParser):
    """Ends with our code for a command line that makes no sense; argparse's own is 2."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong, and end."""
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: error: {message}\n")


def exit_code(command: str, answer: Callable[[], ExitCode]) -> ExitCode:
    """Return what a command ends with; problems go to standard error, after its name."""
    from modelward.cli.inputs import InputError  # noqa: PLC0415 (not in the operator's process)

    try:
        return answer()
    except InputError as error:
        print(f"modelward {command}: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        print("interrupted: there is no result", file=sys.stderr)
        return ExitCode.INTERRUPTED
