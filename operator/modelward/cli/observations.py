"""Lines of observations from the past: what `modelward judge replay` reads.

Each line is a JSON object: a request, a window of counts of one KPI, or an answered row. What a
line may say, and what is wrong with one, is decided here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from modelward.api.values import ValueFormError, seconds_of
from modelward.benchmark.rows import Row
from modelward.cli.inputs import InputError
from modelward.judge.pairs import PairedWindow
from modelward.strictjson import Json, StrictJsonError, loads_exact

_FORMS = (
    'a request {"latency"}, a window {"kpi", "requests"} or a row {"dataset", "correct"} or '
    '{"dataset", "expected", "answer"}'
)


@dataclass(frozen=True)
class Request:
    """One request that was sent."""

    seconds: Fraction | None
    """Its latency, None where the line says none."""
    failed: bool
    stable_failed: bool | None
    """Whether stable's answer to the same request failed; None where the line says nothing."""
    stable_seconds: Fraction | None = None
    """Stable's latency; None where the line says none."""


@dataclass(frozen=True)
class CountedWindow:
    """Requests of a window, those of the version alone."""

    requests: int
    bad: int
    beyond_expected: int | None
    """Those that took longer than `expected`; None where the line says nothing."""


@dataclass(frozen=True)
class SharedWindow:
    """Users' requests of a window, as (requests, bad ones)."""

    own: tuple[int, int]
    stable: tuple[int, int]


@dataclass(frozen=True)
class Counted:
    """A window of counts of one KPI."""

    kpi: str
    window: CountedWindow | PairedWindow | SharedWindow


@dataclass(frozen=True)
class AnsweredRow:
    """One row of a data set and whether it was answered as expected."""

    dataset: str
    id: str | None
    correct: bool
    stable_correct: bool | None


@dataclass(frozen=True)
class Answered:
    """One row of a data set and how it was answered."""

    dataset: str
    row: Row
    answer: Json
    """The JSON of the server's answer; None where the request failed."""
    stable_answer: Json
    compared: bool
    """Whether the line says anything about stable."""


@dataclass(frozen=True)
class Observation:
    """What one line says, and where and when."""

    line: int
    at: str | None
    what: Request | Counted | AnsweredRow | Answered


def read_observations(lines: Iterable[str]) -> Iterator[Observation]:
    """Yield what the lines say; blank ones don't count. Raises InputError, naming the line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            members = _Members(loads_exact(line))
            at, what = members.text("at"), _what(members)
            members.check_all_read()
        except (StrictJsonError, _LineError, ValueFormError) as error:
            raise InputError(f"line {number}: {error}") from error
        yield Observation(number, at, what)


class _LineError(ValueError):
    """What is wrong with a line."""


class _Members:
    """The members of a line's object, each of which must be of its type, and known."""

    def __init__(self, document: Json, where: str = "") -> None:
        if not isinstance(document, dict):
            raise _LineError(f"{where or 'it'} is no JSON object: write {_FORMS}")
        self._members: Mapping[str, Json] = document
        self._where = where
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str | None:
        value = self._get(name)
        if value is None or isinstance(value, str):
            return value
        raise _LineError(f"{self._where}{name} is {value}: say a string")

    def truth(self, name: str) -> bool | None:
        value = self._get(name)
        if value is None or isinstance(value, bool):
            return value
        raise _LineError(f"{self._where}{name} is {value}: say true or false")

    def count(self, name: str) -> int:
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9:
            return value
        told = "missing" if value is None else value
        raise _LineError(f"{self._where}{name} is {told}: say a whole number from 0 on")

    def inner(self, name: str) -> "_Members | None":
        value = self._get(name)
        return None if value is None else _Members(value, f"{self._where}{name}.")

    def json(self, name: str) -> Json:
        return self._get(name)

    def rest(self) -> Mapping[str, Json]:
        """Take all that was not read yet: members of a row."""
        found = {key: value for key, value in self._members.items() if key not in self._read}
        self._read |= found.keys()
        return found

    def check_all_read(self) -> None:
        unknown = sorted(set(self._members) - self._read)
        if unknown:
            raise _LineError(f"{self._where}{unknown[0]} is not known here: leave it out")

    def _get(self, name: str) -> Json:
        self._read.add(name)
        return self._members.get(name)


def _what(members: _Members) -> Request | Counted | AnsweredRow | Answered:
    if "dataset" in members:
        return _answered(members) if "answer" in members else _row(members)
    if "kpi" in members:
        return _counted(members)
    if "latency" in members or "failed" in members:
        return _request(members)
    raise _LineError(f"it says nothing that is known: write {_FORMS}")


def _row(members: _Members) -> AnsweredRow:
    stable, correct = members.inner("stable"), members.truth("correct")
    if correct is None:
        raise _LineError("correct is missing: say true or false")
    stables = stable.truth("correct") if stable else None
    if stable:
        stable.check_all_read()
    return AnsweredRow(members.text("dataset") or "", members.text("id"), correct, stables)


def _answered(members: _Members) -> Answered:
    if "expected" not in members:
        raise _LineError("expected is missing: say the right answer of this row")
    dataset, stable = members.text("dataset") or "", members.inner("stable")
    stable_answer = stable.json("answer") if stable else None
    if stable:
        stable.check_all_read()
    expected, answer = members.json("expected"), members.json("answer")
    row = Row(members.text("id") or "", None, expected, members.rest())
    return Answered(dataset, row, answer, stable_answer, stable is not None)


def _counted(members: _Members) -> Counted:
    kpi, requests = members.text("kpi") or "", members.count("requests")
    if "bad" not in members and "lost" not in members:
        raise _LineError('counts are missing: say "bad", or versus stable "lost", "won" and "both"')
    if "bad" in members:
        beyond = members.count("beyondExpected") if "beyondExpected" in members else None
        bad = members.count("bad")
        if max(bad, beyond or 0) > requests:
            raise _LineError(f"more bad requests than the {requests} that there were")
        stable = members.inner("stable")
        if stable:
            return Counted(kpi, SharedWindow((requests, bad), _stables(stable)))
        return Counted(kpi, CountedWindow(requests, bad, beyond))
    lost, won, both = (members.count(name) for name in ("lost", "won", "both"))
    if lost + won + both > requests:
        raise _LineError(f"more failed requests than the {requests} that there were")
    return Counted(kpi, PairedWindow(requests, lost, won, both))


def _stables(stable: _Members) -> tuple[int, int]:
    requests, bad = stable.count("requests"), stable.count("bad")
    if bad > requests:
        raise _LineError(f"more bad requests of stable than the {requests} that there were")
    stable.check_all_read()
    return requests, bad


def _request(members: _Members) -> Request:
    latency, failed = members.text("latency"), members.truth("failed")
    stable = members.inner("stable")
    seconds = _seconds(latency)
    if stable is None:
        return Request(seconds, failed is True, None)
    stables, stable_failed = stable.text("latency"), stable.truth("failed")
    stable.check_all_read()
    if stables is not None and stable_failed is None:
        stable_failed = False
    return Request(seconds, failed is True, stable_failed, _seconds(stables))


def _seconds(latency: str | None) -> Fraction | None:
    return None if latency is None else seconds_of(latency)
