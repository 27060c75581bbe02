"""What a revision's protocol makes of its pods and of what its benchmark asks."""

from typing import Any

import pytest

from modelward.api.benchmarkrun import Subject
from modelward.api.modeldeployment import ModelDeployment, Serving
from modelward.release.render import readiness_probe
from modelward.release.revisions import revision_hash, revision_input

PERIOD = {"periodSeconds": 1, "failureThreshold": 2}
TEMPLATE = {"spec": {"containers": [{"name": "server", "image": "m:1"}]}}


def deployment(**serving: object) -> ModelDeployment:
    return ModelDeployment.model_validate(
        {
            "metadata": {"name": "fraud", "namespace": "ml", "uid": "u"},
            "spec": {
                "model": {"name": "org/fraud"},
                "serving": {"port": 8080, "template": TEMPLATE} | serving,
                "datasets": [{"name": "d", "configMap": {"name": "c", "key": "k"}}],
                "kpis": [
                    {
                        "name": "accuracy",
                        "benchmark": {"metric": "accuracy", "dataset": "d"},
                        "objective": {"atLeast": "92%"},
                    }
                ],
            },
        }
    )


@pytest.mark.parametrize(
    ("serving", "path"),
    [
        ({}, "/v2/models/org%2Ffraud/ready"),
        ({"protocol": "v1"}, "/v1/models/org%2Ffraud"),
        ({"protocol": "openai"}, "/v1/models"),
        ({"protocol": "openai", "openai": {"prefix": "/llm/v3"}}, "/llm/v3/models"),
    ],
)
def test_a_template_without_a_probe_gets_one_that_asks_the_model(
    serving: dict[str, Any], path: str
) -> None:
    asked = {"httpGet": {"path": path, "port": 8080}}
    assert readiness_probe(deployment(**serving)) == asked | PERIOD


@pytest.mark.parametrize(
    "serving",
    [{"protocol": "http", "http": {"path": "/p"}}, {"v2": {"transport": "grpc"}}],
)
def test_a_model_that_the_kubelet_cannot_ask_is_ready_once_its_port_is_open(
    serving: dict[str, Any],
) -> None:
    assert readiness_probe(deployment(**serving)) == {"tcpSocket": {"port": 8080}} | PERIOD


def test_what_is_said_of_a_protocol_is_part_of_the_revision_and_no_default_is() -> None:
    said = {"protocol": "openai", "openai": {"endpoint": "completions"}}
    assert '"openai":{"endpoint":"completions"}' in revision_input(deployment(**said).spec)
    plain = deployment(protocol="openai")
    assert "endpoint" not in revision_input(plain.spec)
    assert revision_hash(plain.spec) != revision_hash(deployment(**said).spec)


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        ({}, {}),
        ({"protocol": "http", "http": {"path": "/predict"}}, {"path": "/predict"}),
        ({"protocol": "openai", "openai": {"prefix": "/v3"}}, {"prefix": "/v3"}),
        ({"v2": {"transport": "grpc", "tensors": "binary"}},
         {"transport": "grpc", "tensors": "binary"}),
        ({"protocol": "v1", "http": {"path": "/of-another"}}, {}),
        ({"protocol": "openai", "openai": {"endpoint": "images", "later": 1}}, {}),
        ({"protocol": "openai", "openai": None}, {}),
    ],
)  # fmt: skip
def test_a_benchmark_asks_as_was_said_of_the_protocol_and_not_of_another(
    serving: dict[str, Any], said: dict[str, str]
) -> None:
    written = Serving.model_validate({"port": 1, "template": TEMPLATE} | serving)
    assert written.said == said
    subject = Subject.model_validate(
        {"revision": "x", "service": "s", "port": 1, "protocol": written.spoken, "modelName": "m"}
        | written.said
    )
    assert subject.said == said
    assert {"path", "prefix", "transport", "tensors"} & set(subject.to_wire()) == set(said)


def test_a_protocol_that_is_not_spoken_is_no_resource_of_ours() -> None:
    with pytest.raises(ValueError, match="none of http, openai, v1, v2"):
        Serving.model_validate({"port": 1, "template": TEMPLATE, "protocol": "v3"})
