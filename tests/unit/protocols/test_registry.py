"""What holds for every protocol, also for one that is added tomorrow."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.contract import PlanSubject
from modelward.protocols import DEFAULT, PROTOCOLS, dialogue
from modelward.protocols.base import Arrival, Asked, Bad, Good, NotAskableError, Reply
from modelward.strictjson import Json

EVERY_WAY = [
    pytest.param(protocol.name, {option.name: value}, id=f"{protocol.name} {value}")
    for protocol in PROTOCOLS.values()
    for option in protocol.options
    for value in option.values or ("/path",)
] + [pytest.param(name, {}, id=name) for name in PROTOCOLS if name != "http"]
"""Each protocol with each value of each of its options."""

REPLIES = st.builds(
    Reply,
    st.sampled_from([200, 204, 302, 404, 500]),
    st.binary(max_size=80)
    | st.sampled_from([b"data: {}\n\n", b'data: {"choices":[7]}\n\n', b"[]", b'{"outputs":{}}']),
    st.sampled_from(
        [{}, {"content-type": "text/event-stream"}, {"inference-header-content-length": "2"}]
    ),
    st.lists(st.builds(Arrival, st.integers(0, 9), st.integers(0, 80)), max_size=3).map(tuple),
)
INPUTS: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["inputs", "data", "shape", "datatype"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(("name", "said"), EVERY_WAY)
@given(reply=REPLIES)
def test_no_reply_whatever_crashes_a_protocol(
    name: str, said: dict[str, str], reply: Reply
) -> None:
    asked = dialogue(name, "m", said)
    answer = asked.read(reply)
    assert isinstance(answer, Good | Bad)
    assert isinstance(asked.is_ready(reply), bool)
    if reply.status not in {200, 204}:
        assert isinstance(answer, Bad)
    if asked.read_metadata:
        assert isinstance(asked.read_metadata(reply), Good | Bad)


@pytest.mark.parametrize(("name", "said"), EVERY_WAY)
@given(inputs=INPUTS)
def test_a_row_is_asked_or_refused_with_words(
    name: str, said: dict[str, str], inputs: Json
) -> None:
    with contextlib.suppress(NotAskableError):
        assert dialogue(name, "m", said).ask(inputs).path.startswith("/")


def test_a_protocol_is_known_by_the_name_of_its_module() -> None:
    assert all(name == protocol.name for name, protocol in PROTOCOLS.items())
    assert DEFAULT in PROTOCOLS
    assert not any(option.default is None for option in PROTOCOLS[DEFAULT].options)


def test_an_option_belongs_to_one_protocol() -> None:
    """A run's subject has all of them side by side."""
    names = [option.name for protocol in PROTOCOLS.values() for option in protocol.options]
    assert len(names) == len(set(names))
    assert not set(names) & {"revision", "service", "port", "protocol", "modelName"}


def test_what_is_not_said_has_its_default_and_what_cannot_be_said_does_not_count() -> None:
    said: dict[str, object] = {"transport": "pigeon", "tensors": "binary", "other": 1}
    assert PROTOCOLS["v2"].told(said) == {"transport": "rest", "tensors": "binary"}


def test_a_plan_names_a_protocol_that_is_spoken() -> None:
    with pytest.raises(ValueError, match="none of http, openai, v1, v2"):
        PlanSubject(url="http://m:80", protocol="v3", model_name="m", revision="abc")


@pytest.mark.parametrize(
    ("name", "said", "path"),
    [
        ("v2", {}, "/v2/models/m/ready"),
        ("v2", {"transport": "grpc"}, None),
        ("v1", {}, "/v1/models/m"),
        ("openai", {}, "/v1/models"),
        ("openai", {"prefix": "/api/v3"}, "/api/v3/models"),
        ("http", {"path": "/predict"}, None),
    ],
)
def test_the_kubelet_asks_for_the_models_own_readiness_where_there_is_one(
    name: str, said: dict[str, object], path: str | None
) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.ready_path(Asked("m", protocol.told(said))) == path
