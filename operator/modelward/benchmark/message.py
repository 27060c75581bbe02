"""What the messages between the operator and benchmark pods are made of: strict, compact JSON."""

import json
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from modelward.api.values import format_decimal, parse_decimal


def _exact(value: object) -> object:
    return parse_decimal(value) if isinstance(value, str) else value


Exact = Annotated[
    Fraction,
    BeforeValidator(_exact),
    Field(ge=0),
    PlainSerializer(format_decimal, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"}),
]
"""An exact number, on the wire a plain decimal in a string."""


class Message(BaseModel):
    """A frozen, strict model: unknown members and numbers of the wrong type are refused."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    def to_json(self) -> str:
        """Return the compact JSON document."""
        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
