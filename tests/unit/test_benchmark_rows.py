"""Golden rows are read exactly, and what is wrong with them is said with its line."""

from decimal import Decimal

import pytest

from modelward.benchmark.rows import Row, RowsError, check_rows, same_json, sha256_of
from modelward.strictjson import loads_exact
from tests.unit.rows_in import rows_in

GOOD = b'{"id": "a", "inputs": [0.1, 2], "expected": 0.1}\n{"id": "b", "inputs": 1, "expected": 1}'


def test_rows_keep_the_order_of_their_file() -> None:
    assert rows_in(GOOD) == (
        Row(id="a", inputs=[0.1, 2], expected=Decimal("0.1")),
        Row(id="b", inputs=1, expected=1),
    )


def test_blank_lines_carriage_returns_and_a_byte_order_mark_do_no_harm() -> None:
    padded = b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n\r\n") + b"\n\n"
    assert rows_in(padded) == rows_in(GOOD)


def test_a_line_separator_within_a_text_does_not_end_the_line() -> None:
    (row,) = rows_in('{"id": "a", "inputs": "x\u2028y", "expected": 1}'.encode())
    assert row.inputs == "x\u2028y"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there are no rows"),
        (b"\n \n", "there are no rows"),
        (GOOD + b"\n{", "line 3: not JSON"),
        (
            GOOD + b'\n{"id": 1\n' + GOOD,
            "line 3: not JSON: Expecting ',' delimiter (column 9)",
        ),
        (GOOD + b"\n[]", "line 3: not an object"),
        (GOOD + b'\n{"id": "c", "inputs": 1}', 'line 3: "expected" is missing'),
        (GOOD + b'\n{"id": "c", "expected": 1}', 'line 3: "inputs" is missing'),
        (GOOD + b'\n{"inputs": 1, "expected": 1}', 'line 3: "id" is missing'),
        (GOOD + b'\n{"id": 3, "inputs": 1, "expected": 1}', 'line 3: "id" is not a string'),
        (GOOD + b'\n{"id": "", "inputs": 1, "expected": 1}', 'line 3: "id" is not a string'),
        (GOOD + b"\n" + GOOD, 'line 3: id "a" is already that of line 1'),
        (GOOD + b"\n\xff", "line 3: not UTF-8"),
        (GOOD + b'\n{"id": "c", "inputs": NaN, "expected": 1}', "line 3: not JSON: NaN"),
        (GOOD + b'\n{"id": "c", "inputs": 1e999, "expected": 1}', "line 3: not JSON: 1e999"),
        (GOOD + b'\n{"id": "c", "id": "d", "inputs": 1, "expected": 1}', "same member twice"),
        (GOOD + b"\n" + b"[" * 100_000, "line 3: not JSON: nested too deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes, message: str) -> None:
    with pytest.raises(RowsError) as refused:
        check_rows(content)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1", "1.0", True),
        ("0.1", "0.10", True),
        ("0.1", "0.1000000000000000055511151231257827", False),
        ("true", "1", False),
        ("false", "0", False),
        ("null", "0", False),
        ('"1"', "1", False),
        ("[1, 2]", "[1.0, 2]", True),
        ("[1, 2]", "[2, 1]", False),
        ("[1]", "[1, 2]", False),
        ('{"a": 1, "b": 2}', '{"b": 2.0, "a": 1}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ("[true]", "[1]", False),
    ],
)
def test_json_values_are_compared_by_value(left: str, right: str, same: bool) -> None:
    assert same_json(loads_exact(left), loads_exact(right)) is same


def test_the_digest_is_the_sha256_of_the_bytes() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_of(b"") == empty
