import json
import struct

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.protocols import dialogue
from modelward.protocols.base import Bad, Good, NotAskableError, Reply
from modelward.protocols.wire import grpcmessages
from modelward.protocols.wire import open_inference_pb2 as pb
from modelward.protocols.wire.tensors import TensorError, decode, encode
from modelward.strictjson import Json
from tests.unit.protocols.tables import Asking, Reading, check_asking, check_reading, told

X: dict[str, Json] = {"name": "x", "shape": [2], "datatype": "FP32", "data": [1.5, 2.0]}
BINARY = {"tensors": "binary"}
GRPC = {"transport": "grpc"}
INFER = "/v2/models/m/infer"

ASKED = [
    Asking("a row's inputs are the tensors", "v2", [X], INFER, {"inputs": [X]}),
    Asking("an object is the whole request", "v2", {"inputs": [X], "parameters": {"a": 1}},
           INFER, {"inputs": [X], "parameters": {"a": 1}}),
    Asking("a name is quoted", "v2", [X], "/v2/models/a%2Fb%20c/infer", {"inputs": [X]},
           model="a/b c"),
]  # fmt: skip


def binary(document: Json, raw: bytes, length: str | None = None) -> Reply:
    head = json.dumps(document).encode()
    told_length = str(len(head)) if length is None else length
    return Reply(200, head + raw, {"inference-header-content-length": told_length})


def output(datatype: str, size: Json, shape: Json = None) -> Json:
    tensor: Json = {"name": "y", "datatype": datatype, "shape": [2] if shape is None else shape,
                    "parameters": {"binary_data_size": size}}  # fmt: skip
    return {"outputs": [tensor]}


TWO = struct.pack("<2i", 7, 8)
READ = [
    Reading("the first output's first value", "v2", told({"outputs": [{"data": [7, 8]}]}), 7),
    Reading("no outputs", "v2", told({"x": 1}), problem="the answer has no list of outputs"),
    Reading("no object", "v2", told([1]), problem="the answer has no list of outputs"),
    Reading("an error", "v2", told({"error": "no"}, 400), problem="status 400"),
    Reading("raw tensors", "v2", binary(output("INT32", 8), TWO), 7, said=BINARY),
    Reading("JSON in spite of asking", "v2", told({"outputs": [{"data": [7]}]}), 7, said=BINARY),
    Reading("texts", "v2", binary(output("BYTES", 11), b"\1\0\0\0a\2\0\0\0bc"), "a",
            said=BINARY),
    Reading("a text that is cut off", "v2", binary(output("BYTES", 10), b"\1\0\0\0a\2\0\0\0b"),
            problem="a tensor is cut off", said=BINARY),
    Reading("a size beyond the body", "v2", binary(output("INT32", 9), TWO),
            problem="a tensor is cut off", said=BINARY),
    Reading("a negative size", "v2", binary(output("INT32", -1), TWO),
            problem="a tensor is cut off", said=BINARY),
    Reading("half an element", "v2", binary(output("INT32", 7), TWO[:7]),
            problem="a tensor is cut off", said=BINARY),
    Reading("bytes of no tensor", "v2", binary(output("INT32", 8), TWO + b"!"),
            problem="the answer has bytes that belong to no tensor", said=BINARY),
    Reading("another shape", "v2", binary(output("INT32", 8, [3]), TWO),
            problem="2 elements of INT32 are not of shape [3]", said=BINARY),
    Reading("a smaller shape", "v2", binary(output("INT32", 8, [1]), TWO),
            problem="2 elements of INT32 are not of shape [1]", said=BINARY),
    Reading("a length that is none", "v2", binary(output("INT32", 8), TWO, "-3"),
            problem="the answer's Inference-Header-Content-Length is not the length of its JSON",
            said=BINARY),
    Reading("a length beyond the body", "v2", binary(output("INT32", 8), TWO, "9999"),
            problem="the answer's Inference-Header-Content-Length is not the length of its JSON",
            said=BINARY),
    Reading("a length of thousands of digits", "v2", binary(output("INT32", 8), TWO, "9" * 5_000),
            problem="the answer's Inference-Header-Content-Length is not the length of its JSON",
            said=BINARY),
    Reading("a million dimensions", "v2", binary(output("INT32", 8, [2**62] * 1_000_000), TWO),
            problem="a tensor has more than 64 dimensions", said=BINARY),
    Reading("a shape too long to be told", "v2", binary(output("INT32", 8, [10**1_000]), TWO),
            problem=f"2 elements of INT32 are not of shape [1{'0' * 58}", said=BINARY),
    Reading("an unknown type", "v2", binary(output("INT33", 8), TWO),
            problem="'INT33' is no datatype", said=BINARY),
    Reading("no number", "v2", binary(output("FP32", 8), struct.pack("<2f", 1, float("nan"))),
            problem="a tensor holds a value that is no finite number", said=BINARY),
]  # fmt: skip


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.of)
def test_a_row_is_asked(case: Asking) -> None:
    check_asking(case)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.of)
def test_a_reply_is_read(case: Reading) -> None:
    check_reading(case)


def test_binary_tensors_follow_their_json() -> None:
    request = dialogue("v2", "m", BINARY).ask([X, X | {"name": "z", "data": [[3.0], [4.0]]}])
    headers = dict(request.headers)
    length = int(headers["Inference-Header-Content-Length"])
    head = json.loads(request.body[:length])
    assert headers["Content-Type"] == "application/octet-stream"
    assert head["parameters"] == {"binary_data_output": True}
    assert [tensor["parameters"] for tensor in head["inputs"]] == [{"binary_data_size": 8}] * 2
    assert "data" not in head["inputs"][0]
    assert struct.unpack("<4f", request.body[length:]) == (1.5, 2, 3, 4)


@pytest.mark.parametrize("said", [{}, BINARY, GRPC, GRPC | BINARY])
@pytest.mark.parametrize("inputs", [7, "text", [7], {"x": 1}])
def test_a_row_without_tensors_is_refused(inputs: Json, said: dict[str, str]) -> None:
    with pytest.raises(NotAskableError, match="a list of tensors"):
        dialogue("v2", "m", said).ask(inputs)


@pytest.mark.parametrize("said", [BINARY, GRPC, GRPC | BINARY])
@pytest.mark.parametrize(
    "wrong",
    [{"data": ["a", "b"]}, {"shape": [3]}, {"shape": "2"}, {"datatype": "FP33"}, {"data": None},
     {"datatype": "INT32"}],
)  # fmt: skip
def test_a_tensor_that_is_not_as_it_says_is_refused(
    wrong: dict[str, Json], said: dict[str, str]
) -> None:
    with pytest.raises(NotAskableError):
        dialogue("v2", "m", said).ask([X | wrong])


ELEMENTS: dict[str, st.SearchStrategy[Json]] = {
    "BOOL": st.booleans(), "UINT8": st.integers(0, 255), "INT8": st.integers(-128, 127),
    "UINT16": st.integers(0, 2**16 - 1), "INT16": st.integers(-(2**15), 2**15 - 1),
    "UINT32": st.integers(0, 2**32 - 1), "INT32": st.integers(-(2**31), 2**31 - 1),
    "UINT64": st.integers(0, 2**64 - 1), "INT64": st.integers(-(2**63), 2**63 - 1),
    "FP16": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "FP32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "FP64": st.floats(allow_nan=False, allow_infinity=False), "BYTES": st.text(),
}  # fmt: skip


@given(st.data(), st.sampled_from(sorted(ELEMENTS)))
def test_what_is_sent_raw_is_read_again(data: st.DataObject, datatype: str) -> None:
    elements: list[Json] = list(data.draw(st.lists(ELEMENTS[datatype], max_size=20)))
    assert decode(datatype, encode(datatype, elements)) == elements


@given(st.data(), st.sampled_from(sorted(ELEMENTS)), st.booleans())
def test_what_a_grpc_server_echoes_is_what_was_asked(
    data: st.DataObject, datatype: str, raw: bool
) -> None:
    elements: list[Json] = list(data.draw(st.lists(ELEMENTS[datatype], min_size=1, max_size=20)))
    tensor: Json = {"name": "x", "shape": [len(elements)], "datatype": datatype, "data": elements}
    asked = dialogue("v2", "m", GRPC | (BINARY if raw else {}))
    request = pb.ModelInferRequest.FromString(asked.ask([tensor]).body)
    echo = pb.ModelInferResponse(
        model_name=request.model_name,
        outputs=request.inputs,
        raw_output_contents=request.raw_input_contents,
    )
    answer = asked.read(Reply(200, echo.SerializeToString()))
    assert isinstance(answer, Good)
    assert jmespath.search("outputs[0]", answer.document) == tensor


def test_brain_floats_are_the_upper_half_of_a_float() -> None:
    assert encode("BF16", [1.0]) == b"\x80\x3f"
    assert decode("BF16", b"\x80\x3f\x00\xc0") == [1.0, -2.0]


def test_bytes_that_are_no_text_stay_one_character_each() -> None:
    assert decode("BYTES", b"\x02\0\0\0\xff\xfe") == ["\xff\xfe"]


@pytest.mark.parametrize("said", [{}, BINARY])
def test_readiness_and_metadata_are_the_models_own(said: dict[str, str]) -> None:
    asked = dialogue("v2", "m", said)
    assert (asked.ready.method, asked.ready.path) == ("GET", "/v2/models/m/ready")
    assert asked.metadata
    assert (asked.metadata.method, asked.metadata.path) == ("GET", "/v2/models/m")
    assert asked.is_ready(Reply(200))
    assert not asked.is_ready(Reply(503))


def test_a_grpc_server_is_asked_for_the_models_readiness() -> None:
    asked = dialogue("v2", "m", GRPC)
    assert (asked.transport, asked.ready.path) == (
        "grpc", "/inference.GRPCInferenceService/ModelReady"
    )  # fmt: skip
    assert pb.ModelRequest.FromString(asked.ready.body).name == "m"
    assert asked.is_ready(Reply(200, pb.ModelReadyResponse(ready=True).SerializeToString()))
    assert not asked.is_ready(Reply(200, b""))
    assert not asked.is_ready(Reply(200, b"\xff"))
    assert not asked.is_ready(Reply(404, b"NOT_FOUND: no such model"))


def test_metadata_over_grpc_reads_as_that_over_rest() -> None:
    known = pb.ModelMetadataResponse(name="m", versions=["1"], platform="sklearn")
    known.inputs.add(name="x", datatype="FP32", shape=[-1, 64])
    asked = dialogue("v2", "m", GRPC)
    assert asked.read_metadata
    assert asked.read_metadata(Reply(200, known.SerializeToString())) == Good(
        {"name": "m", "versions": ["1"], "platform": "sklearn", "outputs": [],
         "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 64]}]}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (b"\xff", "the answer is not the message it should be"),
        (pb.ModelInferResponse(raw_output_contents=[b"a"]).SerializeToString(),
         "the answer has not one raw content for each output"),
        (pb.ModelInferResponse(outputs=[pb.Tensor(datatype="X")]).SerializeToString(),
         "'X' is no datatype"),
        (pb.ModelInferResponse(outputs=[pb.Tensor(datatype="INT32", shape=[2])])
         .SerializeToString(), "0 elements of INT32 are not of shape [2]"),
    ],
)  # fmt: skip
def test_a_grpc_message_that_is_not_as_agreed_is_a_failure(response: bytes, problem: str) -> None:
    assert dialogue("v2", "m", GRPC).read(Reply(200, response)) == Bad(problem)


def test_half_floats_travel_raw_because_grpc_has_no_typed_ones() -> None:
    tensor: Json = {"name": "x", "shape": [1], "datatype": "FP16", "data": [1.5]}
    assert isinstance(tensor, dict)
    message = grpcmessages.infer_request("m", {"inputs": [tensor]}, raw=False)
    assert list(pb.ModelInferRequest.FromString(message).raw_input_contents) == [b"\x00\x3e"]


def test_a_parameter_that_grpc_has_no_type_for_is_refused() -> None:
    with pytest.raises(TensorError, match="parameter a"):
        grpcmessages.infer_request("m", {"inputs": [], "parameters": {"a": 1.5}}, raw=False)
