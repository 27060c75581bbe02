"""The few calls to the API server that bring-up needs, with the standard library alone."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.cluster.errors import ClusterError
from tests.cluster.local.pki import ADMIN, Pki

_TIMEOUT = 10.0


@dataclass(frozen=True)
class Api:
    """The API server, spoken to as the administrator."""

    url: str
    context: ssl.SSLContext

    @classmethod
    def as_admin(cls, url: str, pki: Pki) -> "Api":
        """The API server at `url`."""
        context = ssl.create_default_context(cafile=str(pki.ca))
        context.load_cert_chain(pki.certificate(ADMIN), pki.key(ADMIN))
        return cls(url, context)

    def get(self, path: str) -> dict[str, Any]:
        """Read an object or list."""
        result: dict[str, Any] = json.loads(self._call("GET", path, None))
        return result

    def create(self, path: str, body: dict[str, Any]) -> None:
        """Create an object; one that is there already is left as it is."""
        try:
            self._call("POST", path, body)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                message = f"{path}: {error.code} {error.read().decode()}"
                raise ClusterError(message) from error

    def is_ready(self) -> bool:
        """Whether the API server says that it serves."""
        try:
            return self._call("GET", "/readyz", None) == b"ok"
        except OSError:
            return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT, context=self.context) as response:
            content: bytes = response.read()
            return content
