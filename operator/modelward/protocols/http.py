"""Plain JSON over HTTP: a row's `inputs` is the whole body of a POST."""

from modelward.protocols.base import (
    Asked,
    Dialogue,
    Option,
    Protocol,
    Reply,
    Request,
    read_json,
)
from modelward.protocols.wire.jsonbody import post


def _dialogue(asked: Asked) -> Dialogue:
    path = asked.options["path"]
    return Dialogue(
        ask=lambda inputs: post(path, inputs),
        read=read_json,
        # There is no readiness to ask for: any answer, 405 too, tells that somebody is there.
        ready=Request("GET", path),
        is_ready=_somebody_is_there,
        prediction=PROTOCOL.prediction,
    )


def _somebody_is_there(_: Reply) -> bool:
    return True


PROTOCOL = Protocol(
    name="http",
    text="plain JSON over POST",
    prediction="prediction",
    open=_dialogue,
    ready_path=lambda _: None,
    options=(
        Option(
            "path",
            "Path that takes a POST with a row's inputs as its JSON body.",
            example="/predict",
        ),
    ),
)
