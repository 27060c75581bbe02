"""A certificate authority of the tests' own, and the servers' certificates that it issues."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, packages

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")
_OF_SERVERS = ("-addext", "basicConstraints=critical,CA:FALSE",
               "-addext", "extendedKeyUsage=serverAuth")  # fmt: skip
HERE = "IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in files."""

    file: Path

    @property
    def key(self) -> Path:
        return self.file.with_suffix(".key")

    def context(self) -> ssl.SSLContext:
        """Return how a server speaks TLS with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        packages.ensure(["openssl"])
        self._folder = folder
        self.certificate = self._issue("ca", "-days", "30")

    def issue(self, name: str, names: str = HERE) -> Certificate:
        """Return a server's certificate for these names."""
        by = ("-CA", str(self.certificate.file), "-CAkey", str(self.certificate.key))
        return self._issue(name, *by, "-days", "30", *_OF_SERVERS, *_names(names))

    def self_signed(self, name: str) -> Certificate:
        """Return a server's certificate that nobody else has signed."""
        return self._issue(name, "-days", "30", *_OF_SERVERS, *_names(HERE))

    def expired(self, name: str) -> Certificate:
        """Return a server's certificate that ended yesterday."""
        made, request = Certificate(self._folder / f"{name}.crt"), self._folder / f"{name}.csr"
        _openssl("req", *_KEY, "-subj", f"/CN={name}", *_names(HERE),
                 "-keyout", str(made.key), "-out", str(request))  # fmt: skip
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate.file),
                 "-CAkey", str(self.certificate.key), "-copy_extensions", "copy",
                 "-days", "-1", "-out", str(made.file))  # fmt: skip
        return made

    def _issue(self, name: str, *how: str) -> Certificate:
        made = Certificate(self._folder / f"{name}.crt")
        _openssl("req", "-x509", *_KEY, "-subj", f"/CN={name}", *how,
                 "-keyout", str(made.key), "-out", str(made.file))  # fmt: skip
        return made


def _names(names: str) -> tuple[str, str]:
    return ("-addext", f"subjectAltName={names}")


def _openssl(*arguments: str) -> None:
    commands.run(["openssl", *arguments])
