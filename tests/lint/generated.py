"""Fail where a generated file differs from what the code generates now."""

import filecmp
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from modelward.api import crd
from modelward.benchmark import schemas
from modelward.cluster import reference
from tests.delivery import argocd_files
from tests.lint import kpis, messages, protocols, rights
from tools import chart

PROJECT = Path(__file__).resolve().parents[2]


def contract(folder: Path) -> None:
    """Write what others rely on: the result of a benchmark pod, and the metrics."""
    schemas.main(folder)
    reference.main(folder)


GENERATORS: dict[str, Callable[[Path], None]] = {
    "crds": crd.main,
    "docs/contract": contract,
    "charts/modelward": chart.generate,
    "manifests/gitops/argocd": argocd_files.generate,
    "manifests/release": chart.generate_release,
}
"""Folder of the project -> what writes its files into a folder."""

FILES: dict[str, Callable[[str], str]] = {
    "manifests/base/roles.yaml": lambda _: rights.manifest(),
    "docs/kpis.md": kpis.documented,
    "docs/protocols.md": protocols.documented,
    "docs/security.md": rights.documented,
    **messages.FILES,
}
"""File of the project -> what makes its text from the present one."""

WRITTEN_BY_HAND = frozenset(
    {
        *("Kustomization", "kustomization.yaml", "health.lua", "discovery.lua", "action.lua"),
        *("values.yaml", "values.schema.json", "_helpers.tpl", "NOTES.txt", ".helmignore"),
    }
)
"""Names of files that a person writes beside generated ones."""


def differing(folder: Path, generate: Callable[[Path], None]) -> list[Path]:
    """Return the files that differ, are missing, or that nothing generates any more."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        names = {*_files(Path(fresh)), *_by_machine(folder)}
        _, changed, missing = filecmp.cmpfiles(folder, fresh, sorted(names), shallow=False)
        return [folder / name for name in (*changed, *missing)]


def write(folder: Path, generate: Callable[[Path], None]) -> None:
    """Generate the folder's files anew; what nothing generates any more goes."""
    for name in _by_machine(folder):
        (folder / name).unlink()
    generate(folder)


def _by_machine(folder: Path) -> list[str]:
    return [name for name in _files(folder) if Path(name).name not in WRITTEN_BY_HAND]


def _files(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Compare all that is generated; 1 when something differs."""
    if sys.argv[1:] == ["--write"]:
        # Files first: the chart is made of some of them.
        for name, render in FILES.items():
            path = PROJECT / name
            path.write_text(render(path.read_text() if path.exists() else ""))
        for folder, generate in GENERATORS.items():
            write(PROJECT / folder, generate)
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
