"""Stories that are told at the same time, each in a namespace of its own."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from inspect import isfunction

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.stage import Stage, new_stage, playing

Story = Callable[[Stage], None]
Told = dict[Story, Future[None]]
AT_ONCE = 6
"""Stories mostly wait; more of them on two cores would wait for each other."""


def chosen(request: pytest.FixtureRequest, parameter: str = "story") -> list[Story]:
    """Return the stories that this run of the tests asks for, by a parameter of its tests."""
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    stories = (call.params.get(parameter) for call in calls if call)
    return [story for story in stories if isfunction(story)]


def tell(cluster: Cluster, stories: Iterable[Story]) -> Told:
    """Tell all of them; asking one for its result raises what went wrong in it."""

    def on_a_stage(story: Story) -> None:
        with playing(new_stage(cluster)) as stage:
            story(stage)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return {story: threads.submit(on_a_stage, story) for story in stories}
