import json

import jmespath
import pytest

from modelward.benchmark.contract import PlanSubject
from modelward.benchmark.strictjson import Json
from modelward.runner.protocols import PROTOCOLS, protocol_of

INPUTS: Json = [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1.5]}]


def subject(protocol: str, **changes: str) -> PlanSubject:
    document = {"url": "http://m:80", "protocol": protocol, "modelName": "m", "revision": "abc"}
    return PlanSubject.model_validate_json(json.dumps(document | changes))


@pytest.mark.parametrize(
    ("asked", "path", "ready_path", "body", "answer"),
    [
        (
            subject("v2"),
            "/v2/models/m/infer",
            "/v2/models/m/ready",
            {"inputs": INPUTS},
            {"model_name": "m", "outputs": [{"name": "y", "data": [7, 8]}]},
        ),
        (
            subject("v2", modelName="a/b c"),
            "/v2/models/a%2Fb%20c/infer",
            "/v2/models/a%2Fb%20c/ready",
            {"inputs": INPUTS},
            {"outputs": [{"data": [7]}]},
        ),
        (
            subject("http", path="/predict?v=1"),
            "/predict?v=1",
            "/predict?v=1",
            INPUTS,
            {"prediction": 7},
        ),
    ],
)
def test_each_protocol_asks_its_path_and_finds_the_prediction(
    asked: PlanSubject, path: str, ready_path: str, body: Json, answer: Json
) -> None:
    protocol = protocol_of(asked)
    assert (protocol.path, protocol.ready_path) == (path, ready_path)
    assert protocol.body(INPUTS) == body
    assert jmespath.search(protocol.prediction, answer) == 7


def test_every_protocol_of_the_api_is_spoken() -> None:
    schema = PlanSubject.model_json_schema()["properties"]["protocol"]
    assert set(schema["enum"]) == set(PROTOCOLS)


def test_http_without_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"subject\.path is missing"):
        protocol_of(subject("http"))
