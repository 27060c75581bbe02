"""Data sets: where their rows are, and how a file becomes rows."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, WithJsonSchema

from modelward.api.base import ApiModel
from modelward.api.cel import map_list, rule, rules, text
from modelward.api.fields import Name, ObjectName

Format = Literal["jsonl", "csv", "parquet"]

MOST_DATASETS = 8
DEFAULT_SIZE_LIMIT = "1Gi"
_BYTES = {"Mi": 2**20, "Gi": 2**30}

Digest = Annotated[
    str,
    WithJsonSchema(
        text(
            "^[0-9a-f]{64}$",
            "say the sha256 of the rows as they stand, as sha256sum prints it: 64 hexadecimal "
            "digits, lower case",
            64,
        )
    ),
]

_PATH: dict[str, Any] = {
    "type": "string",
    "maxLength": 512,
    **rules(
        rule(
            r"self.matches(r'^[^/\s][^\n\r\t]*$') && !self.split('/').exists(part, part == '..')",
            "say the path of a file on the volume, such as golden/rows.parquet, without a slash in "
            "front and without ..",
        )
    ),
}

Uri = Annotated[
    str,
    WithJsonSchema(
        text(
            r"^((s3|gs|az)://[^\s/@?#]+/[^\s?#]*[^\s/?#]"
            r"|hf://datasets/[^\s/@?#]+/[^\s/@?#]+(@[^\s/@?#]+)?/[^\s?#]*[^\s/?#]"
            r"|https?://[^\s/@?#]+/[^\s#]*)$",
            "say where the file is: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/PATH, "
            "hf://datasets/OWNER/NAME@REVISION/PATH or https://HOST/PATH, without a user name or "
            "password",
            1024,
        )
    ),
]

Size = Annotated[
    str,
    WithJsonSchema(
        text("^[1-9][0-9]{0,4}(Mi|Gi)$", "say a size in Mi or Gi, such as 500Mi or 20Gi", 32)
    ),
]


class ConfigMapKey(ApiModel):
    """A key of a ConfigMap in the resource's namespace."""

    name: ObjectName
    """Name of the ConfigMap."""
    key: Annotated[
        str,
        WithJsonSchema(
            text(
                "^[-._a-zA-Z0-9]+$",
                "say a key of the ConfigMap: letters, digits, dashes, dots and underscores",
                253,
            )
        ),
    ]
    """Key within it."""


class ClaimFile(ApiModel):
    """A file on a PersistentVolumeClaim in the resource's namespace."""

    claim_name: ObjectName
    """Name of the PersistentVolumeClaim. Benchmark pods mount it read-only."""
    path: Annotated[str, WithJsonSchema(_PATH)]
    """Path of the file on the volume."""


class Columns(ApiModel):
    """How the columns of a file, or the members of its JSON lines, become rows."""

    id: str | None = Field(default=None, min_length=1, max_length=253)
    """Column that names a row. Default: id; CSV and Parquet without it number their rows."""
    inputs: str | None = Field(default=None, min_length=1, max_length=1024)
    """JMESPath over the columns that makes a row's inputs, for example
    "{amount: amount, country: country}". Default: inputs."""
    expected: str | None = Field(default=None, min_length=1, max_length=256)
    """JMESPath over the columns that makes the right answer, for example label.
    Default: expected."""


class Rows(ApiModel):
    """Where rows are and what they stand for."""

    name: Name
    """Name that KPIs refer to."""
    config_map: ConfigMapKey | None = None
    """Rows in a ConfigMap: JSON lines or CSV, at most 1 MiB."""
    persistent_volume_claim: ClaimFile | None = None
    """Rows in a file on a volume."""
    uri: Uri | None = None
    """Rows in a file elsewhere: s3, gs, az, hf, https or http. The benchmark pod fetches it."""
    format: Format | None = None
    """jsonl, csv or parquet. Default: by the file's name or the key; else jsonl."""
    columns: Columns | None = None
    """How columns become rows. Default: columns id, inputs and expected as they are."""
    size_limit: Size | None = None
    """The most that is fetched, and that the rows of a Parquet file may take as JSON lines.
    Default: 1Gi."""
    rows: Literal["exam", "sample"] = "exam"
    """exam: these rows are the requirement itself. Each is read once; of a thousand or more, where
    that takes longer than a minute, only as many as show what all of them would.
    sample: they stand for traffic. Rows are drawn again and again, until it is shown what share of
    answers is right. For models that answer at random: those that answer an exam differently when
    asked twice are judged so, too.
    """
    prediction: str | None = Field(default=None, min_length=1, max_length=256)
    """JMESPath of the prediction in the server's answer.

    Default: outputs[0].data[0] for protocol v2, predictions[0] for v1, prediction for http; for
    openai choices[0].message.content, choices[0].text or data[0].embedding. A KPI may name another
    part.
    """

    @property
    def file_format(self) -> Format:
        """The format of the rows: as declared, or else as the file's name says."""
        if self.format:
            return self.format
        ending = PurePosixPath(self._file_name).suffix.lower()
        return {".csv": "csv", ".parquet": "parquet"}.get(ending, "jsonl")  # type: ignore[return-value]

    @property
    def size_limit_bytes(self) -> int:
        """The size limit as a number."""
        size = self.size_limit or DEFAULT_SIZE_LIMIT
        return int(size[:-2]) * _BYTES[size[-2:]]

    @property
    def reading(self) -> dict[str, Any]:
        """How a file becomes rows, where that is not JSON lines as they are; else empty."""
        columns = self.columns.to_wire() if self.columns else {}
        found = {"format": self.file_format, "columns": columns}
        return {} if found == {"format": "jsonl", "columns": {}} else found

    @property
    def _file_name(self) -> str:
        if self.config_map:
            return self.config_map.key
        if self.persistent_volume_claim:
            return self.persistent_volume_claim.path
        return urlsplit(self.uri or "").path


_SOURCES = rule(
    "[has(self.configMap), has(self.persistentVolumeClaim), has(self.uri)]"
    ".filter(given, given).size() == 1",
    "say where the rows are, by exactly one of configMap, persistentVolumeClaim and uri, as in "
    "configMap: {name: fraud-golden, key: rows.jsonl}",
)
_NO_PARQUET = rule(
    "!has(self.configMap) || (has(self.format) ? self.format != 'parquet' "
    ": !self.configMap.key.endsWith('.parquet'))",
    "a ConfigMap holds rows as JSON lines or CSV: put Parquet on a persistentVolumeClaim or behind "
    "a uri",
)
_PINNED = rule(
    "has(self.configMap) || has(self.sha256)",
    "rows outside of ConfigMaps are pinned to their content: say the sha256 of the file, as "
    "sha256sum prints it",
)
SOURCE_RULES = (_SOURCES, _NO_PARQUET)


class Dataset(Rows):
    """Golden rows, each with an id, inputs and the expected answer."""

    model_config = ConfigDict(json_schema_extra=rules(*SOURCE_RULES, _PINNED))

    sha256: Digest | None = None
    """Digest of the file as it stands. Required for persistentVolumeClaim and uri; a ConfigMap is
    read by the operator, and need not be pinned."""


Datasets = Annotated[
    list[Dataset],
    Field(min_length=1, max_length=MOST_DATASETS, json_schema_extra=map_list("name")),
]
