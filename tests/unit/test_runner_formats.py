"""CSV, Parquet and declared columns become the same rows that JSON lines are."""

import json
import threading
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.rows import Row, RowsError, check_rows, sha256_of
from modelward.protocols import dialogue
from modelward.runner import parquet
from modelward.runner.files import open_file
from modelward.runner.rows import Dataset, DatasetInvalidError, asked, read_tables
from tests.unit.rows_in import rows_in
from tests.unit.runner_plans import ACCURACY, a_plan

CSV = b'amount,country,label\n1.10,"DE, west",true\n2,"say ""hi""\nthere",false\n'
OVER_HTTP = dialogue("http", "m", {"path": "/predict"})
FEATURES = "{amount: amount, country: country}"


def test_columns_of_csv_become_inputs_and_expected_answers() -> None:
    assert rows_in(CSV, "csv", inputs=FEATURES, expected="label") == (
        Row("2", {"amount": 1.1, "country": "DE, west"}, True),
        Row("3", {"amount": 2, "country": 'say "hi"\nthere'}, False),
    )


def test_the_default_columns_of_csv_hold_json_or_text() -> None:
    text = b'\xef\xbb\xbfid,inputs,expected,zip\r\n7,"[1, 2.50]",0.1,007\r\nx,text,"""5""",\r\n'
    first, second = rows_in(text, "csv")
    assert first == Row("7", [1, 2.5], Decimal("0.1"))
    assert second == Row("x", "text", "5")
    assert (first.columns["zip"], second.columns["zip"]) == ("007", None)


def test_members_of_json_lines_that_are_no_part_of_a_row_are_kept_beside_it() -> None:
    (row,) = rows_in(b'{"id": "a", "inputs": 1, "expected": 2, "country": "DE", "age": 0.1}')
    assert (row.columns["country"], row.columns["age"]) == ("DE", Decimal("0.1"))


def test_a_question_and_its_answer_may_have_other_names_in_json_lines() -> None:
    line = b'{"key": "a", "question": "2 + 2?", "answer": {"number": 4.0}}'
    chat = "{messages: [{role: 'user', content: question}]}"
    (row,) = rows_in(line, id="key", inputs=chat, expected="answer.number")
    assert row == Row("a", {"messages": [{"role": "user", "content": "2 + 2?"}]}, Decimal("4.0"))


@given(st.lists(st.tuples(st.text(min_size=1), st.text(max_size=9)), min_size=1, max_size=9))
def test_a_record_of_csv_is_read_again_from_where_it_begins(cells: list[tuple[str, str]]) -> None:
    lines = [f'"{i}","{a}","{b}"' for i, (a, b) in enumerate(_quoted(cells))]
    content = "\n".join(["id,inputs,expected", *lines]).encode(errors="surrogatepass")
    try:
        content.decode()
    except UnicodeDecodeError:
        return
    rows = rows_in(content, "csv")
    assert [row.id for row in rows] == [str(i) for i in range(len(cells))]


def _quoted(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(a.replace('"', '""'), b.replace('"', '""')) for a, b in cells]


@pytest.mark.parametrize(
    ("content", "columns", "told"),
    [
        (CSV + b"1,2\n", {"inputs": "a", "expected": "b"}, "line 5: 2 cells below 3 columns"),
        (b"a,a\n1,2\n", {}, 'line 1: column "a" is there twice'),
        (b'id,inputs,expected\n1,"2"3,4\n', {}, "line 2: not CSV"),
        (b"id,inputs,expected\n", {}, "there are no rows"),
        (CSV, {}, 'line 2: "inputs" is missing'),
        (CSV, {"id": "key", "inputs": "a", "expected": "b"}, 'line 2: "key" is missing'),
        (CSV + b'3,"\n', {"inputs": "a", "expected": "b"}, "line 5: not CSV"),
    ],
)
def test_what_is_wrong_with_csv_is_said_with_its_line(
    content: bytes, columns: dict[str, str], told: str
) -> None:
    with pytest.raises(RowsError, match=told):
        check_rows(content, "csv", columns)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"inputs": "amuont"}, "line 2: columns.inputs finds nothing: the columns are amount, "),
        ({"inputs": "abs(country)"}, r"line 2: columns.inputs: "),
        ({"inputs": "{"}, r"columns.inputs '\{' is no JMESPath"),
    ],
)
def test_what_is_wrong_with_columns_is_said(columns: dict[str, str], told: str) -> None:
    with pytest.raises(RowsError, match=told):
        rows_in(CSV, "csv", **{"expected": "label"} | columns)


def table(path: Path, query: str) -> Path:
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


def dataset(file: Path, scratch: Path, **data: object) -> Dataset:
    plan = a_plan("http://m:80", ACCURACY, rows=file.read_bytes())
    declared = {"format": "parquet", "sizeLimit": 2**20} | data
    wire = json.loads(plan.to_json())
    wire["datasets"][0] |= declared
    plan = type(plan).parse(json.dumps(wire))
    files = {"golden": open_file(file, threading.Event())}
    return asked(plan, read_tables(plan, files, OVER_HTTP, scratch), OVER_HTTP)["golden"]


TYPES = """
SELECT i AS number, i % 3 AS label, [i, 0.5] AS v, {'a': DATE '2026-01-01', 'b': NULL} AS s,
       (i / 10)::DECIMAL(9, 1) AS tenth FROM range(5000) t(i)
"""


def test_parquet_is_read_row_by_row_with_its_types(tmp_path: Path) -> None:
    columns = {"id": "number", "inputs": "{v: v, day: s.a, tenth: tenth}", "expected": "label"}
    found = dataset(table(tmp_path / "a.parquet", TYPES), tmp_path, columns=columns)
    rows = {question.row.id: question.row for question in found.questions}
    assert len(rows) == 5000
    assert rows["4321"] == Row("4321", {"v": [4321, 0.5], "day": "2026-01-01", "tenth": 432.1}, 1)
    assert rows["4321"].columns["tenth"] == Decimal("432.1")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT 'a' AS id, 1 AS inputs", 'line 1: "expected" is missing'),
        ("SELECT 'a' AS id, 'nan'::DOUBLE AS inputs, 1 AS expected", "line 1: not JSON: NaN"),
        (
            "SELECT i AS id, repeat('x', 500) AS inputs, 1 AS expected FROM range(9999) t(i)",
            "its rows take more than sizeLimit, 1 MiB",
        ),
    ],
)
def test_what_is_wrong_with_parquet_is_said(tmp_path: Path, query: str, told: str) -> None:
    with pytest.raises(DatasetInvalidError, match=told):
        dataset(table(tmp_path / "a.parquet", query), tmp_path)


def test_what_is_no_parquet_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"id,inputs\n" * 9)
    with pytest.raises(DatasetInvalidError, match="data set golden, not Parquet: "):
        dataset(tmp_path / "a.parquet", tmp_path)


def test_reading_parquet_ends_when_it_is_told_to(tmp_path: Path) -> None:
    file, stop = table(tmp_path / "a.parquet", TYPES), threading.Event()
    stop.set()
    with pytest.raises(InterruptedError):
        parquet.to_json_lines(file, tmp_path / "rows", 2**20, tmp_path, stop)


def test_a_file_that_is_changed_while_it_is_asked_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(CSV)
    columns = {"inputs": FEATURES, "expected": "label"}
    found = dataset(file, tmp_path, format="csv", columns=columns)
    assert found.questions[0].row.id in "23"
    file.write_bytes(CSV.replace(b"true", b"null"))
    with pytest.raises(OSError, match="was changed while it was read"):
        found.questions[1]


def test_other_rows_than_those_pinned_are_told_by_both_digests(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(CSV)
    digest = sha256_of(CSV)[:16]
    with pytest.raises(DatasetInvalidError, match=f"begins with {digest}, not with {'0' * 16}"):
        dataset(file, tmp_path, format="csv", sha256="0" * 64)
