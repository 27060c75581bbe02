"""The closed copy of stable: when it is there, who reaches it, and that it always goes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.api.names import ABORT, COPY, COPY_OF, NAME, PREFIX, RETRY, REVISION
from modelward.release.decide import decide
from modelward.release.memory import INPUT_KEY
from modelward.writes import Create, Delete
from tests.unit.documents import Document, deployment_document
from tests.unit.kpis import ACCURACY_VERSUS, LATENCY_VERSUS
from tests.unit.world import World, released

ON_COPY = ACCURACY_VERSUS | {"benchmark": ACCURACY_VERSUS["benchmark"] | {"baseline": "copy"}}


def kpis(*more: Document) -> list[Document]:
    return [*deployment_document()["spec"]["kpis"], *more]


def copies(world: World) -> list[Document]:
    return [each for each in world.of("ReplicaSet") if COPY in each["metadata"]["labels"]]


def the_copy(world: World) -> Document:
    (copy,) = copies(world)
    return copy


def measuring(*more: Document) -> World:
    """Return a world in which version 2 is compared with a copy of version 1."""
    world = released(kpis=kpis(*(more or (LATENCY_VERSUS,))), replicas=3)
    world.verdict = lambda _: ""
    world.change("2")
    world.run(15)
    return world


def image(document: Document) -> str:
    spec = document["spec"]["template"]["spec"]
    return str(spec["containers"][0]["image"])


def test_one_pod_of_stables_revision_runs_while_latencies_are_compared() -> None:
    world = measuring()
    copy = the_copy(world)
    stable = world.status["stable"]["revision"]
    assert image(copy) == "fraud:1"
    assert copy["spec"]["replicas"] == len(world.pods[copy["metadata"]["name"]]) == 1
    assert copy["metadata"]["labels"][COPY_OF] == stable


def test_it_is_rendered_as_stable_was_and_not_as_spec_is_now() -> None:
    world = measuring()
    original = world.objects["ReplicaSet", f"fraud-{world.status['stable']['revision']}"]
    template, copied = original["spec"]["template"], the_copy(world)["spec"]["template"]
    assert copied["spec"] == template["spec"]


def test_the_run_asks_the_copys_service_and_says_that_it_is_closed() -> None:
    world = measuring()
    (run,) = (each for each in world.of("BenchmarkRun") if "baseline" in each["spec"])
    name = the_copy(world)["metadata"]["name"]
    assert run["spec"]["baseline"] == {
        "revision": world.status["stable"]["revision"],
        "service": name,
        "port": 8080,
        "protocol": "v2",
        "modelName": "fraud",
        "closed": True,
    }
    service = world.objects["Service", name]
    assert service["spec"]["selector"] == {COPY: name}


def test_the_run_begins_when_the_copy_can_answer() -> None:
    world = released(kpis=kpis(LATENCY_VERSUS))
    world.verdict = lambda _: ""
    before = len(world.of("BenchmarkRun"))
    world.never_ready = {"fraud:1"}
    world.change("2")
    world.run(20)
    assert copies(world)
    assert len(world.of("BenchmarkRun")) == before
    world.never_ready = set()
    world.run(10)
    assert len(world.of("BenchmarkRun")) == before + 1


@pytest.mark.parametrize("more", [(), (ACCURACY_VERSUS,)])
def test_nobody_pays_for_a_copy_that_no_kpi_needs(more: tuple[Document, ...]) -> None:
    world = released(kpis=kpis(*more))
    world.change("2")
    world.run(60)
    assert world.serving() == {"2"}
    assert not any(COPY in w.body["metadata"]["labels"] for w in world.writes
                   if isinstance(w, Create) and w.body["kind"] == "ReplicaSet")  # fmt: skip


def test_rows_are_asked_of_a_copy_where_that_is_said() -> None:
    world = measuring(ON_COPY)
    assert world.of("BenchmarkRun")[-1]["spec"]["baseline"]["closed"] is True


def test_a_first_version_has_no_copy() -> None:
    world = World(deployment_document(kpis=kpis(LATENCY_VERSUS)))
    world.run(30)
    assert world.serving() == {"1"}
    assert not any(isinstance(w, Create) and COPY in w.body["metadata"]["labels"]
                   for w in world.writes)  # fmt: skip


def test_no_user_reaches_it_and_nobody_counts_it() -> None:
    world = measuring()
    labels = the_copy(world)["spec"]["template"]["metadata"]["labels"]
    assert NAME not in labels
    assert REVISION not in labels
    assert f"{NAME}=fraud" in world.status["selector"]
    assert world.status["replicas"] == 3
    assert world.status["weight"] == "0/0"


def let_it_finish(verdict: str) -> Callable[[World], None]:
    def finish(world: World) -> None:
        world.verdict = lambda _: verdict

    return finish


ENDS: dict[str, Callable[[World], None]] = {
    "a verdict for it": let_it_finish("Pass"),
    "a verdict against it": let_it_finish("Fail"),
    "no verdict": let_it_finish("Inconclusive"),
    "abort": lambda world: world.annotate(
        ABORT, f"{world.status['candidate']['revision']}/now"
    ),
    "another version": lambda world: world.change("3"),
    "back to stable": lambda world: world.change("1"),
    "KPIs without it": lambda world: world.change("2", kpis=kpis()),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_it_goes_with_its_benchmark(how: str) -> None:
    world = measuring()
    first = the_copy(world)["metadata"]["name"]
    ENDS[how](world)
    world.run(3)
    assert first not in [each["metadata"]["name"] for each in copies(world)]
    assert ("Service", first) not in world.objects


def test_it_goes_when_its_candidate_is_deleted() -> None:
    world = measuring()
    candidate, copy = world.status["candidate"]["revision"], the_copy(world)["metadata"]
    world._delete("ReplicaSet", f"fraud-{candidate}")
    assert ("ReplicaSet", copy["name"]) not in world.objects
    assert ("Service", copy["name"]) not in world.objects


def test_a_retry_has_a_copy_of_its_own() -> None:
    world = measuring()
    first = the_copy(world)["metadata"]["name"]
    let_it_finish("Inconclusive")(world)
    world.run(3)
    assert not copies(world)
    world.verdict = lambda _: ""
    world.annotate(RETRY, f"{world.status['candidate']['revision']}/now")
    world.run(10)
    second = the_copy(world)["metadata"]["name"]
    assert second != first
    assert world.of("BenchmarkRun")[-1]["spec"]["baseline"]["service"] == second


def test_it_is_made_again_where_somebody_deletes_it() -> None:
    world = measuring()
    name = the_copy(world)["metadata"]["name"]
    world.delete("ReplicaSet", name)
    world.run(3)
    assert the_copy(world)["metadata"]["name"] == name
    assert ("Service", name) in world.objects


def test_more_pods_than_one_are_taken_back() -> None:
    world = measuring()
    the_copy(world)["spec"]["replicas"] = 4
    world.settle_anew()
    assert the_copy(world)["spec"]["replicas"] == 1


def test_none_is_made_while_spec_is_paused_and_the_one_that_is_there_stays() -> None:
    world = released(kpis=kpis(LATENCY_VERSUS))
    world.pause(True)
    world.change("2")
    world.run(10)
    assert not copies(world)
    world = measuring()
    world.pause(True)
    world.run(10)
    assert copies(world)


def test_a_copy_that_does_not_come_up_is_no_fault_of_the_candidates() -> None:
    world = released(kpis=kpis(LATENCY_VERSUS))
    world.never_ready = {"fraud:1"}
    world.change("2")
    world.run(20)
    assert "copy" not in world.status["message"]  # it takes its time, that is all
    world.run(60)
    assert world.status["phase"] == "Paused"
    assert world.condition("Ready")["reason"] == "Inconclusive"
    assert "the copy of stable that it is compared with is not ready" in world.status["message"]
    assert "make room for one more pod of stable, then retry" in world.status["message"]
    assert not copies(world)
    assert "failedRevision" not in world.status


def test_nothing_is_compared_with_a_stable_that_nobody_remembers() -> None:
    """A copy made of spec would be the candidate's, and like it in everything."""
    world = released(kpis=kpis(LATENCY_VERSUS))
    stable = world.objects["ReplicaSet", f"fraud-{world.status['stable']['revision']}"]
    world.change("2")
    stable["metadata"]["annotations"][INPUT_KEY] = ""
    world.run(70)
    assert not copies(world)
    assert world.condition("Ready")["reason"] == "Inconclusive"
    assert f"lost its annotation {PREFIX}input" in world.status["message"]


def test_another_objects_name_is_not_taken() -> None:
    world = released(kpis=kpis(LATENCY_VERSUS))
    world.change("2")
    world.run(1)
    name = the_copy(world)["metadata"]["name"]
    world = released(kpis=kpis(LATENCY_VERSUS))
    world.taken["ReplicaSet", name] = "it belongs to somebody else"
    world.change("2")
    world.run(10)
    assert world.condition("Stalled")["reason"] == "NameTaken"
    assert name in world.status["message"]


@settings(max_examples=60, deadline=None)
@given(
    ends=st.lists(st.sampled_from(sorted(ENDS)), min_size=1, max_size=3),
    waits=st.lists(st.integers(1, 12), min_size=3, max_size=3),
    crashes=st.lists(st.integers(0, 4), max_size=12),
)
def test_whenever_the_operator_is_killed_one_copy_is_there_at_most_and_none_at_the_end(
    ends: list[str], waits: list[int], crashes: list[int]
) -> None:
    world = measuring()
    for how, wait in zip(ends, waits, strict=False):
        if how != "abort" or "candidate" in world.status:
            ENDS[how](world)
        for _ in range(wait):
            while crashes:
                world.reconcile(crash_after=crashes.pop())
            world.settle()
            world.now += timedelta(seconds=1)
            world.play_controllers()
            assert len(copies(world)) <= 1
            assert len(world.serving()) >= 1
    let_it_finish("Pass")(world)
    world.run(120)
    assert not copies(world)
    assert not [name for kind, name in world.objects if kind == "Service" and "-base" in name]


def test_deletes_name_the_uid_of_what_they_mean() -> None:
    world = measuring()
    copy = the_copy(world)["metadata"]
    let_it_finish("Pass")(world)
    world.run(3)
    gone = [w for w in world.writes if isinstance(w, Delete) and w.name == copy["name"]]
    assert [write.uid for write in gone] == [copy["uid"]]


def test_a_copy_of_another_revision_is_none() -> None:
    world = measuring()
    snapshot = world.snapshot()
    (copy,) = snapshot.copies
    plan = decide(replace(snapshot, copies=(replace(copy, hash="another"),)))
    assert any(isinstance(w, Delete) and w.uid == copy.uid for w in plan.writes)
