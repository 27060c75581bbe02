"""What the cache of binaries goes by, and how far a build is."""

import shutil
from pathlib import Path

import pytest

from tests.cluster import paths
from tests.cluster.local import build
from tests.cluster.local.build import GoOutput, Module

GO = "go1.26.0"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "go"
    shutil.copytree(Path(build.__file__).parents[1] / "go", copy)
    monkeypatch.setattr(build, "_MODULES", copy)
    return copy


def test_a_key_stays_while_nothing_changes(modules: Path) -> None:
    (modules / "coredns" / "README.md").write_text("not built")
    assert Module("coredns").key(GO) == Module("coredns").key(GO)


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go", "another.go"])
def test_a_key_changes_with_every_file_that_is_built(modules: Path, file: str) -> None:
    before = Module("coredns").key(GO)
    with (modules / "coredns" / file).open("a") as source:
        source.write("// changed\n")
    assert Module("coredns").key(GO) != before


@pytest.mark.usefixtures("modules")
def test_a_key_changes_with_go_and_with_the_target() -> None:
    before = Module("etcd", "tool").key(GO)
    assert Module("etcd", "tool").key("go1.27.0") != before
    assert Module("etcd", ".").key(GO) != before


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(paths, "cache", lambda *_: folder)
    monkeypatch.setattr(build, "go_version", lambda: GO)
    return folder


def programs(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]


def test_an_interrupted_build_leaves_nothing_that_is_taken_for_a_whole(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Module, output: Path) -> None:
        (output / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build.binaries(with_node=False)
    assert all(name.startswith(".") for name in programs(cache))

    monkeypatch.setattr(build, "_build", lambda _, output: (output / "whole").touch())
    built = build.binaries(with_node=False)
    assert sorted(programs(cache)) == sorted(folder.name for folder in built.folders.values())
    assert all(programs(folder) == ["whole"] for folder in built.folders.values())


@pytest.mark.usefixtures("cache")
def test_what_is_in_the_cache_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(build, "_build", lambda module, _: built.append(module.name))
    build.binaries(with_node=True)
    build.binaries(with_node=True)
    assert sorted(built) == ["coredns", "etcd", "kubernetes", "pause"]


def test_kubernetes_is_told_its_version() -> None:
    flags = " ".join(Module("kubernetes", "tool").flags)
    assert "-X k8s.io/component-base/version.gitMajor=1" in flags
    assert "-X k8s.io/client-go/pkg/version.gitVersion=v1." in flags


def test_modules_fetched_and_packages_compiled_are_counted() -> None:
    fetching = GoOutput(total=0)
    fetching.take("go: downloading k8s.io/api v0.36.3")
    assert fetching.take("stale") == "1 modules fetched"
    compiling = GoOutput(total=3)
    compiling.take("k8s.io/api/core/v1")
    compiling.take("# k8s.io/api/core/v1")
    assert compiling.take("internal/abi") == "2 of 3 packages"


def test_no_more_packages_than_there_are_are_reported() -> None:
    compiling = GoOutput(total=1)
    compiling.take("a/b")
    assert compiling.take("c/d") == "1 of 1 packages"
