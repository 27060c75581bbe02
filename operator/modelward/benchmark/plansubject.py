"""Whom a benchmark pod asks: part of the plan in modelward.benchmark.contract."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from modelward.benchmark.message import Message
from modelward.protocols import PROTOCOLS, dialogue
from modelward.protocols.base import Dialogue


class PlanSubject(Message):
    """The revision that is measured, and where it answers."""

    url: str = Field(pattern=r"^https?://[^/?#@\s]+$", max_length=300)
    """Base, http://<service>.<namespace>.svc:<port>; a laptop may also name one with https://."""
    protocol: str = Field(max_length=63, json_schema_extra={"enum": list(PROTOCOLS)})
    model_name: str = Field(max_length=253)
    options: dict[str, Annotated[str, Field(max_length=1024)]] | None = Field(
        default=None, max_length=8
    )
    """What was said of the protocol: path for http, endpoint and prefix for openai, and so on."""
    revision: str = Field(pattern="^[a-z0-9]+$", max_length=20)
    closed: Literal[True] | None = None
    """Of a baseline: present where it is a copy of stable that no user reaches. One that serves is
    asked its rows at a gentle rate."""

    @field_validator("protocol")
    @classmethod
    def _is_spoken(cls, name: str) -> str:
        if name not in PROTOCOLS:
            raise ValueError(f"{name!r} is none of {', '.join(PROTOCOLS)}")
        return name

    @property
    def dialogue(self) -> Dialogue:
        """How its model is asked."""
        return dialogue(self.protocol, self.model_name, self.options or {})
