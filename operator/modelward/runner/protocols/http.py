"""Plain JSON over HTTP: a row's `inputs` is the whole body of a POST."""

from modelward.benchmark.contract import PlanSubject
from modelward.benchmark.strictjson import Json
from modelward.runner.protocols.base import Protocol


def protocol(subject: PlanSubject) -> Protocol:
    """Return how a model is asked. Raises ValueError where the plan names no path."""
    if subject.path is None:
        raise ValueError("subject.path is missing: protocol http asks one path")
    return Protocol(
        path=subject.path,
        # There is no readiness to ask for: any answer, 405 too, tells that somebody is there.
        ready_path=subject.path,
        ready_matters=False,
        prediction="prediction",
        body=_body,
    )


def _body(inputs: Json) -> Json:
    return inputs
