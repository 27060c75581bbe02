"""docs/troubleshooting.md: what it quotes is what `kubectl describe` printed in a test.

A test hands over what a deployment says of a trouble; the document's section of that title must
quote it. With MODELWARD_WRITE_DOCS=1 the quotation is written instead.
"""

import os
import re
from threading import Lock

from tests.e2e.stage import NAME, PROJECT, Stage

DOCUMENT = PROJECT / "docs" / "troubleshooting.md"
WRITE = "MODELWARD_WRITE_DOCS"

_ONE_WRITER = Lock()
"""Stories are told at the same time."""
_ID = "[bcdfghjklmnpqrstvwxz2456789]"
_WORDS = (
    (rf"{NAME}-{_ID}{{10}}((?:-\d+)*(?:-base)?)-{_ID}{{5}}\b", rf"{NAME}-<revision>\1-<pod>"),
    (rf"\b{_ID}{{10}}\b", "<revision>"),
    (r"(ErrImagePull: ).*?( Revision <revision> serves on\.)", r"\1<the registry's answer>.\2"),
    (r"\b[\d.]+% on \d+ requests", "<value> on <n> requests"),
    (r"\b[\d.]+% on \d+ (rows.*) answered \d+ of 20 ", r"<value> on <n> \1 answered <m> of 20 "),
    (r"so that the \d+ of (\S+) count as \d+ ", r"so that the <n> of \1 count as <m> "),
    (r"story-\d+-\d+", "ml"),
    (r'"uid":"[0-9a-f-]{36}"', '"uid":"<uid>"'),
)


def quote(stage: Stage, kind: str = "mdep", name: str = NAME) -> str:
    """Return the lines of `kubectl describe` that say how an object is."""
    described = stage.kubectl("describe", kind, name).partition("\nStatus:\n")[2]
    lines = re.findall(r"^  ((?:Phase|Verdict|Message): .*)$", described, re.MULTILINE)
    return plain("\n".join(sorted(lines, reverse=True)))


def quote_event(stage: Stage, reason: str, words: str) -> str:
    """Return the Event with these words as `kubectl describe` prints it, without age and source."""
    events = stage.kubectl("describe", "mdep", NAME).partition("\nEvents:\n")[2]
    pattern = rf"^  (\w+) +({reason}) +\S+(?: \(.*?\))? +\S+ +(\S.*{words}.*)$"
    found = re.findall(pattern, events, re.MULTILINE)
    assert found, events
    return plain("  ".join(found[0]))


def plain(text: str) -> str:
    """Replace what is another each time."""
    for pattern, word in _WORDS:
        text = re.sub(pattern, word, text)
    return re.sub(r": {2,}", ": ", text)


def assert_documented(title: str, quotation: str) -> None:
    """Demand that the section quotes this; or write it there."""
    with _ONE_WRITER:
        text = DOCUMENT.read_text()
        heading = f"\n## {title}\n"
        assert heading in text, f"docs/troubleshooting.md has no section {title!r}"
        before, _, after = text.partition(heading)
        match = re.search(r"```text\n(.*?)\n```", after, re.DOTALL)
        assert match, f"section {title!r} has no block of text"
        if os.environ.get(WRITE):
            after = after[: match.start(1)] + quotation + after[match.end(1) :]
            DOCUMENT.write_text(before + heading + after)
        else:
            hint = f"{WRITE}=1 writes it into docs/troubleshooting.md"
            assert match[1] == quotation, hint
