"""What a service account may do, what it did, and what it was refused.

Granted is what the cluster's roles say; done and refused is what the API server's audit log says.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.loglines import end_of, whole_lines
from tests.cluster.provider import Cluster

Document = dict[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a resource, wherever."""

    group: str
    resource: str
    """With its subresource, if any: `modeldeployments/status`."""
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {'.'.join(filter(None, (self.resource, self.group)))}"


@dataclass(frozen=True)
class Account:
    """A service account."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """How the API server names it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def is_subject(self, binding: Document) -> bool:
        """Whether a binding names it."""
        mine = ("ServiceAccount", self.namespace, self.name)
        return any(
            (each["kind"], each.get("namespace"), each["name"]) == mine
            for each in binding.get("subjects", ())
        )


def account_kubeconfig(cluster: Cluster, account: Account, path: Path) -> Path:
    """Write a kubeconfig of the service account, with a token for twelve hours; its path."""
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json").stdout)
    request = ("create", "token", account.name, "-n", account.namespace, "--duration=12h")
    token = cluster.kubectl(*request).stdout.strip()
    for user in config["users"]:
        user["user"] = {"token": token}
    # Replaced as a whole: another operator may be reading it.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(config))
    draft.replace(path)
    return path


class AuditLog:
    """The part of an audit log that is written from now on, or from an earlier size on."""

    def __init__(self, path: Path, since: int | None = None) -> None:
        self._path = path
        self._offset = end_of(path) if since is None else since

    def requests(self) -> list[Document]:
        """Return everybody's requests. A watch is among them once it has ended."""
        return [json.loads(line) for line in whole_lines(self._path, self._offset)]

    def entries(self, account: Account) -> list[Document]:
        """Return the requests of an account. A watch is among them once it has ended."""
        lines = whole_lines(self._path, self._offset)
        mine = (line for line in lines if account.user.encode() in line)
        entries: Iterator[Document] = map(json.loads, mine)
        return [entry for entry in entries if entry["user"]["username"] == account.user]


def granted(cluster: Cluster, account: Account) -> frozenset[Right]:
    """Return the rights of all roles that are bound to an account."""
    kinds = "clusterroles,roles,clusterrolebindings,rolebindings"
    listed = cluster.kubectl("get", kinds, "--all-namespaces", "-o", "json").stdout
    items: list[Document] = json.loads(listed)["items"]
    roles = {_place(item, item["kind"], item["metadata"]["name"]): item for item in items}
    bound = (
        roles[_place(item, item["roleRef"]["kind"], item["roleRef"]["name"])]
        for item in items
        if item["kind"].endswith("Binding") and account.is_subject(item)
    )
    return frozenset(right for role in bound for right in rights_of(role["rules"]))


def rights_of(rules: Iterable[Document]) -> Iterator[Right]:
    """Return what the rules of a role grant, one by one."""
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield Right(group, resource, verb)


def unused(granted: Iterable[Right], entries: Iterable[Document]) -> list[Right]:
    """Return the rights that no request made use of.

    Those on finalizers subresources are left out: admission asks for them, and its questions are
    in no audit log.
    """
    used = {right for entry in entries if (right := _right(entry)) and not _is_refusal(entry)}
    return sorted(r for r in set(granted) - used if not r.resource.endswith("/finalizers"))


def refused(entries: Iterable[Document]) -> list[str]:
    """Return the requests that the account had no right to, each once.

    A 403 of another kind (a quota, a namespace that is being deleted) is not about rights.
    """
    found = {
        f"{entry['verb']} {entry['requestURI']}: {entry['responseStatus'].get('message', '')}"
        for entry in entries
        if _is_refusal(entry)
    }
    return sorted(found)


def _is_refusal(entry: Document) -> bool:
    decision = entry.get("annotations", {}).get("authorization.k8s.io/decision")
    message = entry["responseStatus"].get("message", "")
    # OwnerReferencesPermissionEnforcement refuses by admission what the account may not finalize.
    return decision == "forbid" or "you can't set finalizers on" in message


def _right(entry: Document) -> Right | None:
    where = entry.get("objectRef")
    if where is None:
        return None  # discovery
    resource = "/".join(filter(None, (where["resource"], where.get("subresource"))))
    return Right(where.get("apiGroup", ""), resource, entry["verb"])


def _place(item: Document, kind: str, name: str) -> tuple[str, str, str]:
    """Key a role: a ClusterRole by its name, a Role by its namespace, too."""
    namespace = item["metadata"].get("namespace", "") if kind == "Role" else ""
    return kind, namespace, name
