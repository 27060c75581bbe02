"""Code of the protobuf messages, made by protoc from their description."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from grpc_tools import protoc

WIRE = "operator/modelward/protocols/wire"
_PROTO = "open_inference.proto"


def _code(name: str, _: str) -> str:
    """Return the text of the generated file of this name. Raises RuntimeError."""
    source = Path(__file__).resolve().parents[2] / WIRE
    with tempfile.TemporaryDirectory() as folder:
        said = [f"--proto_path={source}", f"--python_out={folder}", f"--pyi_out={folder}"]
        if protoc.main(["protoc", *said, _PROTO]) != 0:
            raise RuntimeError(f"protoc does not take {source / _PROTO}")
        return (Path(folder) / name).read_text()


FILES: dict[str, Callable[[str], str]] = {
    f"{WIRE}/{name}": partial(_code, name)
    for name in ("open_inference_pb2.py", "open_inference_pb2.pyi")
}
"""File of the project -> what makes its text, whatever the present one is."""
