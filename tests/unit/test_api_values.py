"""Values with units are exact, and what is written back can be read again."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.api import values
from modelward.api.values import ValueFormError

PARSERS: list[Callable[[str], object]] = [
    values.parse_percent,
    values.parse_duration,
    values.parse_rate,
    values.parse_quantile,
    values.parse_decimal,
]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("92%", Fraction(23, 25)),
        ("0%", Fraction(0)),
        ("100%", Fraction(1)),
        ("0.1%", Fraction(1, 1000)),
        ("28%", Fraction(7, 25)),
    ],
)
def test_a_percentage_is_an_exact_share(text: str, share: Fraction) -> None:
    assert values.parse_percent(text) == share


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("250ms", 250_000),
        ("2s", 2_000_000),
        ("1.5s", 1_500_000),
        ("20m", 1_200_000_000),
        ("1h30m", 5_400_000_000),
        ("1h2m3s4ms", 3_723_004_000),
        ("0.001ms", 1),
        ("0s", 0),
    ],
)
def test_a_duration_is_exact_in_gos_form(text: str, micros: int) -> None:
    assert values.parse_duration(text) == timedelta(microseconds=micros)


@pytest.mark.parametrize(
    ("text", "number", "relative"),
    [("1pp", "1/100", False), ("0pp", "0", False), ("50%", "1/2", True), ("900%", "9", True)],
)
def test_a_margin_is_in_percentage_points_or_a_part_of_a_rate(
    text: str, number: str, relative: bool
) -> None:
    assert values.parse_margin(text) == Fraction(number)
    assert values.is_relative(text) == relative


@pytest.mark.parametrize("text", ["0%", "901%", "1", "51pp", "50 %"])
def test_margins_without_a_unit_or_beyond_bounds_are_refused(text: str) -> None:
    with pytest.raises(ValueFormError):
        values.parse_margin(text)


@pytest.mark.parametrize(("text", "value"), [("0.35", "7/20"), ("0", "0"), ("9999999", "9999999")])
def test_a_number_is_exact(text: str, value: str) -> None:
    assert values.parse_number(text) == Fraction(value)
    assert values.format_number(Fraction(value)) == text


@pytest.mark.parametrize(
    "text", ["", "1e3", "-1", ".5", "1.", "10000000", "0.0000001", "NaN", "5%"]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueFormError):
        values.parse_number(text)


def test_a_rate_counts_per_second() -> None:
    assert values.parse_rate("20/s") == 20
    assert values.parse_rate("0.5/s") == Fraction(1, 2)


def test_a_quantile_is_the_share_below_it() -> None:
    assert values.parse_quantile("p95") == Fraction(19, 20)
    assert values.parse_quantile("p99.9") == Fraction(999, 1000)
    assert values.parse_quantile("p50") == Fraction(1, 2)


@pytest.mark.parametrize(
    ("parse", "text", "advice"),
    [
        (values.parse_percent, "92", "such as 92%"),
        (values.parse_percent, "0.92", "such as 92%"),
        (values.parse_percent, "-1%", "such as 92%"),
        (values.parse_percent, "100.1%", "from 0% to 100%"),
        (values.parse_percent, "92 %", "such as 92%"),
        (values.parse_percent, "92%\n", "such as 92%"),
        (values.parse_percent, "९२%", "such as 92%"),
        (values.parse_duration, "250", "such as 250ms"),
        (values.parse_duration, "", "such as 250ms"),
        (values.parse_duration, "2d", "such as 250ms"),
        (values.parse_duration, "-2s", "such as 250ms"),
        (values.parse_rate, "20", "such as 20/s"),
        (values.parse_rate, "20/d", "such as 20/s"),
        (values.parse_quantile, "95", "from p50 to p99.9"),
        (values.parse_quantile, "p49", "from p50 to p99.9"),
        (values.parse_quantile, "p100", "from p50 to p99.9"),
        (values.parse_decimal, "nan", "such as 0.92"),
        (values.parse_decimal, "1e3", "such as 0.92"),
        (values.parse_decimal, "1/3", "such as 0.92"),
    ],
)
def test_another_form_is_refused_and_told_what_to_write(
    parse: Callable[[str], object], text: str, advice: str
) -> None:
    with pytest.raises(ValueFormError, match=advice):
        parse(text)


@given(st.text(max_size=12), st.sampled_from(PARSERS))
def test_no_text_makes_a_parser_fail_in_another_way(
    text: str, parse: Callable[[str], object]
) -> None:
    with contextlib.suppress(ValueFormError):
        parse(text)


@given(st.integers(0, 100_000_000))
def test_percentages_come_back_as_they_were(millionths: int) -> None:
    share = Fraction(millionths, 100_000_000)
    assert values.parse_percent(values.format_percent(share, digits=6)) == share


@given(st.integers(0, 10**9))
def test_durations_of_whole_milliseconds_come_back_as_they_were(millis: int) -> None:
    duration = timedelta(milliseconds=millis)
    assert values.parse_duration(values.format_duration(duration)) == duration


@given(st.integers(0, 999_999))
def test_durations_below_a_second_come_back_to_the_microsecond(micros: int) -> None:
    duration = timedelta(microseconds=micros)
    assert values.parse_duration(values.format_duration(duration)) == duration


@given(st.integers(0, 999_999_999))
def test_rates_come_back_as_they_were(thousandths: int) -> None:
    rate = Fraction(thousandths, 1000)
    assert values.parse_rate(values.format_rate(rate, digits=3)) == rate


@given(st.integers(-(10**12), 10**12), st.integers(0, 12))
def test_decimals_come_back_as_they_were(number: int, digits: int) -> None:
    value = Fraction(number, 10**digits)
    assert values.parse_decimal(values.format_decimal(value)) == value


def test_a_third_has_no_decimal() -> None:
    with pytest.raises(ValueFormError, match="no finite decimal"):
        values.format_decimal(Fraction(1, 3))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (values.format_percent(Fraction(187, 200)), "93.5%"),
        (values.format_percent(Fraction(2, 3)), "66.67%"),
        (values.format_percent(Fraction(1)), "100%"),
        (values.format_percent(Fraction(2, 3), digits=0), "67%"),
        (values.format_duration(Fraction(143, 1000)), "143ms"),
        (values.format_duration(timedelta(seconds=1, milliseconds=500)), "1.5s"),
        (values.format_duration(timedelta(minutes=90)), "1h30m"),
        (values.format_duration(timedelta(seconds=61)), "1m1s"),
        (values.format_duration(timedelta(0)), "0s"),
        (values.format_rate(Fraction(20)), "20/s"),
        (values.format_decimal(Fraction(23, 25)), "0.92"),
        (values.format_decimal(Fraction(-5)), "-5"),
        (values.format_decimal(Fraction(1, 60), digits=6), "0.016666"),
    ],
)
def test_people_read_short_forms(written: str, expected: str) -> None:
    assert written == expected


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueFormError, match="not negative"):
        values.format_duration(timedelta(seconds=-1))


def test_surge_rounds_up_and_unavailable_rounds_down() -> None:
    assert values.count_of("25%", 3, round_up=True) == 1
    assert values.count_of("25%", 3, round_up=False) == 0
    assert values.count_of("28%", 25, round_up=True) == 7
    assert values.count_of(2, 3, round_up=True) == 2
