"""Tensors of the Open Inference Protocol as raw bytes, little-endian and in row-major order.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import math
import struct
from collections.abc import Iterable, Sequence
from itertools import chain

from modelward.strictjson import Json

_FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b",
    "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
"""Of the struct module. BF16 has none, and BYTES no fixed size."""
_MOST_DIMENSIONS = 64
"""As in NumPy. The product of a million sides would take minutes."""
_LENGTH = struct.Struct("<I")


class TensorError(ValueError):
    """A tensor that is not as the protocol says; the message says why, in few words."""


def flat(data: Json) -> list[Json]:
    """Return the elements of a tensor, whose JSON may be nested by its dimensions."""
    if not isinstance(data, list):
        raise TensorError("a tensor's data is a list")
    if any(isinstance(each, list) for each in data):
        return list(chain.from_iterable(flat(each) for each in data))
    return data


def encode(datatype: str, elements: Sequence[Json]) -> bytes:
    """Return the bytes of a tensor's elements. Raises TensorError for ones of another type."""
    try:
        if datatype == "BYTES":
            return b"".join(_with_length(each) for each in elements)
        if datatype == "BF16":
            return b"".join(struct.pack("<f", each)[2:] for each in elements)
        return struct.pack(f"<{len(elements)}{_format(datatype)}", *elements)
    except (struct.error, OverflowError, TypeError, UnicodeEncodeError) as error:
        raise TensorError(f"{datatype} can't hold these values: {error}") from error


def decode(datatype: str, raw: bytes) -> list[Json]:
    """Return the elements that these bytes are. Raises TensorError where they are cut off.

    BYTES are text where they are UTF-8; others read as Latin-1, one character for each byte.
    """
    if datatype == "BYTES":
        return list(_texts(raw))
    if datatype == "BF16":
        halves = struct.unpack(f"<{_count(raw, 2)}H", raw)
        return [finite(struct.unpack("<f", struct.pack("<I", half << 16))[0]) for half in halves]
    form = _format(datatype)
    count = _count(raw, struct.calcsize(form))
    return [finite(each) for each in struct.unpack(f"<{count}{form}", raw)]


def check_size(datatype: str, shape: Json, elements: int) -> list[int]:
    """Return a tensor's shape. Raises TensorError where it has not as many elements as that."""
    sides = [side for side in shape if isinstance(side, int)] if isinstance(shape, list) else None
    if sides is None or sides != shape:
        raise TensorError("a tensor's shape is a list of integers")
    if len(sides) > _MOST_DIMENSIONS:
        raise TensorError(f"a tensor has more than {_MOST_DIMENSIONS} dimensions")
    if math.prod(sides) != elements:
        raise TensorError(f"{elements} elements of {datatype} are not of shape {str(sides)[:60]}")
    return sides


def _format(datatype: str) -> str:
    if datatype not in _FORMATS:
        raise TensorError(f"{datatype[:20]!r} is no datatype")
    return _FORMATS[datatype]


def _count(raw: bytes, size: int) -> int:
    count, rest = divmod(len(raw), size)
    if rest:
        raise TensorError("a tensor is cut off")
    return count


def finite(value: float) -> Json:
    """Return an element as JSON has it. Raises TensorError for NaN and infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise TensorError("a tensor holds a value that is no finite number")
    return value


def _with_length(element: Json) -> bytes:
    if not isinstance(element, str):
        raise TensorError("elements of BYTES are texts")
    content = element.encode()
    return _LENGTH.pack(len(content)) + content


def _texts(raw: bytes) -> Iterable[str]:
    place = 0
    while place < len(raw):
        begin = place + _LENGTH.size
        if begin > len(raw):
            raise TensorError("a tensor is cut off")
        place = begin + _LENGTH.unpack(raw[place:begin])[0]
        if place > len(raw):
            raise TensorError("a tensor is cut off")
        yield as_text(raw[begin:place])


def as_text(content: bytes) -> str:
    """Return bytes as JSON can hold them: as text, or else one character for each byte."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
