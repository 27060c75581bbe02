"""Which files of a build context count: the rules of .dockerignore."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IgnoreRules:
    """Patterns in their order: the last one that matches a path, or a folder above it, decides."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...]

    @classmethod
    def parse(cls, text: str) -> "IgnoreRules":
        """Read a .dockerignore file."""
        patterns = []
        for line in text.splitlines():
            pattern = line.strip()
            if not pattern or pattern.startswith("#"):
                continue
            includes = pattern.startswith("!")
            pattern = pattern.lstrip("!").strip().strip("/").removeprefix("./")
            patterns.append((_expression(pattern), includes))
        return cls(tuple(patterns))

    def ignores(self, path: str) -> bool:
        """Whether the file at `path`, relative to the context, is left out."""
        ignored = False
        for pattern, includes in self.patterns:
            if pattern.fullmatch(path):
                ignored = not includes
        return ignored


def context_files(context: Path, rules: IgnoreRules) -> Iterator[Path]:
    """The files of a build context that are not ignored, in a stable order."""
    has_exceptions = any(includes for _, includes in rules.patterns)
    for entry in sorted(context.iterdir()):
        yield from _walk(entry, context, rules, has_exceptions)


def _walk(entry: Path, context: Path, rules: IgnoreRules, has_exceptions: bool) -> Iterator[Path]:
    ignored = rules.ignores(str(entry.relative_to(context)))
    if entry.is_dir() and not entry.is_symlink():
        if not ignored or has_exceptions:
            for child in sorted(entry.iterdir()):
                yield from _walk(child, context, rules, has_exceptions)
    elif not ignored:
        yield entry


def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern of .dockerignore as a regular expression; it covers all below a folder too."""
    if pattern == ".":
        return re.compile(".*")
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|\\.|.", pattern)
    expression = "".join(
        parts.get(token) or (token if token.startswith("[") else re.escape(token.lstrip("\\")))
        for token in tokens
    )
    return re.compile(f"{expression}(?:/.*)?", re.DOTALL)
