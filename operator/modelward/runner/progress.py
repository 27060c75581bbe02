"""How far an attempt is, for people who wait for it."""

from dataclasses import dataclass

from modelward.judge import LoadSession
from modelward.runner.exam import Exam
from modelward.runner.load import Load


@dataclass(frozen=True)
class Progress:
    """What is under way, and how much of it is done."""

    stage: str
    """Rows of a data set, or load, or what comes before them."""
    done: int = 0
    most: int = 0
    """Rows or requests after which the stage ends at the latest; 0 where that is not known."""


def progress_of(
    exams: dict[str, Exam], load: Load | None, session: LoadSession | None, *, read: bool
) -> Progress:
    """Return how far it is, by what has begun; `read` tells whether the data sets were read."""
    if load and session:
        return Progress("load", load.sent, session.shape.requests)
    if exams:
        name, exam = next(reversed(exams.items()))
        return Progress(f"rows of {name}", exam.read, 0 if exam.sampled else exam.rows)
    return Progress("reaching the model" if read else "reading data sets")
