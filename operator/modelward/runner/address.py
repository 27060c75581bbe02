"""Where a server answers."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A server's address, and whether it speaks TLS there."""

    netloc: str
    """As it was written, for the header Host."""
    host: str
    port: int
    secure: bool

    @classmethod
    def of(cls, base: str) -> Self:
        """Return what http://HOST:PORT or https://HOST:PORT says. Raises ValueError for others."""
        parts = urlsplit(base)
        more = parts.path or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in _PORTS or not parts.hostname or more:
            raise ValueError(f"{base} is not of the form http://HOST:PORT or https://HOST:PORT")
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.netloc, parts.hostname, port, parts.scheme == "https")

    @property
    def target(self) -> str:
        """HOST:PORT, as gRPC takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
