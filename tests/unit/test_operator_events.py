"""Events: said once, said later where they could not be, never in the way of a plan."""

import contextlib
import logging
from datetime import timedelta

import pytest

from modelward.cluster import errors
from modelward.cluster.act import Actor
from modelward.writes import Create, Write
from tests.unit.acting import NOW, act, an_actor, event, let_pass, service
from tests.unit.fake_api import FakeApi


async def act_in_rounds(actor: Actor, *writes: Write) -> None:
    """Carry a plan out as the loop does: again after a round that ended at an Event."""
    for _ in range(3):
        with contextlib.suppress(errors.UnavailableError, errors.ConflictError):
            await act(actor, *writes)
            return
    await act(actor, *writes)


async def test_an_event_is_written_once_in_a_process_and_once_over_restarts(
    actor: Actor, api: FakeApi
) -> None:
    await act(actor, event(), event())
    assert len(api.requests) == 1
    later = NOW + timedelta(minutes=1)
    restarted = an_actor(api, later)
    await act(restarted, event())
    assert len(api.objects) == 1


async def test_events_of_different_keys_are_different(actor: Actor, api: FakeApi) -> None:
    await act(actor, event("Promoted/x"), event("Promoted/y"))
    assert len(api.objects) == 2


@pytest.mark.parametrize(
    "error",
    [
        errors.ForbiddenError("namespace is being terminated", 403),
        errors.UnavailableError("too many requests", 429),
        errors.ConflictError("try again", 409),
        errors.InvalidError("note too long", 422),
    ],
)
async def test_an_event_that_is_refused_stops_nothing_for_long(
    actor: Actor, api: FakeApi, error: errors.ApiError
) -> None:
    api.failures["create", "Event"] = error
    await act_in_rounds(actor, event(), Create(service()))
    assert ("Service", "ml", "fraud") in api.objects


async def test_a_process_that_ends_soon_after_the_api_server_was_busy_leaves_an_event_to_the_next(
    actor: Actor, api: FakeApi
) -> None:
    api.failures["create", "Event"] = errors.UnavailableError("too many requests", 429)
    with pytest.raises(errors.UnavailableError):
        await act(actor, event(), Create(service()))
    assert api.objects == {}, "what the plan does next would hide that the Event was not said"


async def test_an_event_that_reaches_nobody_stops_the_plan(actor: Actor, api: FakeApi) -> None:
    api.failures["create", "Event"] = errors.UnavailableError("no answer")
    with pytest.raises(errors.UnavailableError):
        await act(actor, event(), Create(service()))
    assert api.objects == {}


async def test_an_event_that_the_api_server_could_not_take_is_said_later(api: FakeApi) -> None:
    looks: list[float] = []
    actor = an_actor(api, wake_after=lambda _, seconds: looks.append(seconds))
    api.failures["create", "Event"] = errors.UnavailableError("busy", 429, retry_after=7)
    await act_in_rounds(actor, event(), Create(service()))
    assert looks == [7]
    api.failures.clear()
    let_pass(actor, 7)
    await act(actor)
    assert ("Event", "ml") in {key[:2] for key in api.objects}
    await act(actor, event())
    assert [request[:2] for request in api.requests].count(("create", "Event")) == 5


async def test_an_event_is_given_up_in_the_end(api: FakeApi) -> None:
    looks: list[float] = []
    actor = an_actor(api, wake_after=lambda _, seconds: looks.append(seconds))
    api.failures["create", "Event"] = errors.UnavailableError("broken", 500)
    await act_in_rounds(actor, event())
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60, 60, 60):
        assert looks.pop() == seconds
        let_pass(actor, seconds)
        await act(actor)
    assert looks == []


async def test_a_round_before_its_time_uses_up_no_try_and_asks_for_another(api: FakeApi) -> None:
    looks: list[float] = []
    actor = an_actor(api, wake_after=lambda _, seconds: looks.append(seconds))
    api.failures["create", "Event"] = errors.UnavailableError("broken", 500)
    await act_in_rounds(actor, event())
    for _ in range(3):
        let_pass(actor, 0.25)
        await act(actor)
    assert looks == [1, 0.75, 0.5, 0.25]
    assert [request[:2] for request in api.requests].count(("create", "Event")) == 4


async def test_an_event_that_is_said_later_and_then_reaches_nobody_is_not_lost(
    actor: Actor, api: FakeApi
) -> None:
    api.failures["create", "Event"] = errors.UnavailableError("busy", 503)
    await act_in_rounds(actor, event())
    api.failures["create", "Event"] = errors.UnavailableError("no answer")
    let_pass(actor, 1)
    await act(actor)
    api.failures.clear()
    let_pass(actor, 2)
    await act(actor)
    assert ("Event", "ml") in {key[:2] for key in api.objects}


async def test_the_log_names_an_event_and_does_not_quote_it(
    actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    """A note may quote a container's last words, which are the tenant's."""
    with caplog.at_level(logging.DEBUG):
        await act(actor, event())
    assert caplog.messages == ["Announced Promoted."]
