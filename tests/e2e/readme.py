"""README.md: the commands of a section, and what it says that they print.

With MODELWARD_WRITE_DOCS=1 the section is written with what they printed.
"""

import re
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "README.md"

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ .*$", re.MULTILINE)
_AGE = re.compile(r"\b(?:\d+[dhms])+(?=   |$)", re.MULTILINE)


def section(title: str) -> str:
    """Return what stands under a heading, up to the next one."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## )", _text(), re.MULTILINE | re.DOTALL)
    assert match, f"{DOCUMENT.name} has no section {title!r}"
    return match[1]


def performed(text: str, run: Callable[[str], str]) -> str:
    """Return the text with what its commands print now, each run in its turn."""

    def block(match: re.Match[str]) -> str:
        commands = _COMMAND.findall(match[0])
        return "".join(f"{command}\n{run(command[2:])}" for command in commands)

    return _BLOCK.sub(block, text)


def write(before: str, after: str) -> None:
    """Replace a section."""
    DOCUMENT.write_text(_text().replace(before, after))


def plain(text: str) -> str:
    """Replace what is another each time: ages, and the widths of columns that depend on them.

    Also what kubectl says since 1.34 only: which namespace it deletes from.
    """
    aged = re.sub(r" {2,}", "  ", _AGE.sub("<age>", text))
    return re.sub(r" deleted from \S+ namespace$", " deleted", aged, flags=re.MULTILINE)


def _text() -> str:
    return DOCUMENT.read_text()
