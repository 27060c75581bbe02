"""Pods that somebody puts in the place of benchmark pods."""

import copy
from pathlib import Path

from tests.e2e.stage import Document

FORGER = (Path(__file__).parent / "forger.py").read_text()


def forged_pod(job: Document, name: str, *, with_labels: bool) -> Document:
    """A pod that says it is the Job's, with all or with only the Job controller's labels."""
    template = copy.deepcopy(job["spec"]["template"])
    metadata, labels = template["metadata"], template["metadata"]["labels"]
    metadata["name"] = name
    if not with_labels:
        metadata["labels"] = {key: labels[key] for key in labels if "modelward" not in key}
    metadata["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"]}
    owner |= {"uid": job["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    metadata["ownerReferences"] = [owner]
    template["spec"]["containers"][0]["command"] = ["python", "-c", FORGER]
    return {"apiVersion": "v1", "kind": "Pod", **template}
