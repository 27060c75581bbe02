"""What a benchmark pod's log tells of its load, in bounded memory."""

import json

from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.log import (
    LONGEST_MICROS,
    MOST_REASONS,
    MOST_SLOTS,
    bucket_ceiling,
    bucket_floor,
)
from modelward.cli.charts import quantile
from modelward.runner.profile import Profile

SECOND = 1_000_000_000
MOST_LINE_BYTES = 16 * 1024
"""Above that the container runtime cuts a line in two."""

requests = st.tuples(
    st.integers(0, 40_000 * SECOND),
    st.integers(-SECOND, 600 * SECOND),
    st.sampled_from([None, None, None, "status 500", "no answer in time"]),
)


@given(st.integers(0, LONGEST_MICROS))
def test_a_bucket_holds_its_latencies_and_is_narrow(micros: int) -> None:
    floor = bucket_floor(micros)
    assert floor <= micros < bucket_ceiling(floor)
    assert bucket_ceiling(floor) - floor <= max(micros / 16, 1)
    assert bucket_floor(bucket_ceiling(floor)) == bucket_ceiling(floor)


@given(st.lists(requests, max_size=200))
def test_no_request_is_lost_whenever_it_ends_and_however_long_it_takes(
    ended: list[tuple[int, int, str | None]],
) -> None:
    profile = Profile()
    for due, latency, problem in ended:
        profile.add(due, latency, problem)
    seen = profile.seen("the revision")
    bad = sum(problem is not None for _, _, problem in ended)
    assert sum(seen.failed) == sum(seen.failures.values()) == bad
    assert sum(seen.answered) == sum(n for _, n in seen.latency_us) == len(ended) - bad
    assert len(seen.answered) == len(seen.failed) == len(seen.slowest_us) <= MOST_SLOTS


def test_a_server_with_ever_new_reasons_takes_no_more_memory() -> None:
    profile = Profile()
    for number in range(10_000):
        profile.add(0, 1, f"reason {number}")
    assert len(profile.failures) <= 101
    assert profile.failures.total() == 10_000


@given(st.lists(st.integers(0, 60_000_000), min_size=1, max_size=300), st.floats(0.01, 1))
def test_a_quantile_is_the_end_of_the_bucket_that_the_exact_one_falls_into(
    micros: list[int], share: float
) -> None:
    profile = Profile()
    for each in micros:
        profile.add(0, each * 1000)
    rank = next(r for r in range(1, len(micros) + 1) if r >= share * len(micros))
    exact = sorted(micros)[rank - 1]
    assert quantile(profile.seen("it"), share) == bucket_ceiling(bucket_floor(exact))


def test_a_failed_request_is_never_answered() -> None:
    profile = Profile()
    for _ in range(9):
        profile.add(0, 1_000_000)
    profile.add(0, 1_000, "status 500")
    assert quantile(profile.seen("it"), 0.9) is not None
    assert quantile(profile.seen("it"), 0.95) is None


def test_a_stall_shows_as_a_gap_and_a_peak() -> None:
    profile = Profile()
    for second in range(6):
        late = max(4 - second, 0) if second >= 2 else 0
        profile.add(second * SECOND, late * SECOND)
    assert profile.seen("it").answered == (1, 1, 0, 0, 3, 1)
    assert profile.seen("it").slowest_us[4] == 2_000_000


def test_the_longest_line_there_can_be_is_not_cut_in_two() -> None:
    profile = Profile()
    for slot in range(MOST_SLOTS):
        profile.add(slot * SECOND, 0)
    micros = 0
    while micros < LONGEST_MICROS:
        for _ in range(3):
            profile.add(0, micros * 1000)
        micros = bucket_ceiling(micros)
    for reason in range(2 * MOST_REASONS):
        profile.add(0, 0, f"{reason} the answer is longer than 16777216 bytes")
    line = json.dumps(
        {"message": "load profile", **profile.seen("the stable revision").model_dump()}
    )
    assert len(line) < MOST_LINE_BYTES
