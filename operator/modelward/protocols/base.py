"""What a serving protocol consists of: how it is declared, and how a model is asked by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from modelward.strictjson import Json, StrictJsonError, loads_floats

MAX_DETAIL = 200
"""Characters of a server's own words that are kept."""


class NotAskableError(ValueError):
    """A row's `inputs` that this protocol can't send; the message says what to write."""


@dataclass(frozen=True)
class Option:
    """Something that a user can say of a protocol: serving.<protocol>.<name>."""

    name: str
    text: str
    """What it means, for the field reference."""
    default: str | None = None
    """What holds where nothing is said; None: it must be said."""
    values: tuple[str, ...] = ()
    """What can be said; empty: a path that begins with a slash."""
    example: str = ""
    """A value for messages."""


@dataclass(frozen=True)
class Asked:
    """The model that is asked, and what was said of its protocol."""

    model: str
    """Name of the model as its server knows it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """A value for each option of the protocol, defaults among them."""


@dataclass(frozen=True)
class Request:
    """One request; over gRPC `path` is the method's full name and the body its message."""

    method: Literal["GET", "POST"]
    path: str
    """Path and query, percent-encoded."""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Arrival:
    """A part of a body that came at once."""

    at: int
    """When, in ns."""
    end: int
    """How many bytes of the body had come by then."""


@dataclass(frozen=True)
class Reply:
    """A whole reply, whatever it says; of gRPC the status is its HTTP equivalent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    arrivals: tuple[Arrival, ...] = ()
    """When which part of the body came, in order; empty where nobody looked."""


@dataclass(frozen=True)
class TokenTimes:
    """When the tokens of one answer came, in ns."""

    arrivals: tuple[int, ...]
    """One for each event of the stream that brought text, in order."""
    tokens: int
    """As the server counts them; where it doesn't, one for each event."""


@dataclass(frozen=True)
class Good:
    """An answer that holds a document, whatever the prediction in it is."""

    document: Json
    """Numbers are int or float."""
    tokens: TokenTimes | None = None
    """Only of answers that were streamed."""


@dataclass(frozen=True)
class Bad:
    """A reply that is no answer: a failed request."""

    problem: str
    """Why, in few words, the same for all that fail alike."""
    detail: str = ""
    """What the server said of it."""


Answered = Good | Bad


@dataclass(frozen=True)
class Dialogue:
    """How one model is asked: requests, and what replies to them mean. Pure functions."""

    ask: Callable[[Json], Request]
    """From a row's `inputs` to the request for a prediction. Raises NotAskableError."""
    read: Callable[[Reply], Answered]
    """From the reply to it to an answer; never raises, whatever the reply holds."""
    ready: Request
    """Asks whether the model is ready."""
    is_ready: Callable[[Reply], bool]
    """Tells it from the reply."""
    prediction: str
    """JMESPath of the prediction in a good answer, where the data set names none."""
    transport: Literal["http", "grpc"] = "http"
    streams: bool = False
    """True where an answer may come in parts whose times tell something."""
    metadata: Request | None = None
    """Asks what the server knows of the model, where the protocol has that."""
    read_metadata: Callable[[Reply], Answered] | None = None


@dataclass(frozen=True)
class Protocol:
    """A serving protocol: what schema, pods, plans, the runner and the documentation know of it."""

    name: str
    text: str
    """What it is, in a few words, for the field reference."""
    prediction: str
    """Where the prediction stands by default, for the field reference."""
    open: Callable[[Asked], Dialogue]
    """From a model to how it is asked."""
    ready_path: Callable[[Asked], str | None]
    """Path that the kubelet can ask whether a pod's model is ready; None: only that it listens."""
    options: tuple[Option, ...] = ()
    streams: bool = False
    """True where answers may come in parts, as tokens do."""

    def told(self, said: Mapping[str, object]) -> dict[str, str]:
        """Return what was said of each option, or else its default.

        What can't be said of it counts as not said; the schema refuses that.
        """
        found: dict[str, str] = {}
        for option in self.options:
            value = said.get(option.name)
            known = isinstance(value, str) and (not option.values or value in option.values)
            if known:
                found[option.name] = str(value)
            elif option.default is not None:
                found[option.name] = option.default
        return found


def failed(reply: Reply) -> Bad | None:
    """Return why a reply is a failed request by its status alone; None for a status of 2xx."""
    if 200 <= reply.status < 300:
        return None
    detail = reply.body[: 4 * MAX_DETAIL].decode(errors="replace")[:MAX_DETAIL]
    return Bad(f"status {reply.status}", detail)


def read_json(reply: Reply) -> Answered:
    """Return the JSON document of a reply with a status of 2xx; anything else is a failure."""
    if bad := failed(reply):
        return bad
    try:
        return Good(loads_floats(reply.body.decode()))
    except (StrictJsonError, UnicodeDecodeError):
        return Bad("the answer is not JSON")


def is_good(reply: Reply) -> bool:
    """Tell whether a reply has status 200."""
    return reply.status == 200
