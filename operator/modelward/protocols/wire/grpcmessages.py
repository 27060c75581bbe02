"""The gRPC messages of the Open Inference Protocol, to and from the documents of its JSON form."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from modelward.protocols.wire import open_inference_pb2 as pb
from modelward.protocols.wire.tensors import (
    TensorError,
    as_text,
    check_size,
    decode,
    encode,
    finite,
    flat,
)
from modelward.strictjson import Json

_SERVICE = "/inference.GRPCInferenceService"
INFER = f"{_SERVICE}/ModelInfer"
READY = f"{_SERVICE}/ModelReady"
METADATA = f"{_SERVICE}/ModelMetadata"

_CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents",
    "INT32": "int_contents", "INT64": "int64_contents", "UINT8": "uint_contents",
    "UINT16": "uint_contents", "UINT32": "uint_contents", "UINT64": "uint64_contents",
    "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
"""Where typed contents stand; the protocol has none for FP16 and BF16, which travel raw."""


def model_request(model: str) -> bytes:
    """Return the message that asks for a model's readiness or metadata."""
    return pb.ModelRequest(name=model).SerializeToString()


def infer_request(model: str, document: Mapping[str, Json], *, raw: bool) -> bytes:
    """Return the message of a request whose JSON form is `document`. Raises TensorError."""
    inputs = document["inputs"]
    tensors = [t for t in inputs if isinstance(t, dict)] if isinstance(inputs, list) else []
    raw = raw or any(each.get("datatype") in ("FP16", "BF16") for each in tensors)
    message = pb.ModelInferRequest(model_name=model, id=str(document.get("id") or ""))
    _set_parameters(message.parameters, document.get("parameters"))
    try:
        for tensor in tensors:
            _add(message, tensor, raw=raw)
        return message.SerializeToString()
    except (TypeError, ValueError) as error:
        raise TensorError(f"a tensor is not as its datatype says: {error}") from error


def read_infer(content: bytes) -> Json:
    """Return the JSON form of a response. Raises TensorError for anything else."""
    response = _parsed(pb.ModelInferResponse(), content)
    raws = response.raw_output_contents
    if raws and len(raws) != len(response.outputs):
        raise TensorError("the answer has not one raw content for each output")
    outputs: list[Json] = []
    for i, tensor in enumerate(response.outputs):
        data = decode(tensor.datatype, raws[i]) if raws else _typed(tensor)
        shape: list[Json] = list(tensor.shape)
        check_size(tensor.datatype, shape, len(data))
        outputs.append(
            {"name": tensor.name, "datatype": tensor.datatype, "shape": shape, "data": data}
        )
    return {"model_name": response.model_name, "model_version": response.model_version,
            "outputs": outputs}  # fmt: skip


def read_ready(content: bytes) -> bool:
    """Tell whether a response says that the model is ready."""
    try:
        return _parsed(pb.ModelReadyResponse(), content).ready
    except TensorError:
        return False


def read_metadata(content: bytes) -> Json:
    """Return the JSON form of a model's metadata. Raises TensorError for anything else."""
    known = _parsed(pb.ModelMetadataResponse(), content)

    def described(tensors: Iterable[pb.TensorMetadata]) -> list[Json]:
        return [{"name": t.name, "datatype": t.datatype, "shape": list(t.shape)} for t in tensors]

    return {
        "name": known.name,
        "versions": list(known.versions),
        "platform": known.platform,
        "inputs": described(known.inputs),
        "outputs": described(known.outputs),
    }


_M = TypeVar("_M", bound=Message)


def _parsed(message: _M, content: bytes) -> _M:
    try:
        message.ParseFromString(content)
    except DecodeError:
        raise TensorError("the answer is not the message it should be") from None
    return message


def _add(message: pb.ModelInferRequest, tensor: Mapping[str, Json], *, raw: bool) -> None:
    datatype, elements = str(tensor.get("datatype")), flat(tensor.get("data"))
    shape = check_size(datatype, tensor.get("shape"), len(elements))
    added = message.inputs.add(name=str(tensor.get("name")), datatype=datatype)
    added.shape.extend(shape)
    _set_parameters(added.parameters, tensor.get("parameters"))
    if raw:
        message.raw_input_contents.append(encode(datatype, elements))
        return
    if datatype not in _CONTENTS:
        raise TensorError(f"{datatype[:20]!r} is no datatype")
    values = [each.encode() if isinstance(each, str) else each for each in elements]
    getattr(added.contents, _CONTENTS[datatype]).extend(values)


def _typed(tensor: pb.Tensor) -> list[Json]:
    if tensor.datatype not in _CONTENTS:
        raise TensorError(f"{tensor.datatype[:20]!r} is no datatype")
    values = getattr(tensor.contents, _CONTENTS[tensor.datatype])
    if tensor.datatype == "BYTES":
        return [as_text(each) for each in values]
    return [finite(each) for each in values]


def _set_parameters(held: MutableMapping[str, pb.InferParameter], parameters: Json) -> None:
    for name, value in (parameters if isinstance(parameters, dict) else {}).items():
        if isinstance(value, bool):
            held[name].bool_param = value
        elif isinstance(value, int):
            held[name].int64_param = value
        elif isinstance(value, str):
            held[name].string_param = value
        else:
            raise TensorError(f"parameter {name}: gRPC takes booleans, integers and texts")
