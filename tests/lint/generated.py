"""Fail where a generated file differs from what the code generates now."""

import filecmp
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from modelward.api import crd
from modelward.benchmark import schemas
from tests.delivery import argocd_files

PROJECT = Path(__file__).resolve().parents[2]

GENERATORS: dict[str, Callable[[Path], None]] = {
    "crds": crd.main,
    "docs/contract": schemas.main,
    "manifests/gitops/argocd": argocd_files.generate,
}
"""Folder of the project -> what writes its files into a folder."""

WRITTEN_BY_HAND = frozenset({"Kustomization", "kustomization.yaml"})
LANGUAGES_WRITTEN_BY_HAND = frozenset({".lua"})


def differing(folder: Path, generate: Callable[[Path], None]) -> list[Path]:
    """Return the files that differ, are missing, or that nothing generates any more."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        names = {*_files(Path(fresh)), *_files(folder)}
        _, changed, missing = filecmp.cmpfiles(folder, fresh, sorted(names), shallow=False)
        return [folder / name for name in (*changed, *missing)]


def _files(folder: Path) -> Iterator[str]:
    """Name the files below a folder, but for those that a person writes."""
    for path in folder.rglob("*"):
        by_hand = path.name in WRITTEN_BY_HAND or path.suffix in LANGUAGES_WRITTEN_BY_HAND
        if path.is_file() and not by_hand:
            yield str(path.relative_to(folder))


def main() -> int:
    """Compare all generated folders; 1 when something differs."""
    if sys.argv[1:] == ["--write"]:
        for folder, generate in GENERATORS.items():
            generate(PROJECT / folder)
        return 0
    found = [
        path
        for folder, generate in GENERATORS.items()
        for path in differing(PROJECT / folder, generate)
    ]
    for path in found:
        print(f"{path.relative_to(PROJECT)} is not what the code generates: run make generate")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
