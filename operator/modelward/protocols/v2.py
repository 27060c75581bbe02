"""The Open Inference Protocol, version 2, over HTTP and over gRPC.

https://github.com/open-inference/open-inference-protocol
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from modelward.protocols.base import (
    Answered,
    Asked,
    Bad,
    Dialogue,
    Good,
    NotAskableError,
    Option,
    Protocol,
    Reply,
    Request,
    failed,
    is_good,
    read_json,
)
from modelward.protocols.wire import binarydata
from modelward.protocols.wire.jsonbody import post
from modelward.protocols.wire.tensors import TensorError
from modelward.strictjson import Json, StrictJsonError


def _dialogue(asked: Asked) -> Dialogue:
    binary = asked.options["tensors"] == "binary"
    if asked.options["transport"] == "grpc":
        return _over_grpc(asked.model, raw=binary)
    path = _path(asked)
    return Dialogue(
        ask=lambda inputs: _ask(f"{path}/infer", inputs, binary=binary),
        read=_read,
        ready=Request("GET", f"{path}/ready"),
        is_ready=is_good,
        prediction=PROTOCOL.prediction,
        metadata=Request("GET", path),
        read_metadata=read_json,
    )


def _path(asked: Asked) -> str:
    return f"/v2/models/{quote(asked.model, safe='')}"


def _ready_path(asked: Asked) -> str | None:
    """Not every server that speaks gRPC has the health service that the kubelet would ask."""
    return None if asked.options["transport"] == "grpc" else f"{_path(asked)}/ready"


def _over_grpc(model: str, *, raw: bool) -> Dialogue:
    # The operator's process imports this module, and needs no protobuf.
    from modelward.protocols.wire import grpcmessages as messages  # noqa: PLC0415

    def ask(inputs: Json) -> Request:
        try:
            message = messages.infer_request(model, _document(inputs), raw=raw)
        except TensorError as error:
            raise NotAskableError(str(error)) from error
        return Request("POST", messages.INFER, message)

    return Dialogue(
        ask=ask,
        read=lambda reply: _read_message(reply, messages.read_infer),
        ready=Request("POST", messages.READY, messages.model_request(model)),
        is_ready=lambda reply: reply.status == 200 and messages.read_ready(reply.body),
        prediction=PROTOCOL.prediction,
        transport="grpc",
        metadata=Request("POST", messages.METADATA, messages.model_request(model)),
        read_metadata=lambda reply: _read_message(reply, messages.read_metadata),
    )


def _document(inputs: Json) -> dict[str, Json]:
    """Return the request's document: `inputs` is its tensors, or the whole of it."""
    document: dict[str, Json] = inputs if isinstance(inputs, dict) else {"inputs": inputs}
    tensors = document.get("inputs")
    if not isinstance(tensors, list) or not all(isinstance(each, dict) for each in tensors):
        raise NotAskableError(
            "protocol v2 takes a list of tensors, or an object with one as its inputs"
        )
    return document


def _ask(path: str, inputs: Json, *, binary: bool) -> Request:
    document = _document(inputs)
    if not binary:
        return post(path, document)
    try:
        return binarydata.post(path, document)
    except TensorError as error:
        raise NotAskableError(str(error)) from error


def _read(reply: Reply) -> Answered:
    if bad := failed(reply):
        return bad
    if binarydata.HEADER.lower() not in reply.headers:
        return _with_outputs(read_json(reply))
    try:
        return _with_outputs(Good(binarydata.read(reply)))
    except (StrictJsonError, UnicodeDecodeError):
        return Bad("the answer is not JSON")
    except TensorError as error:
        return Bad(str(error))


def _read_message(reply: Reply, read: Callable[[bytes], Json]) -> Answered:
    if bad := failed(reply):
        return bad
    try:
        return Good(read(reply.body))
    except TensorError as error:
        return Bad(str(error))


def _with_outputs(answer: Answered) -> Answered:
    if isinstance(answer, Bad):
        return answer
    if isinstance(answer.document, Mapping) and isinstance(answer.document.get("outputs"), list):
        return answer
    return Bad("the answer has no list of outputs")


PROTOCOL = Protocol(
    name="v2",
    text="Open Inference Protocol",
    prediction="outputs[0].data[0]",
    open=_dialogue,
    ready_path=_ready_path,
    options=(
        Option(
            "transport",
            "rest (HTTP, the default) or grpc; port is then that of the gRPC server.",
            default="rest",
            values=("rest", "grpc"),
        ),
        Option(
            "tensors",
            "json (the default) or binary: over rest the binary tensor data extension, over grpc "
            "raw contents.",
            default="json",
            values=("json", "binary"),
        ),
    ),
)
