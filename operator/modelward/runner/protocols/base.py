"""What a serving protocol consists of."""

from collections.abc import Callable
from dataclasses import dataclass

from modelward.benchmark.strictjson import Json


@dataclass(frozen=True)
class Protocol:
    """How a model is asked for predictions, always by POST with JSON."""

    path: str
    """Path and query of a prediction, percent-encoded."""
    ready_path: str
    """Path that is asked by GET whether the model is there."""
    ready_matters: bool
    """True where `ready_path` answers 200 exactly when the model is ready; else any answer does."""
    prediction: str
    """JMESPath of the prediction in an answer, where the data set names none."""
    body: Callable[[Json], Json]
    """From a row's `inputs` to the request's body."""
