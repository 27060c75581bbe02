"""Stories that are told at the same time, each in a namespace of its own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import isfunction
from threading import Event

import pytest

from tests.cluster.fixtures import wants_another_cluster
from tests.cluster.provider import Cluster
from tests.e2e.stage import Stage, new_stage, playing

Story = Callable[[Stage], None]
Told = dict[Story, Future[None]]
WITH_USERS = "story_with_users"
"""Parameter of the tests whose stories count what users are answered; others have `story`."""
AT_ONCE = 6
"""Stories mostly wait; more of them on two cores would wait for each other."""


def story_of(item: pytest.Item, parameter: str = "story") -> Story | None:
    """Return the story that a test waits for, by a parameter of its, if it does."""
    call = getattr(item, "callspec", None)
    story = call.params.get(parameter) if call else None
    return story if isfunction(story) else None


def chosen(request: pytest.FixtureRequest, parameter: str = "story") -> list[Story]:
    """Return the stories that this run of the tests asks for, by a parameter of its tests."""
    items = (item for item in request.session.items if not wants_another_cluster(item))
    return [story for item in items if (story := story_of(item, parameter))]


@contextmanager
def telling(cluster: Cluster, stories: Iterable[Story]) -> Iterator[Told]:
    """Tell all of them; asking one for its result waits for its end, and raises what went wrong.

    If the tests are over before they are, none of them is begun any more, and those that have
    begun break off where they wait.
    """
    over = Event()

    def on_a_stage(story: Story) -> None:
        with playing(new_stage(cluster, over)) as stage:
            story(stage)

    threads = ThreadPoolExecutor(AT_ONCE)
    try:
        yield {story: threads.submit(on_a_stage, story) for story in stories}
    finally:
        over.set()
        threads.shutdown(cancel_futures=True)
