"""Lines of the log: one form for all of them, with the object and the release."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from modelward.api.modeldeployment import ModelDeployment
from modelward.cluster import logs, watch
from modelward.cluster.documents import Key
from modelward.cluster.observe.unreadable import told
from modelward.writes import Document, Subject

KEY = Key("ModelDeployment", "ml", "fraud")


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.set_up("info")
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[Document]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_which_object_it_is_about(stream: io.StringIO) -> None:
    with logs.about(KEY):
        logging.getLogger("x").info("Created %s.", "something")
    logging.getLogger("x").info("Ready.")
    about, other = lines(stream)
    assert about["message"] == "Created something."
    assert (about["kind"], about["namespace"], about["object"]) == KEY
    assert (about["level"], about["logger"]) == ("INFO", "x")
    assert "namespace" not in other


def test_a_line_says_which_release_it_is_about_as_soon_as_that_is_known(
    stream: io.StringIO,
) -> None:
    with logs.about(KEY):
        logging.getLogger("x").info("reads")
        logs.in_release(Subject("abc", "20261126T0000"))
        logging.getLogger("x").info("acts")
    with logs.about(KEY):
        logs.in_release(None)
        logging.getLogger("x").info("serves")
    reads, acts, serves = lines(stream)
    assert (acts["revision"], acts["release"]) == ("abc", "20261126T0000")
    assert "revision" not in reads
    assert "revision" not in serves


def test_kopf_s_lines_have_the_same_form(stream: io.StringIO) -> None:
    reference = {"kind": "Job", "namespace": "ml", "name": "run-1", "uid": "u", "apiVersion": "v1"}
    extra = {"k8s_ref": reference, "k8s_skip": True, "settings": watch.settings()}
    logging.getLogger("kopf.objects").warning("odd", extra=extra)
    (line,) = lines(stream)
    assert line.keys() == {
        *("timestamp", "level", "logger", "message"),
        *("kind", "namespace", "object"),
    }
    assert (line["kind"], line["namespace"], line["object"]) == ("Job", "ml", "run-1")


def test_a_request_that_kopf_tries_again_is_a_warning_and_a_failed_handler_an_error(
    stream: io.StringIO,
) -> None:
    logging.getLogger("kopf._cogs.clients.watching").error("Request attempt #1/8 failed")
    logging.getLogger("kopf._core.reactor.running").error("A task has failed")
    assert [line["level"] for line in lines(stream)] == ["WARNING", "ERROR"]


def test_an_object_that_cannot_be_read_is_explained_without_its_content() -> None:
    with pytest.raises(ValidationError) as caught:
        ModelDeployment.model_validate({"spec": {"serving": {"port": "hunter2"}}})
    assert "hunter2" in str(caught.value)
    assert "spec.serving.port: " in told(caught.value)
    assert "hunter2" not in told(caught.value)
