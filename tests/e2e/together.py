"""Stories that are told at the same time, each in a namespace of its own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.stage import Stage, new_stage, playing

Story = Callable[[Stage], None]
Told = dict[Story, Future[None]]
AT_ONCE = 4
"""Stories mostly wait; more of them on two cores would wait for each other."""


def chosen(request: pytest.FixtureRequest) -> list[Story]:
    """Return the stories of the requesting module that this run of the tests asks for."""
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    stories = (call.params.get("story") for call in calls if call)
    module = request.module.__name__
    return [story for story in stories if getattr(story, "__module__", "") == module]


@contextmanager
def told(cluster: Cluster, stories: Iterable[Story]) -> Iterator[Told]:
    """Begin to tell all of them; asking one for its result waits for its end."""

    def tell(story: Story) -> None:
        with playing(new_stage(cluster)) as stage:
            story(stage)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {story: threads.submit(tell, story) for story in stories}
