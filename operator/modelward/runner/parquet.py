"""Parquet files, written once as JSON lines, so that rows are read one by one like any others.

DuckDB reads one row group of the columns at a time, a page of each, within a bound of memory.
"""

import threading
from pathlib import Path

MEMORY = "192MB"
"""What DuckDB may take. A row group of which a page of each column needs more is refused."""
_ROWS_AT_ONCE = 1_000
# An alias that is no column's name, which would be taken instead.
_QUERY = 'SELECT to_json("modelward: row") FROM read_parquet(?) AS "modelward: row"'


class ParquetError(ValueError):
    """A file that can't be read as Parquet; the message says why."""


def to_json_lines(
    source: Path, target: Path, most_bytes: int, scratch: Path, stop: threading.Event
) -> None:
    """Write the rows of a file as JSON objects, one a line, in the file's order.

    Raises ParquetError, and InterruptedError when `stop` is set.
    """
    try:
        # Not in every installation, and 60 MB that only this needs.
        import duckdb  # noqa: PLC0415
    except ImportError as error:
        raise ParquetError(f"format parquet needs modelward[datasets]: {error}") from error
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "temp_directory": str(scratch),
        # All that is needed is built in, and nothing is fetched behind anybody's back.
        "autoinstall_known_extensions": False,
    }
    size = 0
    try:
        with duckdb.connect(config=settings) as connection, target.open("wb") as file:
            # Whole row groups would be kept otherwise, of a file that is read page by page.
            connection.execute("SET disable_parquet_prefetching = true")
            rows = connection.execute(_QUERY, [str(source)])
            while some := rows.fetchmany(_ROWS_AT_ONCE):
                lines = "".join(f"{text}\n" for (text,) in some).encode()
                size += len(lines)
                if stop.is_set():
                    raise InterruptedError("told to stop")
                if size > most_bytes:
                    raise ParquetError(
                        f"its rows take more than sizeLimit, {most_bytes / 2**20:,.0f} MiB, as "
                        "JSON lines: raise the data set's sizeLimit, or leave out columns"
                    )
                file.write(lines)
    except duckdb.OutOfMemoryException as error:
        raise ParquetError(
            f"its row groups need more than {MEMORY} of memory: write it with smaller ones, such "
            "as row_group_size=100000"
        ) from error
    except duckdb.Error as error:
        raise ParquetError(f"not Parquet: {str(error).splitlines()[0][:200]}") from error
