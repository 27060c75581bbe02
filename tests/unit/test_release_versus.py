"""Which revisions a release compares."""

from modelward.api.names import PREFIX
from tests.unit.documents import Document, deployment_document
from tests.unit.kpis import ACCURACY_VERSUS, ERRORS_VERSUS
from tests.unit.world import World, released

PLAIN_HTTP: Document = {
    "protocol": "http",
    "http": {"path": "/score"},
    "port": 9000,
    "template": {"spec": {"containers": [{"name": "server", "image": "fraud:1"}]}},
}


def kpis() -> list[Document]:
    return [*deployment_document()["spec"]["kpis"], ACCURACY_VERSUS, ERRORS_VERSUS]


def last_run(world: World) -> Document:
    spec: Document = world.of("BenchmarkRun")[-1]["spec"]
    return spec


def test_a_first_version_is_compared_with_nobody() -> None:
    world = released(kpis=kpis())
    assert "baseline" not in last_run(world)
    assert world.status["kpiSummary"] == "2/2"
    assert last_run(world)["judgement"]["falseRollback"] == "0.05"


def test_gates_versus_stable_share_the_probability_of_a_false_rollback() -> None:
    world = released(kpis=kpis())
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    assert last_run(world)["judgement"]["falseRollback"] == "0.025"
    assert world.status["kpiSummary"] == "0/4"


def test_stable_is_asked_as_it_was_rendered_and_the_candidate_as_spec_says() -> None:
    world = World(deployment_document(kpis=kpis(), serving=PLAIN_HTTP))
    world.run(30)
    assert world.serving() == {"1"}
    stable = world.status["stable"]["revision"]
    world.change("2", model={"name": "fraud-model", "version": "2"})
    world.run(10)
    candidate = world.status["candidate"]["revision"]
    assert last_run(world)["baseline"] == {
        "revision": stable,
        "service": f"fraud-{stable}",
        "port": 9000,
        "protocol": "http",
        "modelName": "fraud",
        "path": "/score",
    }
    assert last_run(world)["subject"] == {
        "revision": candidate,
        "service": f"fraud-{candidate}",
        "port": 8080,
        "protocol": "v2",
        "modelName": "fraud-model",
    }


def test_without_kpis_versus_stable_nobody_asks_it() -> None:
    world = released()
    world.change("2")
    world.run(10)
    assert "baseline" not in last_run(world)


def test_a_revision_that_forgot_how_it_was_rendered_is_asked_as_spec_says() -> None:
    world = released(kpis=kpis())
    for document in world.of("ReplicaSet"):
        del document["metadata"]["annotations"][PREFIX + "input"]
    world.change("2")
    world.run(10)
    assert last_run(world)["baseline"]["port"] == 8080


def test_what_a_job_compares_is_sent_to_a_copy() -> None:
    errors = {
        "name": "errors-by-job",
        "job": {"name": "locust", "measures": "badRequests"},
        "objective": {"versus": "stable", "worseByAtMost": "50%"},
    }
    jobs = [{"name": "locust", "image": "registry.example/locust:1"}]
    world = released(kpis=[*deployment_document()["spec"]["kpis"], errors], jobs=jobs)
    world.verdict = lambda _: ""
    world.change("2")
    world.run(20)
    assert last_run(world)["baseline"]["closed"] is True
    assert last_run(world)["baseline"]["service"].endswith("-base")
    assert world.status["kpiSummary"].endswith("/3")
