"""The V1 protocol of TensorFlow Serving and KServe: POST :predict, one row in each request.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

from urllib.parse import quote

from modelward.protocols.base import (
    Answered,
    Asked,
    Bad,
    Dialogue,
    Good,
    Protocol,
    Reply,
    Request,
    read_json,
)
from modelward.protocols.wire.jsonbody import post
from modelward.strictjson import Json


def _dialogue(asked: Asked) -> Dialogue:
    path = _path(asked)
    return Dialogue(
        ask=lambda inputs: post(f"{path}:predict", {"instances": [inputs]}),
        read=_read,
        ready=Request("GET", path),
        is_ready=_is_ready,
        prediction=PROTOCOL.prediction,
    )


def _path(asked: Asked) -> str:
    return f"/v1/models/{quote(asked.model, safe='')}"


def _read(reply: Reply) -> Answered:
    answer = read_json(reply)
    if isinstance(answer, Bad):
        return answer
    predictions = answer.document.get("predictions") if isinstance(answer.document, dict) else None
    if not isinstance(predictions, list):
        return Bad("the answer has no list of predictions")
    if len(predictions) != 1:
        return Bad("the answer has not one prediction for one row")
    return answer


def _is_ready(reply: Reply) -> bool:
    """Tell whether the model is ready.

    KServe says {"ready": true} or "True", TensorFlow Serving the state of each version.
    """
    answer = read_json(reply)
    if not isinstance(answer, Good):
        return False
    document: Json = answer.document
    if not isinstance(document, dict):
        return False
    versions = document.get("model_version_status")
    if isinstance(versions, list):
        return any(isinstance(v, dict) and v.get("state") == "AVAILABLE" for v in versions)
    return str(document.get("ready", True)).lower() == "true"


PROTOCOL = Protocol(
    name="v1",
    text="TensorFlow Serving's and KServe's V1",
    prediction="predictions[0]",
    open=_dialogue,
    ready_path=_path,
)
