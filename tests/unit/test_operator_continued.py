"""Observing the run that another one continues: only one with the same controller is seen."""

from typing import Any

import pytest

from modelward.cluster.kinds import BENCHMARK_RUN
from tests.unit.test_operator_observe import RUN_SPEC, World, world

__all__ = ["world"]

CONTINUING: dict[str, Any] = {**RUN_SPEC, "continues": "fraud-x-0"}


@pytest.mark.parametrize(
    ("owner", "owner_of_other", "is_seen"),
    [("fraud-x", "fraud-x", True), ("fraud-x", "fraud-y", False), ("fraud-x", "", False),
     ("", "fraud-x", False), ("", "", True)],
)  # fmt: skip
async def test_a_run_sees_the_one_that_it_continues_where_both_have_the_same_controller(
    world: World, owner: str, owner_of_other: str, is_seen: bool
) -> None:
    world.has(BENCHMARK_RUN, "fraud-x-0", owner=owner_of_other, spec=RUN_SPEC)
    world.has(BENCHMARK_RUN, "fraud-x-1", owner=owner, spec=CONTINUING)
    continued = (await world.run()).continued
    assert (continued is not None) == is_seen
    assert continued is None or continued.metadata.uid == "uid-fraud-x-0"


async def test_a_run_that_is_gone_or_cannot_be_read_is_not_seen(world: World) -> None:
    world.has(BENCHMARK_RUN, "fraud-x-1", spec=CONTINUING)
    assert (await world.run()).continued is None
    world.has(BENCHMARK_RUN, "fraud-x-0", spec={})
    assert (await world.run()).continued is None


async def test_a_run_that_continues_nothing_sees_no_other(world: World) -> None:
    world.has(BENCHMARK_RUN, "fraud-x-0", owner="fraud-x", spec=RUN_SPEC)
    world.has(BENCHMARK_RUN, "fraud-x-1", owner="fraud-x", spec=RUN_SPEC)
    assert (await world.run()).continued is None
