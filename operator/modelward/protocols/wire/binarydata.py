"""The binary tensor data extension of the Open Inference Protocol: JSON, then raw tensors.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import re
from collections.abc import Mapping

from modelward.protocols.base import Reply, Request
from modelward.protocols.wire.jsonbody import to_bytes
from modelward.protocols.wire.tensors import TensorError, check_size, decode, encode, flat
from modelward.strictjson import Json, loads_floats

HEADER = "Inference-Header-Content-Length"
"""Says how many bytes of a body are JSON."""
_LENGTH = re.compile(r"[0-9]{1,12}")
_SIZE = "binary_data_size"


def post(path: str, document: Mapping[str, Json]) -> Request:
    """Return the request with the tensors of `document["inputs"]` as raw bytes.

    Outputs are asked for in the same form. Raises TensorError.
    """
    tensors, contents = [], []
    inputs = document["inputs"]
    for tensor in inputs if isinstance(inputs, list) else ():
        described, raw = _split(tensor)
        tensors.append(described)
        contents.append(raw)
    parameters = _object(document.get("parameters")) | {"binary_data_output": True}
    head = to_bytes({**document, "parameters": parameters, "inputs": tensors})
    headers = (("Content-Type", "application/octet-stream"), (HEADER, str(len(head))))
    return Request("POST", path, head + b"".join(contents), headers)


def read(reply: Reply) -> Json:
    """Return the document of a reply, with the raw tensors as its outputs' data.

    Raises TensorError, StrictJsonError and UnicodeDecodeError for anything else.
    """
    length = reply.headers[HEADER.lower()]
    if not (_LENGTH.fullmatch(length) and int(length) <= len(reply.body)):
        raise TensorError(f"the answer's {HEADER} is not the length of its JSON")
    place = int(length)
    document = loads_floats(reply.body[:place].decode())
    outputs = _object(document).get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        size = _object(_object(output).get("parameters")).get(_SIZE)
        if size is None or not isinstance(output, dict):
            continue
        if not isinstance(size, int) or not 0 <= size <= len(reply.body) - place:
            raise TensorError("a tensor is cut off")
        output["data"] = _decoded(output, reply.body[place : place + size])
        place += size
    if place != len(reply.body):
        raise TensorError("the answer has bytes that belong to no tensor")
    return document


def _split(tensor: Json) -> tuple[Json, bytes]:
    """Return a tensor without its data, and the data."""
    described = dict(_object(tensor))
    elements, datatype = flat(described.pop("data", None)), str(described.get("datatype"))
    check_size(datatype, described.get("shape"), len(elements))
    raw = encode(datatype, elements)
    described["parameters"] = _object(described.get("parameters")) | {_SIZE: len(raw)}
    return described, raw


def _decoded(output: dict[str, Json], raw: bytes) -> list[Json]:
    datatype = str(output.get("datatype"))
    elements = decode(datatype, raw)
    check_size(datatype, output.get("shape"), len(elements))
    return elements


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
