"""Fail where a generated file differs from what the code generates now."""

import filecmp
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from modelward.api import crd
from modelward.benchmark import schemas
from tests.lint import rights

PROJECT = Path(__file__).resolve().parents[2]

GENERATORS: dict[str, Callable[[Path], None]] = {
    "crds": crd.main,
    "docs/contract": schemas.main,
}
"""Folder of the project -> what writes its files into a folder."""

FILES: dict[str, Callable[[str], str]] = {
    "manifests/base/roles.yaml": lambda _: rights.manifest(),
    "docs/security.md": rights.documented,
}
"""File of the project -> what makes its text from the present one."""

WRITTEN_BY_HAND = frozenset({"Kustomization", "kustomization.yaml"})


def differing(folder: Path, generate: Callable[[Path], None]) -> list[Path]:
    """Return the files that differ, are missing, or that nothing generates any more."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        names = {path.name for path in Path(fresh).iterdir()}
        names |= {path.name for path in folder.iterdir()} - WRITTEN_BY_HAND
        _, changed, missing = filecmp.cmpfiles(folder, fresh, sorted(names), shallow=False)
        return [folder / name for name in (*changed, *missing)]


def write() -> None:
    """Generate everything anew."""
    for folder, generate in GENERATORS.items():
        generate(PROJECT / folder)
    for name, render in FILES.items():
        path = PROJECT / name
        path.write_text(render(path.read_text()))


def main() -> int:
    """Compare all that is generated; 1 when something differs."""
    if sys.argv[1:] == ["--write"]:
        write()
        return 0
    found = [
        path
        for folder, generate in GENERATORS.items()
        for path in differing(PROJECT / folder, generate)
    ]
    texts = {PROJECT / name: render for name, render in FILES.items()}
    found += [
        path for path, render in texts.items() if render(path.read_text()) != path.read_text()
    ]
    for path in found:
        print(f"{path.relative_to(PROJECT)} is not what the code generates: run make generate")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
