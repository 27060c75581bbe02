"""Argo CD: what it shows about a release, and what a person can click on."""

from pathlib import Path

import pytest
import yaml
from lupa.lua51 import LuaError

from modelward.api.names import RETRY
from modelward.release import verbs
from modelward.release.revisions import revision_hash
from modelward.release.situation import situate
from tests.delivery import argocd
from tests.delivery.argocd import SCRIPTS, Plain
from tests.delivery.situations import SITUATIONS, Situation
from tests.unit.world import World

each_situation = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.slug)


def loaded(path: Path) -> Plain:
    return yaml.safe_load(path.read_text())


HEALTH_TESTS = loaded(SCRIPTS / "health_test.yaml")["tests"]
ACTION_TESTS = loaded(SCRIPTS / "actions" / "action_test.yaml")


@each_situation
def test_argo_cd_shows_the_health_and_the_operators_own_message(situation: Situation) -> None:
    document = situation.document()
    shown = argocd.health(document)
    assert shown["status"] == situation.health
    if document["status"].get("observedGeneration") == document["metadata"]["generation"]:
        said = "Pending deletion" if situation.name == "deleted" else document["status"]["message"]
        assert shown["message"] == said


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=lambda case: Path(case["inputPath"]).stem)
def test_the_test_data_for_argo_cd_holds(case: dict[str, Plain]) -> None:
    assert argocd.health(loaded(SCRIPTS / case["inputPath"])) == case["healthStatus"]


@pytest.mark.parametrize(
    "case", ACTION_TESTS["discoveryTests"], ids=lambda case: Path(case["inputPath"]).stem
)
def test_the_test_data_of_what_is_offered_holds(case: dict[str, Plain]) -> None:
    offered = {each["name"] for each in case["result"] if not each["disabled"]}
    assert argocd.enabled(loaded(SCRIPTS / "actions" / case["inputPath"])) == offered


@pytest.mark.parametrize(
    "case",
    ACTION_TESTS["actionTests"],
    ids=lambda case: f"{case['action']}-{Path(case['inputPath']).stem}",
)
def test_the_test_data_of_what_a_click_changes_holds(case: dict[str, Plain]) -> None:
    before, after = (
        loaded(SCRIPTS / "actions" / case[path]) for path in ("inputPath", "expectedOutputPath")
    )
    assert argocd.act(case["action"], before) == after


def acting(world: World) -> set[str]:
    """Return the verbs that the operator would act on now, for the revision that they are about."""
    snapshot, status = world.snapshot(), world.status
    situation = situate(snapshot, revision_hash(snapshot.deployment.spec))
    meant = status.get("candidate") or status.get("failedRevision") or {}
    value = f"{meant.get('revision')}/1"
    return {name for name in verbs.ANNOTATIONS if verbs.acts(situation, verbs.Verb(name, value))}


@each_situation
def test_a_person_can_click_on_what_the_operator_would_act_on_and_on_nothing_else(
    situation: Situation,
) -> None:
    world = situation.make()
    assert argocd.enabled(situation.document(world)) == acting(world)


@each_situation
def test_a_click_acts_and_a_second_one_changes_nothing(situation: Situation) -> None:
    for action in argocd.enabled(situation.document()):
        world = situation.make()
        before = situation.document(world)
        changed = argocd.act(action, before)
        assert changed == argocd.act(action, changed)
        value = changed["metadata"]["annotations"][f"modelward.dev/{action}"]
        world.annotate(f"modelward.dev/{action}", value)
        world.settle()
        assert world.status["lastHandled"][action] == value
        assert not any(reason.startswith("NothingTo") for reason in world.reasons)


@pytest.mark.parametrize(("name", "phase"), [("rolled back", "Degraded"), ("undecided", "Paused")])
def test_what_comes_out_the_same_after_a_retry_can_be_retried_again(name: str, phase: str) -> None:
    situation = next(each for each in SITUATIONS if each.name == name)
    world = situation.make()
    for _ in range(2):
        changed = argocd.act("retry", situation.document(world))
        world.annotate(RETRY, changed["metadata"]["annotations"][RETRY])
        world.settle()
        assert world.status["phase"] == "Progressing"
        world.run(30)
        assert world.status["phase"] == phase


@pytest.mark.parametrize(
    "code", ["string.upper('a')", "('a'):upper()", "os.time()", "io.open('a')"]
)
def test_scripts_have_no_library_that_argo_cd_does_not_give_them(code: str) -> None:
    with pytest.raises(LuaError):
        argocd.run(f"return {code}", {})


def test_what_is_pasted_into_argo_cd_are_the_tested_scripts() -> None:
    data = loaded(argocd.FOLDER / "argocd-cm.yaml")["data"]
    key = "modelward.dev_ModelDeployment"
    assert data[f"resource.customizations.health.{key}"] == (SCRIPTS / "health.lua").read_text()
    actions = yaml.safe_load(data[f"resource.customizations.actions.{key}"])
    for definition in actions["definitions"]:
        script = SCRIPTS / "actions" / definition["name"] / "action.lua"
        assert definition["action.lua"] == script.read_text()
    assert actions["discovery.lua"] == (SCRIPTS / "actions" / "discovery.lua").read_text()
