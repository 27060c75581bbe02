"""What an expression comes to, and how it is shown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.api.kpi import Kpi
from modelward.benchmark.live.scalars import NOT_MEASURED, Scalar, scalar, shown_value, valueless
from modelward.strictjson import Json
from tests.unit.live_world import LIVE_ERRORS, QUEUE


def one(value: str) -> dict[str, Json]:
    return {"metric": {"pod": "a"}, "value": [1_700_000_000.0, value]}


def kpi(**objective: str) -> Kpi:
    return Kpi.model_validate(QUEUE | {"objective": objective})


@pytest.mark.parametrize(
    ("kind", "result", "value"),
    [
        ("scalar", [1.5, "12.5"], Fraction(25, 2)),
        ("vector", [one("0.1")], Fraction(1, 10)),
        ("vector", [one("-3e-05")], Fraction(-3, 100_000)),
    ],
)
def test_a_scalar_or_a_single_series_is_a_value(kind: str, result: Json, value: Fraction) -> None:
    assert scalar(kind, result) == Scalar(value)


@pytest.mark.parametrize(
    ("kind", "result", "reason", "told"),
    [
        ("vector", [], "NoSeries", "no series matches the expression"),
        ("vector", [one("1")] * 3, "SeveralSeries", "has 3 series: make them one, as by sum("),
        ("vector", [one("NaN")], "NotANumber", "the value of the expression is NaN"),
        ("scalar", [1.5, "+Inf"], "NotANumber", "is +Inf"),
        ("matrix", [], "NotAScalar", "is a matrix: write one that is a number"),
        ("string", [1.5, "12"], "NotAScalar", "is a string"),
    ],
)
def test_what_is_no_value_is_told_with_its_reason(
    kind: str,
    result: Json,
    reason: str,
    told: str,
) -> None:
    found = scalar(kind, result)
    assert (found.value, found.reason) == (None, reason)
    assert told in found.message


@pytest.mark.parametrize(
    ("objective", "value", "verdict", "shown"),
    [
        ({"atMost": "100"}, Fraction(100), "Pass", "100"),
        ({"atMost": "100"}, Fraction("100.00001"), "Fail", "100.00001"),
        ({"atLeast": "0.5"}, Fraction("0.49"), "Fail", "0.49"),
        ({"atMost": "2%"}, Fraction("0.013"), "Pass", "1.3%"),
        ({"atMost": "2%"}, Fraction("0.020001"), "Fail", "2.0001%"),
        ({"atMost": "250ms"}, Fraction("0.143"), "Pass", "143ms"),
        ({"atMost": "250ms"}, Fraction(-1), "Pass", "-1s"),
        ({"atLeast": "500/s"}, Fraction("499.5"), "Fail", "499.5/s"),
        ({"atMost": "100"}, Fraction(10) ** 300, "Fail", "1e+300"),
    ],
)
def test_a_value_is_compared_with_its_limit_and_written_in_its_unit(
    objective: dict[str, str], value: Fraction, verdict: str, shown: str
) -> None:
    status = shown_value(kpi(**objective), Scalar(value))
    assert (status.verdict, status.value) == (verdict, shown)
    assert (status.reason is None) == (verdict == "Pass")
    assert status.evidence == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["7", "3%", "2s", "9/s"]))
def test_any_value_that_a_server_may_say_fits_into_a_status(value: float, limit: str) -> None:
    found = scalar("scalar", [0, repr(value)])
    assert found.value == Fraction(repr(value))
    status = shown_value(kpi(atMost=limit), found)
    assert status.value
    assert len(status.value) <= 64
    assert status.verdict in ("Pass", "Fail")


def test_without_a_value_nothing_is_judged() -> None:
    status = shown_value(kpi(atMost="100"), NOT_MEASURED)
    assert (status.verdict, status.reason, status.value) == ("Inconclusive", "NotMeasured", None)


def test_expressions_without_a_value_are_named_with_their_kpi() -> None:
    kpis = [Kpi.model_validate(each) for each in (LIVE_ERRORS, QUEUE)]
    query = QUEUE["prometheus"]["query"]
    assert valueless(kpis, {query: Scalar(Fraction(1))}) == ""
    assert valueless(kpis, {query: scalar("vector", [])}) == (
        "queue: no series matches the expression"
    )
