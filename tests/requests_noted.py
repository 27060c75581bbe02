"""An observer of requests that keeps what it is told."""

from dataclasses import dataclass, field


@dataclass
class Noted:
    """Verb, resource and code of each request, and which watches were asked for again."""

    codes: list[tuple[str, str, str]] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)

    def request(self, verb: str, resource: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.codes.append((verb, resource, code))

    def watch_restarted(self, resource: str) -> None:
        self.restarts.append(resource)
