"""The roles for people, and the component that keeps their duties apart."""

import json
import time
from collections.abc import Iterator

import pytest

from modelward.writes import Document
from tests.apiserver.manifests import applied, with_components
from tests.apiserver.samples import deployment, serving
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

TEAM = "people"
PEOPLE = {
    "vera": "modelward-viewer",
    "dan": "modelward-data-scientist",
    "olga": "modelward-release-operator",
}
PROMOTE = {"metadata": {"annotations": {"modelward.dev/promote": "x7f9k2m4q1/1"}}}
SPEC = {"spec": {"serving": serving("2")}}
ANYTHING = {"metadata": {"annotations": {"example.com/note": "seen"}}}


@pytest.fixture(scope="module")
def team(served: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A namespace in which each person has one role, without the component."""
    folder = with_components(tmp_path_factory.mktemp("people"), "cluster-wide", "people")
    with applied(served, folder):
        served.kubectl("create", "namespace", TEAM)
        for person, role in PEOPLE.items():
            named = (f"--clusterrole={role}", f"--user={person}")
            served.kubectl("create", "rolebinding", person, *named, "-n", TEAM)
            until_allowed(served, person, "get", "modeldeployments.modelward.dev")
        yield served
        served.kubectl("delete", "modeldeployments", "--all", "-n", TEAM)


@pytest.fixture(scope="module")
def separated(team: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The same with the component separate-duties, once the API server heeds it."""
    components = ("people", "separate-duties")
    folder = tmp_path_factory.mktemp("separated")
    team.kubectl(
        "apply", "--server-side", "-k", str(with_components(folder, "cluster-wide", *components))
    )
    deadline = time.monotonic() + 60
    born = deployment(TEAM, "too-early")
    born["metadata"] |= PROMOTE["metadata"]
    while "may be set only by" not in (refusal := attempt(team, "dan", "create", born)):
        assert refusal == ""
        team.kubectl("delete", "modeldeployment", "too-early", "-n", TEAM)
        assert time.monotonic() < deadline, "the policy is not in force"
    yield team
    kind = "validatingadmissionpolicybinding"
    team.kubectl("delete", kind, "modelward-separate-duties")


def until_allowed(cluster: Cluster, person: str, verb: str, resource: str) -> None:
    """Wait until the API server knows of a fresh binding, which it does a moment later."""
    deadline = time.monotonic() + 60
    asked = ("auth", "can-i", verb, resource, f"--as={person}", "-n", TEAM)
    while cluster.kubectl(*asked, check=False).returncode != 0:
        assert time.monotonic() < deadline, f"{person} may not {verb} {resource}"


def attempt(cluster: Cluster, person: str, verb: str, document: Document, *more: str) -> str:
    """Do something as a person; what the API server says against it, empty if nothing."""
    named = document | {"apiVersion": "modelward.dev/v1alpha1", "kind": "ModelDeployment"}
    groups = (f"--as={person}", "--as-group=system:authenticated")
    arguments = (verb, "-n", TEAM, *groups, *more, "-f", "-")
    result = cluster.kubectl(*arguments, stdin=json.dumps(named), check=False)
    assert (result.returncode == 0) == (not result.stderr), result.stderr
    return result.stderr


def changed(cluster: Cluster, person: str, change: Document) -> str:
    """Patch the team's ModelDeployment as a person."""
    patch = ("--type=merge", f"--patch={json.dumps(change)}")
    return attempt(cluster, person, "patch", deployment(TEAM), *patch)


@pytest.fixture(scope="module")
def declared(separated: Cluster) -> Cluster:
    """The team's ModelDeployment, as its data scientist made it."""
    assert attempt(separated, "dan", "apply", deployment(TEAM), "--server-side") == ""
    return separated


@pytest.mark.parametrize(
    ("person", "verb", "resource", "allowed"),
    [
        ("vera", "get", "modeldeployments", True),
        ("vera", "watch", "benchmarkruns", True),
        ("vera", "patch", "modeldeployments", False),
        ("vera", "get", "secrets", False),
        ("dan", "create", "modeldeployments", True),
        ("dan", "delete", "benchmarkruns", True),
        ("dan", "patch", "modeldeployments/scale", True),
        ("dan", "patch", "modeldeployments/status", False),
        ("dan", "promote", "modeldeployments", False),
        ("dan", "get", "secrets", False),
        ("dan", "create", "pods", False),
        ("olga", "patch", "modeldeployments", True),
        ("olga", "promote", "modeldeployments", True),
        ("olga", "create", "modeldeployments", False),
        ("olga", "delete", "modeldeployments", False),
        ("olga", "delete", "benchmarkruns", False),
        ("olga", "update", "modeldeployments/spec", False),
    ],
)
def test_what_a_person_may(
    team: Cluster, person: str, verb: str, resource: str, allowed: bool
) -> None:
    name, _, sub = resource.partition("/")
    group = "modelward.dev" if name in {"modeldeployments", "benchmarkruns"} else ""
    what = f"{name}.{group}" if group else name
    asked = ("auth", "can-i", verb, what, f"--as={person}", "-n", TEAM)
    answer = team.kubectl(*asked, *([f"--subresource={sub}"] if sub else []), check=False)
    assert answer.stdout.strip() == ("yes" if allowed else "no"), answer.stderr


def test_a_data_scientist_changes_spec_and_acts_on_no_release(declared: Cluster) -> None:
    assert changed(declared, "dan", SPEC) == ""
    assert changed(declared, "dan", ANYTHING) == ""
    refusal = changed(declared, "dan", PROMOTE)
    assert "modelward.dev/promote may be set only by who may promote modeldeployments" in refusal
    assert "role modelward-release-operator" in refusal


def test_an_operator_of_releases_acts_on_them_and_changes_no_spec(declared: Cluster) -> None:
    for verb in ("promote", "abort", "retry"):
        annotation = {f"modelward.dev/{verb}": "x7f9k2m4q1/1"}
        assert changed(declared, "olga", {"metadata": {"annotations": annotation}}) == ""
    refusal = changed(declared, "olga", {"spec": {"serving": serving("4")}} | PROMOTE)
    assert "spec may be changed only by who may update modeldeployments/spec" in refusal
    assert "role modelward-data-scientist" in refusal


def test_a_verb_is_neither_taken_back_nor_given_at_birth_by_others(declared: Cluster) -> None:
    assert changed(declared, "olga", PROMOTE) == ""
    taken = {"metadata": {"annotations": {"modelward.dev/promote": None}}}
    assert "modelward.dev/promote may be set only" in changed(declared, "dan", taken)
    born = deployment(TEAM, "another")
    born["metadata"] |= PROMOTE["metadata"]
    assert "modelward.dev/promote may be set only" in attempt(declared, "dan", "create", born)


def test_who_has_both_roles_does_both_in_one_request(declared: Cluster) -> None:
    for role in ("modelward-data-scientist", "modelward-release-operator"):
        named = (f"--clusterrole={role}", "--user=both")
        declared.kubectl("create", "rolebinding", f"both-{role}", *named, "-n", TEAM)
    until_allowed(declared, "both", "promote", "modeldeployments.modelward.dev")
    assert changed(declared, "both", {"spec": {"serving": serving("3")}} | PROMOTE) == ""


def test_a_viewer_changes_nothing(declared: Cluster) -> None:
    for change in (SPEC, PROMOTE, ANYTHING):
        assert 'User "vera" cannot patch' in changed(declared, "vera", change)
