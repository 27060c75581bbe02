"""The rows of a data set, all at once."""

import io

from modelward.benchmark.contract import PlanColumns
from modelward.benchmark.rows import Row, check_rows, records_of
from modelward.runner.form import RowForm


def rows_in(content: bytes, file_format: str = "jsonl", **columns: str) -> tuple[Row, ...]:
    """Return rows in the file's order, as the runner reads them again one by one."""
    check_rows(content, file_format, columns)
    records = records_of(io.BytesIO(content), file_format)
    form = RowForm(PlanColumns(**columns), numbered=records.numbered)
    places = [(form.checked(record).id, record) for record in records]
    rows = tuple(form.row(records.at(record.offset), record.line) for _, record in places)
    assert [row.id for row in rows] == [name for name, _ in places]
    return rows
