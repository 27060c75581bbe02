"""Requests whose body is JSON."""

import json

from modelward.protocols.base import Request
from modelward.strictjson import Json

CONTENT_TYPE = ("Content-Type", "application/json")


def to_bytes(document: Json) -> bytes:
    """Return the compact JSON of a document."""
    return json.dumps(document, separators=(",", ":")).encode()


def post(path: str, document: Json) -> Request:
    """Return the request that posts a document."""
    return Request("POST", path, to_bytes(document), (CONTENT_TYPE,))
