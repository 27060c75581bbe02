"""The data sets that a benchmark pod reads: part of the plan in modelward.benchmark.contract."""

from typing import Literal

from pydantic import Field

from modelward.benchmark.message import Message


class PlanColumns(Message):
    """How the columns of a file, or the members of its lines, become rows."""

    id: str | None = Field(default=None, max_length=253)
    """Column that names a row."""
    inputs: str | None = Field(default=None, max_length=1024)
    """JMESPath over the columns."""
    expected: str | None = Field(default=None, max_length=256)
    """JMESPath over the columns."""


class PlanDataset(Message):
    """A data set: a file of its name in the folder of data sets, unless it says another place."""

    name: str = Field(max_length=63)
    claim_path: str | None = Field(default=None, max_length=512)
    """Path on the volume that is mounted below the folder of claims by the data set's name."""
    uri: str | None = Field(default=None, max_length=1024)
    """Where the file is fetched from."""
    format: Literal["csv", "parquet"] | None = None
    """Absent: JSON lines."""
    columns: PlanColumns | None = None
    """Absent: columns id, inputs and expected."""
    size_limit: int | None = Field(default=None, ge=1)
    """The most bytes that are fetched, and that the rows of a Parquet file take as JSON lines.
    Present where that can be."""
    prediction: str | None = Field(default=None, max_length=1024)
    """JMESPath of the prediction in the server's answer. Default: that of the protocol."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Digest that the file must have."""
