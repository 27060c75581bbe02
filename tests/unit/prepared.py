"""The data sets of a plan whose files are small and at hand."""

import threading

from modelward.benchmark.contract import RunnerPlan
from modelward.protocols.base import Dialogue
from modelward.runner.files import Given, open_file
from modelward.runner.rows import Dataset, asked, read_tables


def prepare(plan: RunnerPlan, given: Given, dialogue: Dialogue) -> dict[str, Dataset]:
    """Return the data sets of a plan whose files are given, as they are asked by a dialogue.

    The order follows from the subject whoever is asked. Raises DatasetInvalidError.
    """
    files = {name: open_file(content, threading.Event()) for name, content in given.items()}
    return asked(plan, read_tables(plan, files, dialogue), dialogue)
