"""The audit of rights: what was refused, and what is granted and never used."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.loglines import whole_lines
from tests.cluster.rights import Account, Right, refused, rights_of, unused

RULES = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list", "create"]},
    {"apiGroups": ["batch"], "resources": ["jobs/status"], "verbs": ["patch"]},
    {"apiGroups": ["batch"], "resources": ["jobs/finalizers"], "verbs": ["update"]},
]


NOT_FINALIZED = "refers to a resource you can't set finalizers on"


def entry(
    verb: str, group: str, resource: str, sub: str = "", code: int = 200, message: str = ""
) -> dict[str, Any]:
    decision = "forbid" if message.startswith("RBAC") else "allow"
    where = {"apiGroup": group, "resource": resource, "subresource": sub}
    return {
        "verb": verb,
        "requestURI": f"/{resource}",
        "objectRef": {name: value for name, value in where.items() if value},
        "responseStatus": {"code": code, "message": message},
        "annotations": {"authorization.k8s.io/decision": decision},
    }


DISCOVERY = {"verb": "get", "requestURI": "/apis", "responseStatus": {"code": 200}}
ALL_USED = [
    entry("get", "", "configmaps"),
    entry("list", "batch", "jobs"),
    entry("create", "batch", "jobs", code=409),
    entry("patch", "batch", "jobs", "status"),
    DISCOVERY,
]


def test_nothing_is_unused_when_each_verb_was_asked_for_at_least_once() -> None:
    assert unused(rights_of(RULES), ALL_USED) == []


@pytest.mark.parametrize("missing", range(4))
def test_a_right_that_no_request_needed_is_named(missing: int) -> None:
    told = [each for number, each in enumerate(ALL_USED) if number != missing]
    where = ALL_USED[missing]["objectRef"]
    resource = "/".join(filter(None, (where["resource"], where.get("subresource"))))
    expected = Right(where.get("apiGroup", ""), resource, ALL_USED[missing]["verb"])
    assert unused(rights_of(RULES), told) == [expected]


def test_a_request_that_was_refused_is_no_use_of_a_right() -> None:
    told = [*ALL_USED[1:], entry("get", "", "configmaps", code=403, message="RBAC: no")]
    assert unused(rights_of(RULES), told) == [Right("", "configmaps", "get")]


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        ("RBAC: configmaps is forbidden", True),
        (f"cannot set blockOwnerDeletion if an ownerReference {NOT_FINALIZED}: , <nil>", True),
        ("exceeded quota: none, requested: count/jobs.batch=1", False),
        ("unable to create new content in namespace ml because it is being terminated", False),
    ],
)  # fmt: skip
def test_a_403_is_a_refusal_where_it_is_about_rights(message: str, counts: bool) -> None:
    told = entry("create", "batch", "jobs", code=403, message=message)
    assert refused([*ALL_USED, told, told]) == [f"create /jobs: {message}"] * counts


def test_an_account_is_the_subject_of_bindings_that_name_it_and_its_namespace() -> None:
    account = Account("modelward-system", "modelward-operator")
    subject = {"kind": "ServiceAccount", "namespace": account.namespace, "name": account.name}
    assert account.is_subject({"subjects": [{"kind": "User", "name": "ada"}, subject]})
    assert not account.is_subject({"subjects": [subject | {"namespace": "other"}]})
    assert not account.is_subject({})


def test_a_line_of_the_log_that_is_being_written_is_read_once_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_text('{"a": 1}\n{"b": 2}\n{"c"')
    assert whole_lines(log) == [b'{"a": 1}', b'{"b": 2}']
    assert whole_lines(log, since=len('{"a": 1}\n')) == [b'{"b": 2}']
