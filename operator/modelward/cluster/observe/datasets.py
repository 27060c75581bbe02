"""Reading data sets: users' ConfigMaps, which are not watched but read while they matter."""

import base64
from collections.abc import Callable, Iterable
from typing import NamedTuple

from modelward.api.modeldeployment import ConfigMapKey, Dataset
from modelward.benchmark.rows import RowsError, canonical, check_rows, sha256_of
from modelward.cluster.api import Api
from modelward.cluster.errors import ForbiddenError
from modelward.cluster.kinds import CONFIG_MAP
from modelward.release.snapshot import DatasetState
from modelward.writes import Document

FRESH_SECONDS = 60.0
"""For how long a reading counts: a change of rows is noticed this late at most."""
FRESH_PROBLEM_SECONDS = 5.0
"""The same for one that found something wrong: somebody is about to mend it."""
_FORGOTTEN_SECONDS = 3600.0


class _Reading(NamedTuple):
    at: float
    digest: str | None
    """Of the bytes that were read, well formed or not; None where nothing was."""
    state: DatasetState

    @property
    def fresh_seconds(self) -> float:
        return FRESH_PROBLEM_SECONDS if self.state.problem else FRESH_SECONDS


class Datasets:
    """Reads and checks data sets, each well-formed one at most once a minute."""

    def __init__(self, api: Api, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._monotonic = monotonic
        self._readings: dict[tuple[str, ConfigMapKey, str], _Reading] = {}

    async def read(self, namespace: str, datasets: Iterable[Dataset]) -> dict[str, DatasetState]:
        """Return the state of each data set by its name; ApiError where nobody can tell now."""
        return {each.name: await self._state(namespace, each) for each in datasets}

    async def _state(self, namespace: str, dataset: Dataset) -> DatasetState:
        """Return the state of a data set: of rows outside of ConfigMaps what spec says of them."""
        if dataset.config_map is None:
            return DatasetState(sha256=dataset.sha256)
        found = await self._read(namespace, dataset.config_map, dataset)
        if dataset.sha256 in (None, found.sha256) or found.problem:
            return found
        return DatasetState(
            problem=f"ConfigMap {dataset.config_map.name}, key {dataset.config_map.key}, has the "
            f"sha256 {found.sha256}, not {dataset.sha256}; correct it, or bring the rows back"
        )

    async def _read(self, namespace: str, where: ConfigMapKey, dataset: Dataset) -> DatasetState:
        place = (namespace, where, canonical(dataset.reading))
        now, last = self._monotonic(), self._readings.get(place)
        if last and now - last.at < last.fresh_seconds:
            return last.state
        content = await self._content(namespace, where)
        if isinstance(content, DatasetState):
            reading = _Reading(now, None, content)
        else:
            digest = sha256_of(content)
            # Checking a megabyte of rows again, only to find the same, would stop everything else.
            unchanged = last and last.digest == digest
            state = last.state if last and unchanged else _check(where, content, digest, dataset)
            reading = _Reading(now, digest, state)
        self._readings = {
            key: kept for key, kept in self._readings.items() if now - kept.at < _FORGOTTEN_SECONDS
        }
        self._readings[place] = reading
        return reading.state

    async def _content(self, namespace: str, where: ConfigMapKey) -> bytes | DatasetState:
        """Return the bytes of the key, or why there are none."""
        name = f"ConfigMap {where.name}"
        try:
            document = await self._api.get(CONFIG_MAP, namespace, where.name)
        except ForbiddenError as error:
            return DatasetState(problem=f"the operator may not read {name}: {error}")
        if document is None:
            return DatasetState(
                problem=f"{name} does not exist in namespace {namespace}; create it, or correct "
                "configMap.name"
            )
        content = _value(document, where.key)
        if content is None:
            keys = sorted([*(document.get("data") or {}), *(document.get("binaryData") or {})])
            has = f"it has {', '.join(keys)}" if keys else "it is empty"
            return DatasetState(
                problem=f"{name} has no key {where.key} ({has}); add it, or correct configMap.key"
            )
        return content


def _value(document: Document, key: str) -> bytes | None:
    text, binary = (document.get("data") or {}).get(key), document.get("binaryData") or {}
    if text is not None:
        return str(text).encode()
    return base64.b64decode(binary[key]) if key in binary else None


def _check(where: ConfigMapKey, content: bytes, digest: str, dataset: Dataset) -> DatasetState:
    columns = dataset.columns.to_wire() if dataset.columns else {}
    try:
        check_rows(content, dataset.file_format, columns)
    except RowsError as error:
        return DatasetState(problem=f"ConfigMap {where.name}, key {where.key}, {error}")
    return DatasetState(sha256=digest)
