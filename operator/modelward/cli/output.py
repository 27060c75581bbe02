"""What commands print."""

import os
import sys

from modelward.cli.inputs import InputError, why
from modelward.strictjson import printable


def emit(text: str) -> None:
    """Print a text. A reader who has closed the pipe has had enough, which is no error.

    Raises InputError where standard output can't take it.
    """
    try:
        print(printable(text), flush=True)
    except OSError as error:
        # What is left in the buffer would be tried again at exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise InputError(f"standard output can't be written: {why(error)}") from error
