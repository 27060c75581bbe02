"""What an image's key goes by, and what a build step is told about pip."""

from pathlib import Path

import pytest

from tests.cluster.images.content import content_key
from tests.cluster.images.ignore import IgnoreRules, context_files
from tests.cluster.images.pip_settings import certificate_files, pip_configuration
from tests.cluster.local.node_images import named
from tests.cluster.local.pause_image import pack


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("Dockerfile", "src/a.py", "src/deep/b.pyc", "notes.md"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".dockerignore").write_text("# what is not sent\n*.md\n**/*.pyc\n!keep.md\n")
    return tmp_path


@pytest.mark.parametrize(
    ("rules", "path", "ignored"),
    [
        ("*.md", "notes.md", True),
        ("*.md", "docs/notes.md", False),
        ("**/*.md", "docs/deep/notes.md", True),
        ("**/*.md", "notes.md", True),
        ("/.git", ".git/config", True),
        ("docs/", "docs/a/b", True),
        ("doc?", "docs", True),
        ("doc?", "docxx", False),
        ("[ab].txt", "a.txt", True),
        ("[ab].txt", "c.txt", False),
        ("a.b", "axb", False),
        ("*\n!operator", "operator/modelward/x.py", False),
        ("*\n!operator\n**/*.pyc", "operator/x.pyc", True),
        ("*\n!operator", "tests/x.py", True),
        ("", "anything", False),
    ],
)
def test_ignore_rules_match_as_docker_does(rules: str, path: str, ignored: bool) -> None:
    assert IgnoreRules.parse(rules).ignores(path) is ignored


def test_the_last_rule_that_matches_decides() -> None:
    assert not IgnoreRules.parse("docs\n!docs/keep.md").ignores("docs/keep.md")
    assert IgnoreRules.parse("!docs/keep.md\ndocs").ignores("docs/keep.md")


def test_a_context_is_listed_without_what_is_ignored(context: Path) -> None:
    (context / "src" / "keep.md").touch()
    rules = IgnoreRules.parse((context / ".dockerignore").read_text())
    listed = [str(path.relative_to(context)) for path in context_files(context, rules)]
    assert listed == [".dockerignore", "Dockerfile", "src/a.py", "src/keep.md"]


def key(context: Path, **build_args: str) -> str:
    return content_key(context, context / "Dockerfile", build_args, "builder")


def test_a_key_stays_when_only_ignored_files_change(context: Path) -> None:
    before = key(context)
    (context / "notes.md").write_text("changed")
    (context / "src" / "deep" / "b.pyc").unlink()
    assert key(context) == before


def test_a_key_changes_with_content_name_mode_and_arguments(context: Path) -> None:
    keys = [key(context), key(context, VERSION="1"), key(context, VERSION="2")]
    (context / "src" / "a.py").chmod(0o755)
    keys.append(key(context))
    (context / "src" / "a.py").write_text("changed")
    keys.append(key(context))
    (context / "src" / "a.py").rename(context / "src" / "c.py")
    keys.append(key(context))
    keys.append(content_key(context, context / "Dockerfile", {}, "another builder"))
    assert len(set(keys)) == len(keys)


def test_a_dockerfile_brings_its_own_ignore_file(context: Path) -> None:
    (context / "Dockerfile.dockerignore").write_text("src\n")
    before = key(context)
    (context / "src" / "a.py").write_text("ignored now")
    assert key(context) == before
    (context / "notes.md").write_text("counts now")
    assert key(context) != before


def test_build_steps_see_the_machines_settings_for_pip(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\ncert = /a.crt\ntimeout = 3\n")
    environment = {"PIP_TIMEOUT": "180", "PIP_FIND_LINKS": "/a/folder", "PIP_INDEX_URL": "x%y"}
    text = pip_configuration(file, environment)
    assert [line for line in text.splitlines() if line] == [
        "[global]",
        "cert = /a.crt",
        "timeout = 180",
        "index-url = x%y",
    ]


def test_without_settings_on_the_machine_pips_own_defaults_hold(tmp_path: Path) -> None:
    assert pip_configuration(tmp_path / "none", {}).split() == ["[global]"]


def test_a_certificate_file_elsewhere_is_shown_to_build_steps_too(tmp_path: Path) -> None:
    own = tmp_path / "own.crt"
    own.touch()
    files = certificate_files({"PIP_CERT": str(own), "SSL_CERT_FILE": str(tmp_path / "none")})
    assert own in files
    assert tmp_path / "none" not in files


LISTING = """\
REF                         TYPE  DIGEST    SIZE  PLATFORMS   LABELS
reg.example/lib/app:dev     t     sha256:1  1 MiB linux/amd64 a=1
reg.example/lib/myapp:dev   t     sha256:2  1 MiB linux/amd64 a=2
reg.example/lib/app:latest  t     sha256:3  1 MiB linux/amd64 a=3
"""


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("app:dev", {"reg.example/lib/app:dev": "a=1"}),
        ("app", {"reg.example/lib/app:latest": "a=3"}),
    ],
)
def test_a_short_name_means_the_image_with_that_whole_name(
    reference: str, found: dict[str, str]
) -> None:
    assert named(reference, LISTING) == found


def test_packing_the_pause_image_twice_gives_the_same_bytes() -> None:
    assert pack(b"program", "a/b:1") == pack(b"program", "a/b:1")
