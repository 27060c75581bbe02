"""Reading a benchmark pod's log: it is somebody else's text."""

import json

from modelward.benchmark.log import (
    MOST_CHARS,
    MOST_SLICES,
    MOST_WRONG_ROWS,
    Details,
    LoadProfile,
    details,
)
from modelward.runner.profile import Profile
from modelward.strictjson import Json


def a_profile(of: str = "the revision") -> LoadProfile:
    profile = Profile()
    for i in range(50):
        profile.add(i * 40_000_000, 3_000_000 + i * 1000, "status 500" if i == 7 else None)
    return profile.seen(of)


def line(message: str, **members: Json) -> str:
    return json.dumps({"level": "INFO", "timestamp": "now", "message": message, **members})


def test_what_the_runner_logs_is_read_again() -> None:
    seen = a_profile()
    wrong = {"dataset": "golden", "row": "7", "expected": "spam", "got": "ham"}
    found = details(
        [line("load profile", **seen.model_dump()), line("row answered wrongly", **wrong)]
    )
    assert found.loads == (seen,)
    assert (found.wrong_rows[0].row, found.wrong_rows[0].got) == ("7", "ham")


def test_load_that_goes_on_and_load_by_turns_are_kept_apart() -> None:
    names = ("the revision", "the stable revision")
    turns = [a_profile(of).model_copy(update={"by_turns": True}) for of in names]
    lines = [line("load profile", **each.model_dump()) for each in (a_profile(), *turns)]
    found = details(lines)
    assert (found.loads, found.turns) == ((a_profile(),), tuple(turns))


def test_a_profile_of_a_version_that_knew_no_turns_is_of_load_that_goes_on() -> None:
    members = a_profile().model_dump()
    del members["by_turns"]
    assert details([line("load profile", **members)]).loads == (a_profile(),)


def test_lines_of_others_are_passed_over() -> None:
    good = a_profile().model_dump()
    for bad in (
        "",
        "Traceback (most recent call last):",
        "[1, 2]",
        '"load profile"',
        line("result", result={}),
        line("load profile"),
        line("load profile", **good | {"answered": [-1]}),
        line("load profile", **good | {"slot_seconds": 0}),
        line("load profile", **good | {"latency_us": [[1, 2, 3]]}),
        line("load profile", **good | {"failed": [1] * 10_000}),
        line("load profile", **good)[:-20],
        '{"message": "load profile", "answered": [' + "[" * 100_000,
        line("row answered wrongly", row=3),
        line("slice", kpi="accuracy", slice="north", rows=-1, value=1),
        '{"message": "slice", "kpi": "a", "slice": "b", "rows": 1, "value": NaN}',
    ):
        assert details([bad]) == Details(), bad


def test_however_much_a_log_tells_a_bounded_part_is_kept() -> None:
    long = {"dataset": "golden", "row": "r" * 10_000}
    lines = [line("row answered wrongly", **long)] * 1_000
    lines += [line("slice", kpi="a", slice="b", rows=1, value=0.5)] * 1_000
    lines += [line("load profile", **a_profile(f"revision {i}").model_dump()) for i in range(20)]
    lines += [
        line("load profile", **a_profile(f"revision {i}").model_dump() | {"by_turns": True})
        for i in range(20)
    ]
    found = details(lines)
    assert len(found.wrong_rows) == MOST_WRONG_ROWS
    assert len(found.wrong_rows[0].row) == MOST_CHARS
    assert len(found.loads) == len(found.turns) == 2
    assert len(found.slices) == MOST_SLICES
