"""A deployment is deleted in each phase of its life: nothing stays, also while nobody operates."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.local_operator import rest, resume
from tests.e2e.stage import NAME, Stage, new_stage, playing
from tests.e2e.test_bad_surroundings import LOADED, measuring
from tests.e2e.test_changes_of_mind import GOES, UNHURRIED, serving, sharing

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

CHILDREN = "replicasets,services,endpointslices,benchmarkruns,jobs,pods"


def before_anything_serves(stage: Stage) -> None:
    stage.declare("one", kpis=LOADED, load=UNHURRIED, rollout=GOES)
    measuring(stage)


def while_it_serves(stage: Stage) -> None:
    serving(stage, 1)


def while_two_revisions_serve(stage: Stage) -> None:
    sharing(stage)


def while_a_candidate_is_measured(stage: Stage) -> None:
    serving(stage, 1)
    (done,) = stage.get("pods", "-l", "modelward.dev/run")["items"]
    stage.declare("two", kpis=LOADED, load=UNHURRIED, rollout=GOES)
    measuring(stage, but=done["metadata"]["name"])


def after_a_failure(stage: Stage) -> None:
    serving(stage, 1)
    stage.declare("two", {"accuracy": 0.5}, rollout=GOES)
    stage.until_rolled_back("two")


PHASES: tuple[Callable[[Stage], None], ...] = (
    before_anything_serves,
    while_it_serves,
    while_a_candidate_is_measured,
    while_two_revisions_serve,
    after_a_failure,
)


def children(stage: Stage) -> list[str]:
    """Return what is left of a deployment, as kubectl lists it."""
    return stage.kubectl("get", CHILDREN, "-o", "name").split()


def delete(stage: Stage) -> None:
    """Delete the deployment as a person does; it is gone when the command returns."""
    assert children(stage)
    stage.kubectl("delete", "mdep", NAME)
    assert stage.kubectl("get", "mdep", NAME, "--ignore-not-found") == ""


def assert_nothing_left(stages: list[Stage]) -> None:
    """Wait until the garbage collector has been everywhere."""
    for stage in stages:
        stage.wait("nothing is left", lambda stage=stage: not children(stage), 120)  # type: ignore[misc]


def test_a_deployment_deleted_in_any_phase_leaves_nothing_behind(installed: Cluster) -> None:
    with ExitStack() as played, ThreadPoolExecutor(5) as threads:
        stages = [played.enter_context(playing(new_stage(installed))) for _ in range(10)]
        list(threads.map(lambda phase, stage: phase(stage), (*PHASES, *PHASES), stages))
        operated, alone = stages[:5], stages[5:]
        for stage in operated:
            delete(stage)
        assert_nothing_left(operated)
        rest(installed)
        try:
            for stage in alone:
                delete(stage)
            assert_nothing_left(alone)
        finally:
            resume(installed)
        assert [children(stage) for stage in stages] == [[]] * 10
