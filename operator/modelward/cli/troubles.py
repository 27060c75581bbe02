"""What went wrong in a measurement, at a glance: the log and the page have more of it."""

from collections.abc import Iterable, Iterator

from modelward.benchmark.log import Details, WrongRow
from modelward.cli.table import table

_MOST_ROWS = 5


def troubles(details: Details) -> str:
    """Return the first wrong rows and why requests failed; empty where nothing went wrong."""
    return "\n\n".join((*_rows(details.wrong_rows), *_requests(details)))


def _rows(wrong: tuple[WrongRow, ...]) -> Iterator[str]:
    if wrong:
        heading = ("KPI", "WRONG ROW", "EXPECTED", "GOT")
        yield table(heading, [_cells(row) for row in _of_each_kpi(wrong)])


def _of_each_kpi(wrong: tuple[WrongRow, ...]) -> Iterable[WrongRow]:
    """Yield a few rows: the first of each KPI, and the next of each, as long as there is room."""
    seen: dict[str, int] = {}
    ranked = []
    for row in wrong:
        seen[row.kpi] = seen.get(row.kpi, 0) + 1
        ranked.append((seen[row.kpi], row))
    return [row for _, row in sorted(ranked, key=lambda each: each[0])[:_MOST_ROWS]]


def _cells(row: WrongRow) -> tuple[str, ...]:
    got = ": ".join(filter(None, (row.got or row.problem, row.detail)))
    return row.kpi, row.row, row.expected or "-", " ".join(got.split())


def _requests(details: Details) -> Iterator[str]:
    failed = [
        (f"{count:,}", reason, load.of)
        for load in details.loads
        for reason, count in load.failures.items()
    ]
    if failed:
        yield table(("FAILED", "WHY", "OF"), failed)
