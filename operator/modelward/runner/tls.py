"""Servers that speak TLS: whose certificates are believed, and what is wrong with others.

Certificates are always checked, with the name that was asked for. There is no switch against that:
whoever trusts a single server says its own certificate as `--ca-file`.
"""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

NOT_TRUSTED = "certificate not trusted"
OTHER_NAME = "certificate for another name"
OUT_OF_DATE = "certificate out of date"
NO_TLS = "no TLS"
NO_HANDSHAKE = "no TLS handshake"
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""Names of a folder's certificates: https://docs.openssl.org/3.0/man1/openssl-rehash/"""
_BY_CODE = {9: OUT_OF_DATE, 10: OUT_OF_DATE, 62: OTHER_NAME, 64: OTHER_NAME}
"""Codes of https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/"""


@dataclass(frozen=True)
class Trust:
    """Whose certificates are believed: the system's trust store, or a file in its place."""

    ca_file: Path | None = None
    """Certificates in PEM form; of authorities, or of a server itself."""

    def context(self) -> ssl.SSLContext:
        """Return how HTTP/1.1 is spoken over TLS.

        Raises ssl.SSLError for a file without certificates, and OSError where it can't be read.
        """
        context = ssl.create_default_context(cafile=self.ca_file)
        # As gRPC does: what is in the file is believed, whether or not its own issuer is.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.set_alpn_protocols(["http/1.1"])
        return context

    def roots(self) -> bytes:
        """Return the certificates that are believed, in PEM form: gRPC finds no system's by itself.

        They are those that OpenSSL finds.
        """
        if self.ca_file:
            return self.ca_file.read_bytes()
        found, paths = [], ssl.get_default_verify_paths()
        if paths.cafile:
            found.append(Path(paths.cafile))
        if paths.capath:
            found += (p for p in Path(paths.capath).iterdir() if _HASHED.fullmatch(p.name))
        return b"\n".join(path.read_bytes() for path in found)


SYSTEM = Trust()


def trouble(error: BaseException) -> str | None:
    """Return in few words why a handshake failed; None for an error that is not about TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_CODE.get(error.verify_code, NOT_TRUSTED)
    if isinstance(error, ssl.SSLError):
        return NO_TLS if error.reason == "WRONG_VERSION_NUMBER" else NO_HANDSHAKE
    return None
