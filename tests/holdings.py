"""What a namespace holds after a story, in words that are the same whenever it is told."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Document = dict[str, Any]

_DROPPED = frozenset(
    {
        *("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"),
        *("observedGeneration", "clusterIP", "clusterIPs", "activeDeadlineSeconds"),
        "uncountedTerminatedPods",
    }
)
_WORDS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "TIME"),
    (r"\d{8}T\d{6}\.\d+Z", "RELEASE"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r'(nonce\\*":\\*")[0-9a-f]{16}', r"\1NONCE"),
    (r'(deadlineSeconds\\*":)\d+', r"\1SECONDS"),
)


def held(namespace: str, items: Iterable[Document], events: Iterable[Document]) -> dict[str, Any]:
    """Return the objects by kind and name, without identities and times, and what was told."""
    documents = list(items)
    words = words_of(namespace, (d for d in documents if d["kind"] == "ReplicaSet"))
    found: dict[str, Any] = {}
    for item in documents:
        if item["kind"] != "Pod":
            document = json.loads(words(json.dumps(_pruned(item))))
            found[f"{document['kind']}/{document['metadata']['name']}"] = document
    owners = Counter(words(_owner(item)) for item in documents if item["kind"] == "Pod")
    return found | {"pods by owner": dict(owners), "events": told(events)}


def words_of(namespace: str, replica_sets: Iterable[Document]) -> Callable[[str], str]:
    """Return what replaces all that differs from run to run: namespace, hashes, identities, times.

    A revision's hash becomes its version in capitals.
    """
    names = {namespace: "NAMESPACE"}
    for item in replica_sets:
        written = json.loads(item["metadata"]["annotations"]["modelward.dev/input"])
        revision = item["metadata"]["labels"]["modelward.dev/revision"]
        names[revision] = written["model"]["version"].upper()

    def replaced(text: str) -> str:
        for name, word in names.items():
            text = text.replace(name, word)
        for pattern, word in _WORDS:
            text = re.sub(pattern, word, text)
        return text

    return replaced


def told(events: Iterable[Document]) -> Mapping[str, int]:
    """Count the operator's Events by what they are about and their reason."""
    return Counter(
        f"{event['regarding']['kind']} {event['reason']}"
        for event in events
        if event.get("reportingController", "").startswith("modelward")
    )


def _pruned(value: object) -> object:
    if isinstance(value, dict):
        return {key: _pruned(each) for key, each in value.items() if key not in _DROPPED}
    return [_pruned(each) for each in value] if isinstance(value, list) else value


def _owner(document: Document) -> str:
    owner = document["metadata"]["ownerReferences"][0]
    return f"{owner['kind']}/{owner['name']}"
