"""Fail where a generated file differs from what the code generates now."""

import filecmp
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from modelward.api import crd
from modelward.benchmark import schemas
from tests.delivery import argocd_files
from tools import chart

PROJECT = Path(__file__).resolve().parents[2]

GENERATORS: dict[str, Callable[[Path], None]] = {
    "crds": crd.main,
    "docs/contract": schemas.main,
    "charts/modelward": chart.generate,
    "manifests/gitops/argocd": argocd_files.generate,
    "manifests/release": chart.generate_release,
}
"""Folder of the project -> what writes its files into a folder."""

WRITTEN_BY_HAND = frozenset(
    {
        *("Kustomization", "health.lua", "discovery.lua", "action.lua"),
        *("values.yaml", "values.schema.json", "_helpers.tpl", "NOTES.txt", ".helmignore"),
    }
)
"""Names of files that a person writes beside generated ones."""


def differing(folder: Path, generate: Callable[[Path], None]) -> list[Path]:
    """Return the files that differ, are missing, or that nothing generates any more."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        made = set(_files(Path(fresh)))
        names = made | {name for name in _files(folder) if Path(name).name not in WRITTEN_BY_HAND}
        _, changed, missing = filecmp.cmpfiles(folder, fresh, sorted(names), shallow=False)
        return [folder / name for name in (*changed, *missing)]


def _files(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


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
