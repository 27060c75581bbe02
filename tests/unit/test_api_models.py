"""Reading objects ends in values or in a ValidationError, whatever the API server stored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from modelward.api.modeldeployment import ModelDeploymentSpec
from modelward.api.status import Condition, LastHandled
from modelward.api.values import parse_duration, parse_percent


def _spec() -> dict[str, Any]:
    return {
        "serving": {
            "port": 8080,
            "template": {"spec": {"containers": [{"name": "s", "image": "i"}]}},
        },
        "datasets": [{"name": "golden", "configMap": {"name": "c", "key": "k"}}],
        "kpis": [
            {
                "name": "accuracy",
                "benchmark": {"metric": "accuracy", "dataset": "golden"},
                "objective": {"atLeast": "92%"},
            }
        ],
        "load": {"rate": "20/s", "for": "2m"},
    }


def test_names_on_the_wire_are_camel_case_and_absent_members_stay_absent() -> None:
    wire = ModelDeploymentSpec.model_validate(_spec()).to_wire()
    assert wire["load"] == {"rate": "20/s", "arrivals": "constant", "for": "2m", "warmUp": "5s"}
    assert wire["serving"] == _spec()["serving"]
    assert "model" not in wire


def test_what_is_written_reads_as_the_same_again() -> None:
    spec = ModelDeploymentSpec.model_validate(_spec())
    assert ModelDeploymentSpec.model_validate(spec.to_wire()) == spec


def test_members_of_a_newer_schema_are_ignored() -> None:
    newer = _spec() | {"afterRelease": {}, "traffic": {"gateway": {}}}
    assert ModelDeploymentSpec.model_validate(newer) == ModelDeploymentSpec.model_validate(_spec())


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("kpis", 0, "objective", "atLeast"), 92),
        (("kpis", 0, "objective", "atLeast"), "92pp"),
        (("kpis", 0, "objective", "atLeast"), "two seconds"),
        (("load", "rate"), 20),
        (("load", "rate"), "20"),
        (("load", "for"), 120),
        (("serving", "template"), {}),
        (("serving", "template"), {"spec": {"containers": []}}),
        (("serving", "template"), {"spec": {"containers": "none"}}),
        (("serving", "port"), 0),
        (("kpis",), []),
        (("datasets",), []),
    ],
)
def test_what_came_past_the_schema_is_a_validation_error(
    where: tuple[str | int, ...], value: object
) -> None:
    spec: Any = _spec()
    holder = spec
    for part in where[:-1]:
        holder = holder[part]
    holder[where[-1]] = value
    with pytest.raises(ValidationError):
        ModelDeploymentSpec.model_validate(spec)


@pytest.mark.parametrize("value", ["25", "25pods", "101%", "-1%"])
def test_a_malformed_surge_is_a_validation_error(value: str) -> None:
    with pytest.raises(ValidationError):
        ModelDeploymentSpec.model_validate(_spec() | {"rollout": {"maxSurge": value}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


PARTS = ["load", "rollout", "judgement", "benchmarkPod", "model", "serving", "datasets", "kpis"]


@given(st.sampled_from(PARTS), JSON)
def test_no_part_of_a_document_fails_in_another_way(part: str, value: object) -> None:
    try:
        spec = ModelDeploymentSpec.model_validate(_spec() | {part: value})
    except ValidationError:
        return
    assert parse_duration(spec.load.for_)
    assert parse_percent(spec.judgement.false_promotion)


def test_a_message_that_is_too_long_is_clipped_and_says_so() -> None:
    condition = Condition(
        type="Ready",
        status="False",
        reason="RolledBack",
        message="x" * 2000,
        observed_generation=1,
        last_transition_time="2026-11-23T18:00:00Z",
    )
    assert condition.message == "x" * 1023 + "…"
    assert LastHandled(promote="x" * 500).promote == "x" * 127 + "…"
