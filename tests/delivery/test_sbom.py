"""The bill of materials: it lists what is locked, and every licence may be passed on."""

import json
import re
from pathlib import Path

import pytest

from modelward import __version__
from modelward.writes import Document
from tools import sbom

LOCK = Path(__file__).parents[2] / "requirements" / "operator.txt"
PERMISSIVE = frozenset(
    {
        *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"),
        *("PSF-2.0", "Python-2.0"),
        "MPL-2.0",  # certifi: its files stay under it, and we change none
    }
)
CLASSIFIED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Classifiers that are no SPDX identifiers."""
IN_ITS_OWN_WORDS = {"protobuf": {"BSD-3-Clause"}}
"""Packages whose metadata name a licence in words, which the bill drops."""


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Document:
    output = tmp_path_factory.mktemp("sbom") / "modelward.cdx.json"
    sbom.write(output)
    assert str(output.parent.parent) not in output.read_text()
    document: Document = json.loads(output.read_text())
    return document


def name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def test_it_is_about_this_version(bill: Document) -> None:
    about = bill["metadata"]["component"]
    assert (about["name"], about["version"]) == ("modelward", __version__)


def test_it_lists_the_locked_packages_and_nothing_else(bill: Document) -> None:
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK.read_text(), re.MULTILINE))
    listed = {name(each["name"]): each["version"] for each in bill["components"]}
    assert listed == {name(package): version for package, version in locked.items()}


def test_it_says_what_needs_what(bill: Document) -> None:
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert any("kopf" in need for need in needs["root-component"])


def test_every_package_may_be_passed_on(bill: Document) -> None:
    for component in bill["components"]:
        declared = licences(component) or IN_ITS_OWN_WORDS.get(component["name"], set())
        assert declared, component["name"]
        assert declared <= PERMISSIVE, component["name"]


def licences(component: Document) -> set[str]:
    """Return the SPDX identifiers that a package declares; all of an expression with AND."""
    found = set()
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name")
        found |= {CLASSIFIED.get(word, word) for word in text.split(" AND ")}
    return found
