"""What a namespace holds after a story, in words that are the same whenever it is told."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.stage import Document, Stage

KINDS = ("mdep", "replicasets", "services", "benchmarkruns", "jobs", "pods")
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


def holdings(stage: Stage) -> dict[str, Any]:
    """Return the objects by kind and name, without identities and times."""
    items = stage.get(",".join(KINDS))["items"]
    words = words_of(stage)
    held: dict[str, Any] = {}
    for item in items:
        if item["kind"] != "Pod":
            document = json.loads(words(json.dumps(_pruned(item))))
            held[f"{document['kind']}/{document['metadata']['name']}"] = document
    owners = Counter(words(_owner(item)) for item in items if item["kind"] == "Pod")
    return held | {"pods by owner": dict(owners), "events": events(stage)}


def words_of(stage: Stage) -> Callable[[str], str]:
    """Return what replaces all that differs from run to run: namespace, hashes, identities, times.

    A revision's hash becomes its version in capitals.
    """
    names = {stage.namespace: "NAMESPACE"}
    for item in stage.get("replicasets")["items"]:
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


def events(stage: Stage) -> Mapping[str, int]:
    """Count the operator's Events by what they are about and their reason."""
    found = stage.get("events.events.k8s.io")["items"]
    return Counter(
        f"{event['regarding']['kind']} {event['reason']}"
        for event in found
        if event.get("reportingController", "").startswith("modelward")
    )


def _pruned(value: object) -> object:
    if isinstance(value, dict):
        return {key: _pruned(each) for key, each in value.items() if key not in _DROPPED}
    return [_pruned(each) for each in value] if isinstance(value, list) else value


def _owner(document: Document) -> str:
    owner = document["metadata"]["ownerReferences"][0]
    return f"{owner['kind']}/{owner['name']}"
