"""How the records of a file become rows: by columns that the data set declares, or as they are."""

from decimal import Decimal

import jmespath
import jmespath.exceptions
from jmespath.parser import ParsedResult

from modelward.benchmark.contract import PlanColumns
from modelward.benchmark.records import ExactRecord, Members, Record, RowsError
from modelward.benchmark.rows import Row, member, row_id
from modelward.strictjson import Json


class RowForm:
    """Makes rows of records."""

    def __init__(self, columns: PlanColumns | None, *, numbered: bool) -> None:
        """Compile the expressions. Raises RowsError for one that is no JMESPath.

        `numbered` rows without an id are named by their line.
        """
        columns = columns or PlanColumns()
        self._id = columns.id
        self._numbered = numbered
        self._inputs = compiled("columns.inputs", columns.inputs)
        self._expected = compiled("columns.expected", columns.expected)

    def checked(self, record: Record) -> Row:
        """Return the row of a record, its numbers int or float. Raises RowsError."""
        return self._row(record, record.members)

    def row(self, record: ExactRecord, line: int) -> Row:
        """Return the row of a record that was read again. Raises RowsError."""
        return self._row(Record(0, line, record.plain), record.exact)

    def _row(self, record: Record, exact_members: Members) -> Row:
        expected = self._made("expected", self._expected, record, exact_members)
        return Row(
            id=row_id(record, self._id, numbered=self._numbered),
            inputs=self._made("inputs", self._inputs, record, record.members),
            expected=expected,
            columns=exact_members,
        )

    @staticmethod
    def _made(name: str, expression: ParsedResult | None, record: Record, members: Members) -> Json:
        if expression is None:
            return member(members, name, record.line)
        try:
            # JMESPath's functions know no Decimal.
            found = expression.search(record.members)
        except jmespath.exceptions.JMESPathError as error:
            raise RowsError(f"columns.{name}: {first_line(error)}", record.line) from error
        if found is None:
            raise RowsError(
                f"columns.{name} finds nothing: the columns are {', '.join(members)}", record.line
            )
        return exact(found) if name == "expected" else found


def compiled(name: str, expression: str | None) -> ParsedResult | None:
    """Return a JMESPath, ready to search. Raises RowsError, which begins with the name."""
    if expression is None:
        return None
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise RowsError(f"{name} {expression!r} is no JMESPath: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """Return the part of a JMESPath error that people read."""
    return str(error).splitlines()[0]


def exact(value: Json) -> Json:
    """Return a JSON value whose floats are the decimals that they are written as.

    Answers are read as floats, because JMESPath's functions know no Decimal.
    """
    match value:
        case float():
            return Decimal(repr(value))
        case dict():
            return {key: exact(member) for key, member in value.items()}
        case list():
            return [exact(item) for item in value]
        case _:
            return value
