"""Values with units as people write them, and exact numbers.

Everything is a Fraction, an int or a timedelta: comparing decimals as binary floats gets 0.28 x 25
rows wrong (7, not 8). The forms here are the ones that the CRDs accept (modelward.api.fields).
"""

import math
import re
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

PERCENT_FORM = r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"
POINTS_FORM = r"^[0-9]{1,2}(\.[0-9]{1,6})?pp$"
DURATION_FORM = r"^([0-9]{1,5}(\.[0-9]{1,3})?(h|m|s|ms))+$"
RATE_FORM = r"^[0-9]{1,6}(\.[0-9]{1,3})?/s$"
NUMBER_FORM = r"^[0-9]{1,7}(\.[0-9]{1,6})?$"
QUANTILE_FORM = r"^p([5-9][0-9])(\.[0-9])?$"
_MATCHER = (
    r"[a-zA-Z_][a-zA-Z0-9_]* *(=|!=|=~|!~) *"
    r'("([^"\\\n]|\\.)*"|\x27([^\x27\\\n]|\\.)*\x27)'
)
_MATCHERS = rf"(\{{ *({_MATCHER}( *, *{_MATCHER})*( *,)?)? *\}})?$"
SELECTOR_FORM = rf"^[a-zA-Z_:][a-zA-Z0-9_:]*{_MATCHERS}"
"""A PromQL selector of an instant vector: a metric's name, then matchers of labels."""
BUCKETS_FORM = rf"^[a-zA-Z_:][a-zA-Z0-9_:]*_bucket{_MATCHERS}"
"""A selector of the buckets of a classic histogram."""

_MICROSECONDS = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
_DURATION_PART = re.compile(r"([0-9.]+)(h|ms|m|s)")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class ValueFormError(ValueError):
    """A value that is not in the form its field takes; the message says what to write."""


def parse_percent(text: str) -> Fraction:
    """Return the share that a percentage from 0% to 100% stands for: `92%` is 23/25.

    Raises ValueFormError for any other text.
    """
    share = Fraction(_checked(text, PERCENT_FORM, "a percentage such as 92%")[:-1]) / 100
    if share > 1:
        raise ValueFormError(f"{text!r}: say a percentage from 0% to 100%")
    return share


def parse_points(text: str) -> Fraction:
    """Return the share that percentage points from 0pp to 50pp stand for: `1pp` is 1/100.

    Raises ValueFormError for any other text.
    """
    share = Fraction(_checked(text, POINTS_FORM, "percentage points such as 1pp")[:-2]) / 100
    if share > Fraction(1, 2):
        raise ValueFormError(f"{text!r}: say percentage points from 0pp to 50pp")
    return share


def parse_number(text: str) -> Fraction:
    """Return the value of a decimal without a unit, as in `0.35`.

    Raises ValueFormError for any other text, and for more digits than a field takes.
    """
    return Fraction(_checked(text, NUMBER_FORM, 'a number such as "0.35"'))


def is_relative(margin: str) -> bool:
    """Tell whether a margin is a part of stable's value (`50%`), not percentage points (`1pp`)."""
    return margin.endswith("%")


def parse_margin(text: str) -> Fraction:
    """Return the number that a margin stands for: `1pp` is 1/100, `50%` 1/2 and `50ms` 1/20.

    Raises ValueFormError for any other text, beyond 50pp and 900%, and for no time at all.
    """
    if text.endswith(("s", "m", "h")):
        seconds = seconds_of(text)
        if seconds <= 0:
            raise ValueFormError(f"{text!r}: say a duration above 0s")
        return seconds
    if not is_relative(text):
        return parse_points(text)
    share = Fraction(_checked(text, PERCENT_FORM, "a margin such as 1pp, 50% or 50ms")[:-1]) / 100
    if not 0 < share <= 9:
        raise ValueFormError(f"{text!r}: say a percentage above 0% and up to 900%")
    return share


@lru_cache(maxsize=1024)  # a resource says the same few durations again and again
def parse_duration(text: str) -> timedelta:
    """Return a duration in Go's form (`250ms`, `2s`, `1h30m`), exact to the microsecond.

    Raises ValueFormError for any other text.
    """
    _checked(text, DURATION_FORM, "a duration such as 250ms, 2s or 1h30m")
    parts = _DURATION_PART.findall(text)
    micros = sum(Fraction(number) * _MICROSECONDS[unit] for number, unit in parts)
    return timedelta(microseconds=int(micros))


def parse_rate(text: str) -> Fraction:
    """Return how many per second a rate such as `20/s` stands for.

    Raises ValueFormError for any other text.
    """
    return Fraction(_checked(text, RATE_FORM, "a rate such as 20/s").removesuffix("/s"))


def parse_quantile(text: str) -> Fraction:
    """Return the share below a quantile: `p95` is 19/20, `p99.9` is 999/1000.

    Raises ValueFormError for any text but p50 to p99.9.
    """
    return Fraction(_checked(text, QUANTILE_FORM, "a quantile from p50 to p99.9")[1:]) / 100


def parse_decimal(text: str) -> Fraction:
    """Return the exact value of a plain decimal such as `0.92`.

    Raises ValueFormError for any other text, exponents and NaN among them.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueFormError(f"{text!r}: say a decimal such as 0.92")
    return Fraction(text)


def check_selector(text: str) -> str:
    """Return a selector of counters as it is. Raises ValueFormError for any other expression."""
    return _checked(text, SELECTOR_FORM, 'a selector of a raw counter, as in errors{code="500"}')


def check_buckets(text: str) -> str:
    """Return a selector of a histogram's buckets as it is. Raises ValueFormError for any other."""
    return _checked(
        text, BUCKETS_FORM, "the buckets of a histogram, as in request_duration_seconds_bucket"
    )


def count_of(value: int | str, total: int, *, round_up: bool) -> int:
    """Return a number that is given as it is (`2`) or as a percentage of `total` (`25%`).

    Raises ValueFormError for other texts.
    """
    if isinstance(value, int):
        return value
    exact = parse_percent(value) * total
    return math.ceil(exact) if round_up else math.floor(exact)


def format_decimal(value: Fraction, digits: int | None = None) -> str:
    """Return the canonical decimal of a value: 23/25 is `0.92`.

    With `digits` it is cut after that many decimals, towards zero: the careful side for an error
    probability (1/60 is `0.016666666666`). Without, a value that has no finite decimal raises
    ValueFormError.
    """
    if digits is not None:
        return _fixed(math.trunc(value * 10**digits), digits)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        if places > 60:
            raise ValueFormError(f"{value} has no finite decimal")
    return _fixed(int(value * 10**places), places)


def format_percent(value: Fraction, digits: int = 2) -> str:
    """Return a share as a percentage with at most `digits` decimals: 187/200 is `93.5%`."""
    return _rounded(value * 100, digits) + "%"


def format_points(value: Fraction, digits: int = 2) -> str:
    """Return a difference of shares in percentage points: -1/200 is `-0.5pp`."""
    return _rounded(value * 100, digits) + "pp"


def format_number(value: Fraction, digits: int = 4) -> str:
    """Return a value without a unit with at most `digits` decimals: 1/3 is `0.3333`."""
    return _rounded(value, digits)


def format_multiple(value: Fraction, digits: int = 2) -> str:
    """Return how many times something is something else: 3/2 is `1.5 times stable`."""
    return _rounded(value, digits) + " times stable"


def format_rate(value: Fraction, digits: int = 2) -> str:
    """Return a number per second with at most `digits` decimals, for example `19.98/s`."""
    return _rounded(value, digits) + "/s"


def format_duration(value: timedelta | Fraction) -> str:
    """Return a duration (a Fraction counts seconds) in Go's form: `143ms`, `1.5s`, `1h30m`.

    Rounded to the microsecond below one second and to the millisecond from there on. Raises
    ValueFormError for negative ones, which no field takes.
    """
    seconds = to_seconds(value) if isinstance(value, timedelta) else value
    if seconds < 0:
        raise ValueFormError(f"{float(seconds)}s: a duration is not negative")
    if 0 < seconds < 1:
        return _rounded(seconds * 1000, 3) + "ms"
    millis = round(seconds * 1000)
    minutes, rest = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h" * (hours > 0), f"{minutes}m" * (minutes > 0)]
    if rest or millis == 0:
        parts.append(_rounded(Fraction(rest, 1000), 3) + "s")
    return "".join(parts)


def to_seconds(value: timedelta) -> Fraction:
    """Return the exact number of seconds of a duration."""
    return Fraction(value // timedelta(microseconds=1), 1_000_000)


def seconds_of(text: str) -> Fraction:
    """Return the exact number of seconds that a duration stands for. Raises ValueFormError."""
    return to_seconds(parse_duration(text))


def _checked(text: str, form: str, what: str) -> str:
    if not re.fullmatch(form.removeprefix("^").removesuffix("$"), text, re.ASCII):
        raise ValueFormError(f"{text!r}: say {what}")
    return text


def _rounded(value: Fraction, digits: int) -> str:
    return _fixed(round(value * 10**digits), digits)


def _fixed(scaled: int, digits: int) -> str:
    """Write scaled / 10^digits without trailing zeros."""
    sign = "-" * (scaled < 0)
    whole, part = divmod(abs(scaled), 10**digits)
    decimals = f"{part:0{digits}d}".rstrip("0") if digits else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
