"""Fail for Python files of 300 lines or more and functions of 40 lines or more.

Ruff counts statements, not lines; a page that must be scrolled is what we want to avoid.
A function's docstring and decorators do not count.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 40
ROOTS = ("operator", "tests", "examples", "benchmarks", "tools")


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from `def` to the end, without the docstring."""
    first, *rest = node.body
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    skipped = (first.end_lineno or 0) - first.lineno + 1 if documented and rest else 0
    return (node.end_lineno or 0) - node.lineno + 1 - skipped


def complaints(path: Path) -> Iterator[str]:
    """Yield a sentence for everything in the file that is too long."""
    text = path.read_text()
    lines = text.count("\n")
    if lines >= FILE_LINES:
        yield f"{path}: {lines} lines, {FILE_LINES} or more; give a part of it a room of its own"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = body_length(node)
            if length >= FUNCTION_LINES:
                where = f"{path}:{node.lineno}: {node.name}"
                yield f"{where} has {length} lines, {FUNCTION_LINES} or more"


def main() -> int:
    """Check every Python file below the roots; 1 when something is too long."""
    found = [c for root in ROOTS for p in sorted(Path(root).rglob("*.py")) for c in complaints(p)]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
