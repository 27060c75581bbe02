import pytest

from modelward.protocols import dialogue
from modelward.protocols.base import Reply
from modelward.strictjson import Json
from tests.unit.protocols.tables import Asking, Reading, check_asking, check_reading, told

ASKED = [
    Asking("a row is one instance", "v1", [1, 2], "/v1/models/m:predict", {"instances": [[1, 2]]}),
    Asking("of any kind", "v1", {"x": 1}, "/v1/models/m:predict", {"instances": [{"x": 1}]}),
    Asking("a name is quoted", "v1", 1, "/v1/models/a%2Fb:predict", {"instances": [1]},
           model="a/b"),
]  # fmt: skip
READ = [
    Reading("the first prediction", "v1", told({"predictions": [7]}), 7),
    Reading("of any kind", "v1", told({"predictions": [[0.1, 0.9]]}), [0.1, 0.9]),
    Reading("two for one row", "v1", told({"predictions": [7, 8]}),
            problem="the answer has not one prediction for one row"),
    Reading("none", "v1", told({"predictions": []}),
            problem="the answer has not one prediction for one row"),
    Reading("no list", "v1", told({"predictions": 7}),
            problem="the answer has no list of predictions"),
    Reading("no object", "v1", told([7]), problem="the answer has no list of predictions"),
    Reading("an error", "v1", told({"error": "no"}, 500), problem="status 500"),
]  # fmt: skip


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.of)
def test_a_row_is_asked(case: Asking) -> None:
    check_asking(case)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.of)
def test_a_reply_is_read(case: Reading) -> None:
    check_reading(case)


@pytest.mark.parametrize(
    ("document", "ready"),
    [
        ({"name": "m", "ready": True}, True),
        ({"name": "m", "ready": "True"}, True),
        ({"name": "m", "ready": False}, False),
        ({"name": "m", "ready": "False"}, False),
        ({"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}, True),
        ({"model_version_status": [{"version": "1", "state": "LOADING"}]}, False),
        ({"model_version_status": [{"state": "UNLOADING"}, {"state": "AVAILABLE"}]}, True),
        ([], False),
    ],
)
def test_the_models_own_state_tells_whether_it_is_ready(document: Json, ready: bool) -> None:
    asked = dialogue("v1", "m", {})
    assert asked.ready.path == "/v1/models/m"
    assert asked.is_ready(told(document)) is ready
    assert not asked.is_ready(told(document, 503))
    assert not asked.is_ready(Reply(200, b"ok"))
