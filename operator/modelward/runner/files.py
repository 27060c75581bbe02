"""The files of a plan's data sets: fetched where a URI names them, and hashed before all else."""

import asyncio
import hashlib
import io
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelward.benchmark.contract import PlanDataset, RunnerPlan
from modelward.runner.fetch import fetch

_BLOCK_BYTES = 2**20

Given = Mapping[str, bytes | Path]
"""What a data set's file is, by the data set's name: its content, or where it is."""


class ChangedError(OSError):
    """A file that somebody has changed since it was hashed."""


@dataclass(frozen=True)
class RowsFile:
    """The file of a data set as it was found."""

    handle: BinaryIO
    digest: str
    """sha256, 64 hex digits."""
    path: Path | None = None
    """None where the content was given."""
    stamp: tuple[int, int] = (0, 0)

    def check(self) -> None:
        """Raise ChangedError where the file is not what was hashed any more."""
        if self.path and self.stamp != _stamp(self.handle):
            raise ChangedError(
                f"{self.path} was changed while it was read: write another file instead, and say "
                "its sha256"
            )


def file_paths(plan: RunnerPlan, folder: Path, claims: Path) -> dict[str, Path]:
    """Return where the data sets are that a benchmark pod has mounted.

    ConfigMaps are below `folder`, and each claim below `claims` is named as its data set.
    """
    return {
        data.name: claims / data.name / data.claim_path if data.claim_path else folder / data.name
        for data in plan.datasets
        if data.uri is None
    }


def large(plan: RunnerPlan) -> bool:
    """Tell whether data sets may be too large for memory; ConfigMaps are not."""
    return any(data.size_limit for data in plan.datasets)


async def open_files(
    plan: RunnerPlan, given: Given, scratch: Path | None, stop: threading.Event
) -> dict[str, RowsFile]:
    """Return the file of each data set; those that are not given are fetched into `scratch`.

    Raises OSError for one that can't be had, with the data set's name.
    """
    files: dict[str, RowsFile] = {}
    for data in plan.datasets:
        try:
            if data.name in given:
                files[data.name] = await asyncio.to_thread(open_file, given[data.name], stop)
            else:
                files[data.name] = await _fetched(data, scratch)
        except OSError as error:
            raise OSError(f"data set {data.name}: {error}") from error
    return files


def open_file(given: bytes | Path, stop: threading.Event) -> RowsFile:
    """Return a file, hashed. Raises OSError."""
    handle = io.BytesIO(given) if isinstance(given, bytes) else given.open("rb")
    path = None if isinstance(given, bytes) else given
    stamp = _stamp(handle) if path else (0, 0)
    digest = hashlib.sha256()
    while block := handle.read(_BLOCK_BYTES):
        digest.update(block)
        if stop.is_set():
            raise InterruptedError("told to stop")
    return RowsFile(handle, digest.hexdigest(), path, stamp)


async def _fetched(data: PlanDataset, scratch: Path | None) -> RowsFile:
    if data.uri is None or scratch is None:
        raise FileNotFoundError("its file was not given")
    path = scratch / f"{data.name}.fetched"
    digest = await fetch(data.uri, path, data.size_limit or 0)
    handle = path.open("rb")
    return RowsFile(handle, digest, path, _stamp(handle))


def _stamp(handle: BinaryIO) -> tuple[int, int]:
    status = os.fstat(handle.fileno())
    return status.st_mtime_ns, status.st_size
