"""Which kind of cluster is used, and how kustomize is told the operator's image."""

import pytest

from tests.cluster.choice import Choice, NoClusterError, choose
from tests.cluster.install import image, renamed

NOT_ROOT = "a bare node needs root"
WHY_LOCAL = "this is Linux, and root; MODELWARD_PROVIDER=kind would use Docker"


@pytest.mark.parametrize(
    ("forced", "hindrance", "docker", "expected"),
    [
        ("", "", False, Choice("local", WHY_LOCAL)),
        ("", "", True, Choice("local", WHY_LOCAL)),
        ("", NOT_ROOT, True, Choice("kind", f"{NOT_ROOT}, but a Docker daemon answers")),
        ("kind", "", True, Choice("kind", "MODELWARD_PROVIDER says so")),
        ("kind", "", False, Choice("kind", "MODELWARD_PROVIDER says so")),
        ("local", NOT_ROOT, True, Choice("local", "MODELWARD_PROVIDER says so")),
        ("kubeconfig", "", True, Choice("kubeconfig", "MODELWARD_PROVIDER says so")),
    ],
)
def test_a_provider_is_chosen_and_says_why(
    forced: str, hindrance: str, docker: bool, expected: Choice
) -> None:
    assert choose(forced, hindrance, docker) == expected
    assert str(expected) == f"Clusters by provider {expected.name}: {expected.why}."


@pytest.mark.parametrize(
    ("forced", "hindrance", "docker", "said"),
    [
        ("", NOT_ROOT, False, f"{NOT_ROOT}, and no Docker daemon answers. Use root, start Docker"),
        ("minikube", "", True, "MODELWARD_PROVIDER=minikube: there is no such provider"),
    ],
)
def test_where_there_is_no_way_it_is_said_what_would_help(
    forced: str, hindrance: str, docker: bool, said: str
) -> None:
    with pytest.raises(NoClusterError, match=said):
        choose(forced, hindrance, docker)


@pytest.mark.parametrize(
    ("named", "registry", "expected"),
    [
        ("", "", "modelward:dev"),
        ("", "registry.example.com/ml", "registry.example.com/ml/modelward:dev"),
        ("other:1", "", "other:1"),
        ("other:1", "registry.example.com/ml", "other:1"),
    ],
)
def test_pods_name_the_image_that_was_built_or_that_is_named(
    named: str, registry: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWARD_IMAGE", named)
    monkeypatch.setenv("MODELWARD_REGISTRY", registry)
    assert image() == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("modelward:dev", {"newName": "modelward", "newTag": "dev"}),
        ("localhost:5000/modelward:1.2", {"newName": "localhost:5000/modelward", "newTag": "1.2"}),
        ("localhost:5000/modelward", {"newName": "localhost:5000/modelward"}),
        ("modelward", {"newName": "modelward"}),
        ("ghcr.io/x/m@sha256:ab", {"newName": "ghcr.io/x/m", "digest": "sha256:ab"}),
    ],
)
def test_an_image_is_told_to_kustomize_by_its_parts(
    reference: str, expected: dict[str, str]
) -> None:
    assert renamed(reference) == expected
