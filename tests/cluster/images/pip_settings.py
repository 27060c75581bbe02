"""The machine's settings for pip, for the steps of a build and not for the image."""

import configparser
import io
from collections.abc import Mapping
from pathlib import Path

_PASSED_ON = (
    "cert",
    "default-timeout",
    "extra-index-url",
    "index-url",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
)


def pip_configuration(file: Path, environment: Mapping[str, str]) -> str:
    """A pip.conf with what the machine's file and its PIP_... variables say about the network."""
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read(file)
    if not configuration.has_section("global"):
        configuration.add_section("global")
    for option in _PASSED_ON:
        value = environment.get(f"PIP_{option.upper().replace('-', '_')}")
        if value:
            configuration.set("global", option, value)
    text = io.StringIO()
    configuration.write(text)
    return text.getvalue()


def certificate_files(environment: Mapping[str, str]) -> list[Path]:
    """The certificates that the machine trusts: their folder, and files named by variables."""
    names = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    folder = Path("/etc/ssl/certs")
    named = {Path(environment[name]) for name in names if environment.get(name)}
    elsewhere = sorted(path for path in named if folder not in path.parents)
    return [path for path in (folder, *elsewhere) if path.exists()]
