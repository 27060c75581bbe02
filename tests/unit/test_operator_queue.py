"""The work queue: client-go's semantics, on a clock that tests move by hand."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.cluster.queue import WorkQueue


@dataclass
class Call:
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class FakeClock:
    """A clock that stands still until it is moved."""

    now: float = 0.0
    calls: list[tuple[float, int, Call]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=itertools.count)

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], /) -> Call:
        call = Call(callback)
        heapq.heappush(self.calls, (when, next(self.order), call))
        return call

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.calls and self.calls[0][0] <= end:
            self.now, _, call = heapq.heappop(self.calls)
            if not call.cancelled:
                call.callback()
        self.now = end


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> WorkQueue[str]:
    return WorkQueue(clock, first_backoff=1.0, last_backoff=8.0)


async def test_a_key_added_twice_before_it_is_taken_is_handed_out_once(
    queue: WorkQueue[str],
) -> None:
    queue.add("a")
    queue.add("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert len(queue) == 0


async def test_keys_are_handed_out_in_the_order_in_which_they_came(queue: WorkQueue[str]) -> None:
    for key in "abc":
        queue.add(key)
    assert [await queue.get() for _ in range(3)] == ["a", "b", "c"]


async def test_a_key_added_while_it_is_worked_on_comes_again_only_afterwards(
    queue: WorkQueue[str],
) -> None:
    queue.add("a")
    await queue.get()
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert len(queue) == 0


async def test_a_delayed_key_comes_when_its_time_has_come(
    queue: WorkQueue[str], clock: FakeClock
) -> None:
    queue.add_after("a", 5.0)
    clock.advance(4.9)
    assert len(queue) == 0
    clock.advance(0.1)
    assert await queue.get() == "a"


@pytest.mark.parametrize("delays", [(5.0, 2.0), (2.0, 5.0)])
async def test_of_two_delays_the_earlier_counts_and_the_key_comes_once(
    queue: WorkQueue[str], clock: FakeClock, delays: tuple[float, float]
) -> None:
    for delay in delays:
        queue.add_after("a", delay)
    clock.advance(2.0)
    assert await queue.get() == "a"
    queue.done("a")
    clock.advance(10.0)
    assert len(queue) == 0


async def test_no_delay_means_at_once(queue: WorkQueue[str]) -> None:
    queue.add_after("a", 0.0)
    assert len(queue) == 1


def test_back_off_doubles_up_to_its_bound_and_begins_anew_when_forgotten(
    queue: WorkQueue[str],
) -> None:
    assert [queue.retry("a") for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert queue.retry("b") == 1.0
    queue.forget("a")
    assert queue.retry("a") == 1.0


def test_back_off_survives_thousands_of_failures(queue: WorkQueue[str]) -> None:
    assert [queue.retry("a") for _ in range(2000)][-1] == 8.0


def test_a_retry_waits_at_least_as_long_as_the_server_asked_for(queue: WorkQueue[str]) -> None:
    assert queue.retry("a", at_least=30.0) == 30.0


async def test_the_oldest_round_is_known(queue: WorkQueue[str], clock: FakeClock) -> None:
    assert queue.oldest == 0
    queue.add("a")
    await queue.get()
    clock.advance(7.0)
    assert queue.oldest == 7.0
    queue.done("a")
    assert queue.oldest == 0


async def test_closing_cancels_what_was_delayed(queue: WorkQueue[str], clock: FakeClock) -> None:
    queue.add_after("a", 1.0)
    queue.shut_down()
    clock.advance(2.0)
    assert len(queue) == 0


async def test_the_event_loop_itself_is_a_clock() -> None:
    queue: WorkQueue[str] = WorkQueue(asyncio.get_running_loop())
    queue.add_after("a", 0.001)
    assert await asyncio.wait_for(queue.get(), timeout=5) == "a"


Steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc")),
        st.tuples(st.just("add_after"), st.sampled_from("abc")),
        st.tuples(st.just("retry"), st.sampled_from("abc")),
        st.tuples(st.just("get"), st.just("")),
        st.tuples(st.just("done"), st.sampled_from("abc")),
        st.tuples(st.just("advance"), st.just("")),
    ),
    max_size=60,
)


@given(Steps)
def test_no_key_is_ever_worked_on_twice_at_a_time_and_none_is_lost(
    steps: list[tuple[str, str]],
) -> None:
    asyncio.run(_any_order_of_calls(steps))


@dataclass
class Model:
    """A queue, and what it must do next."""

    clock: FakeClock = field(default_factory=FakeClock)
    processing: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    """Keys that were asked for since they were last handed out."""
    delayed: set[str] = field(default_factory=set)
    """Keys that may come once more, although an earlier ask was met already."""

    def __post_init__(self) -> None:
        self.queue: WorkQueue[str] = WorkQueue(self.clock, first_backoff=1.0, last_backoff=8.0)

    async def take(self) -> None:
        key = await self.queue.get()
        assert key not in self.processing
        assert key in self.owed | self.delayed
        self.processing.add(key)
        self.owed.discard(key)

    def finish(self, key: str) -> None:
        self.processing.discard(key)
        self.queue.done(key)


async def _any_order_of_calls(steps: list[tuple[str, str]]) -> None:
    model = Model()
    for name, key in steps:
        match name:
            case "add":
                model.queue.add(key)
                model.owed.add(key)
            case "add_after" | "retry":
                ask = model.queue.retry if name == "retry" else model.queue.add_after
                ask(key, 3.0)
                model.owed.add(key)
                model.delayed.add(key)
            case "advance":
                model.clock.advance(2.0)
            case "get" if len(model.queue):
                await model.take()
            case "done" if key in model.processing:
                model.finish(key)
    for key in sorted(model.processing):
        model.finish(key)
    model.clock.advance(100.0)
    while len(model.queue):
        await model.take()
    assert not model.owed
