"""Plant each mutant in a copy of the operator and see that its unit tests notice.

A patch begins with one line that says what it breaks, and one that names the tests to run:

    # An Inconclusive run passes its step as a Pass does.
    # tests: tests/unit/test_release_stories.py
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
COPIED = (
    *("operator", "tests/unit", "tests/cluster"),
    *("tests/__init__.py", "tests/conftest.py", "tests/scraped.py"),
)
SETTINGS = "pyproject.toml"
TIME_OUT_SECONDS = 240
"""Of the tests of one mutant."""
ALL_TIME_OUT_SECONDS = 1200
"""Of the tests of all mutants, which show that nothing fails without one."""
PYTEST_FOUND_FAILURES = 1
"""pytest's exit code for failed tests; others mean that it could not run them."""

Outcome = Literal["killed", "survived", "does not apply", "tests do not run"]


@dataclass(frozen=True)
class Mutant:
    """A patch against the operator, and the tests that must notice it."""

    patch: Path
    what: str
    tests: tuple[str, ...]


def read(patch: Path) -> Mutant:
    """Read a patch's two lines of heading; raises ValueError where they are missing."""
    what, tests, *_ = patch.read_text().splitlines()
    if not what.startswith("# ") or not tests.startswith("# tests: "):
        raise ValueError(f"{patch.name} lacks its heading: '# what it breaks', '# tests: ...'")
    return Mutant(patch, what.removeprefix("# "), tuple(tests.removeprefix("# tests: ").split()))


def copy_into(place: Path) -> None:
    """Copy what unit tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
    shutil.copy(ROOT / SETTINGS, place / SETTINGS)
    for name in COPIED:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=ignored)
        else:
            shutil.copy(ROOT / name, target)


def applies(patch: Path, place: Path) -> bool:
    """Apply a patch exactly; tell whether it fitted."""
    # A repository around the temporary directory would make git apply skip everything, silently.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(place.parent)}
    command = ["git", "apply", str(patch)]
    return subprocess.run(command, cwd=place, env=environment, check=False).returncode == 0


def tested(place: Path, arguments: Iterable[str], seconds: float) -> int:
    """Run tests in a copy, up to the first failure; return pytest's exit code.

    Tests that hang notice the mutant, too.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "operator:."},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return PYTEST_FOUND_FAILURES
    return done.returncode


def fate(mutant: Mutant) -> Outcome:
    """Plant one mutant and say what became of it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        place = Path(directory)
        copy_into(place)
        if not applies(mutant.patch, place):
            return "does not apply"
        match tested(place, mutant.tests, TIME_OUT_SECONDS):
            case 0:
                return "survived"
            case code if code == PYTEST_FOUND_FAILURES:
                return "killed"
            case _:
                return "tests do not run"


def unharmed_passes(mutants: Iterable[Mutant]) -> bool:
    """Tell whether the tests pass without any mutant; otherwise nothing is shown by a failure."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with tempfile.TemporaryDirectory(prefix="unharmed-") as directory:
        copy_into(Path(directory))
        return tested(Path(directory), ("-n", "auto", *tests), ALL_TIME_OUT_SECONDS) == 0


def main() -> int:
    """Plant the mutants and report; return 0 when every one of them was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="patches to plant, without .patch; default: all")
    names = parser.parse_args().names
    mutants = [read(patch) for patch in sorted(Path(__file__).parent.glob("*.patch"))]
    chosen = [mutant for mutant in mutants if not names or mutant.patch.stem in names]
    if not chosen:
        print(f"No mutant has this name; there are: {', '.join(m.patch.stem for m in mutants)}")
        return 1
    if not unharmed_passes(chosen):
        print("The tests fail without any mutant: mend that first.")
        return 1
    killed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for mutant, outcome in zip(chosen, pool.map(fate, chosen), strict=True):
            killed += outcome == "killed"
            print(f"{outcome:<16} {mutant.patch.stem}: {mutant.what}")
    print(f"killed {killed} of {len(chosen)}")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
