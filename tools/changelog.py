"""What CHANGELOG.md says of the present version: `python -m tools.changelog` prints it.

`make lint` runs it, so that a version can't be without an entry; the release workflow makes the
release's text of it, and asks by --released that the entry has a date.
"""

import argparse
import re
import sys
from pathlib import Path

from modelward import __version__

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"
_HEADING = re.compile(r"^## \[(?P<version>[^]]+)\](?: - (?P<date>\S+))?$", re.MULTILINE)


class MissingEntryError(ValueError):
    """CHANGELOG.md lacks what a version needs."""


def entry(text: str, version: str, *, released: bool = False) -> str:
    """Return the entry of a version without its heading.

    Raises MissingEntryError where it is not the latest one, is empty, or, with `released`, has no
    date.
    """
    headings = [*_HEADING.finditer(text)]
    latest = next((each for each in headings if each["version"] != "Unreleased"), None)
    if latest is None or latest["version"] != version:
        raise MissingEntryError(f"the latest entry is not that of {version}: add '## [{version}]'")
    if released and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", latest["date"] or ""):
        raise MissingEntryError(
            f"the entry of {version} has no date: '## [{version}] - 2026-01-31'"
        )
    after = headings[headings.index(latest) + 1 :]
    content = text[latest.end() : after[0].start() if after else len(text)].strip()
    if not content:
        raise MissingEntryError(f"the entry of {version} is empty")
    return content


def main() -> int:
    """Print the entry; 1 when there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--released", action="store_true", help="ask for a date")
    options = parser.parse_args()
    try:
        print(entry(CHANGELOG.read_text(), __version__, released=options.released))
    except MissingEntryError as error:
        print(f"CHANGELOG.md: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
