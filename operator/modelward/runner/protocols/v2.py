"""The Open Inference Protocol, version 2, over HTTP.

https://github.com/open-inference/open-inference-protocol
"""

from urllib.parse import quote

from modelward.benchmark.contract import PlanSubject
from modelward.benchmark.strictjson import Json
from modelward.runner.protocols.base import Protocol


def protocol(subject: PlanSubject) -> Protocol:
    """Return how a model is asked; a row's `inputs` is the member `inputs` of the request."""
    model = f"/v2/models/{quote(subject.model_name, safe='')}"
    return Protocol(
        path=f"{model}/infer",
        ready_path=f"{model}/ready",
        ready_matters=True,
        prediction="outputs[0].data[0]",
        body=_body,
    )


def _body(inputs: Json) -> Json:
    return {"inputs": inputs}
