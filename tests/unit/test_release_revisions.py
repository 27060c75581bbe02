"""Hashes name revisions for ever: these golden values may never change."""

import pytest

from modelward.api.modeldeployment import ModelDeployment, ModelDeploymentSpec
from modelward.release.revisions import gates_hash, kpis_hash, revision_hash
from modelward.release.snapshot import DatasetState
from tests.unit.documents import deployment_document


def spec_of(**members: object) -> ModelDeploymentSpec:
    return ModelDeployment.model_validate(deployment_document(**members)).spec


def test_a_revision_keeps_its_name_over_every_upgrade_of_the_operator() -> None:
    assert revision_hash(spec_of()) == "88qrphjnx5"


@pytest.mark.parametrize(
    "changed", [{"replicas": 7}, {"kpis": []}, {"rollout": {}}, {"load": {"rate": "50/s"}}]
)
def test_what_is_not_model_or_serving_makes_no_new_revision(changed: dict[str, object]) -> None:
    if changed == {"kpis": []}:
        changed = {"kpis": deployment_document()["spec"]["kpis"][:1]}
    assert revision_hash(spec_of(**changed)) == revision_hash(spec_of())


@pytest.mark.parametrize("model", [{"version": "2"}, {"version": "1", "name": "other"}, None])
def test_another_model_is_another_revision(model: dict[str, str] | None) -> None:
    assert revision_hash(spec_of(model=model)) != revision_hash(spec_of())


def test_a_null_member_is_as_if_it_were_not_there() -> None:
    assert revision_hash(spec_of(model={"version": "1", "name": None})) == revision_hash(spec_of())


def test_other_rows_are_other_requirements_for_the_same_gates() -> None:
    spec = spec_of()
    one, two = (kpis_hash(spec, {"golden": DatasetState(sha256=d * 64)}) for d in "12")
    assert one != two
    assert one.partition(".")[0] == two.partition(".")[0] == gates_hash(spec)


def test_a_key_that_only_a_newer_schema_knows_counts_too() -> None:
    newer = deployment_document()["spec"]["serving"] | {"transport": "grpc"}
    assert revision_hash(spec_of(serving=newer)) != revision_hash(spec_of())


def test_a_default_that_the_server_fills_in_changes_no_requirements() -> None:
    filled = [kpi | {"effect": "gate"} for kpi in deployment_document()["spec"]["kpis"]]
    judgement = {"falsePromotion": "5%", "falseRollback": "5%", "onInconclusive": "withdraw"}
    assert gates_hash(spec_of(kpis=filled, judgement=judgement)) == gates_hash(spec_of())
    assert gates_hash(spec_of()) == "smtv8bm2gb"
