import pytest

from modelward.protocols import dialogue
from modelward.protocols.base import Reply
from tests.unit.protocols.tables import Asking, Reading, check_asking, check_reading, told

SAID = {"path": "/predict"}

ASKED = [
    Asking("a row's inputs are the whole body", "http", {"x": 1}, "/predict", {"x": 1}, SAID),
    Asking("also where they are a list", "http", [1, 2], "/a/b", [1, 2], {"path": "/a/b"}),
]
READ = [
    Reading("the prediction has its own member", "http", told({"prediction": 7}), 7),
    Reading("an answer without it predicts nothing", "http", told([1, 2]), None),
    Reading("another status", "http", told({"x": 1}, 503), problem="status 503"),
    Reading("a redirect is not followed", "http", Reply(302), problem="status 302"),
    Reading("a page", "http", Reply(200, b"<html>"), problem="the answer is not JSON"),
    Reading("bytes", "http", Reply(200, b"\xff\xfe"), problem="the answer is not JSON"),
    Reading("no number", "http", Reply(200, b"NaN"), problem="the answer is not JSON"),
]


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.of)
def test_a_row_is_asked(case: Asking) -> None:
    check_asking(case)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.of)
def test_a_reply_is_read(case: Reading) -> None:
    check_reading(case)


@pytest.mark.parametrize("status", [200, 404, 405, 500])
def test_any_answer_to_a_get_tells_that_somebody_is_there(status: int) -> None:
    asked = dialogue("http", "m", SAID)
    assert (asked.ready.method, asked.ready.path) == ("GET", "/predict")
    assert asked.is_ready(Reply(status))


def test_a_path_is_needed() -> None:
    with pytest.raises(ValueError, match=r"subject\.options\.path is missing"):
        dialogue("http", "m", {})
