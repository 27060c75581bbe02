"""What names a revision, and what names the requirements it was judged by."""

import hashlib
import json
from collections.abc import Mapping

from modelward.api.base import ApiModel
from modelward.api.modeldeployment import ModelDeploymentSpec
from modelward.release.snapshot import DatasetState

HASH_VERSION = "1"
"""Version of the algorithm below, kept with each revision. Golden values in the tests pin it."""

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Alphabet of Kubernetes' own pod-template hashes: no vowels, so no words, and no look-alikes."""


def revision_input(spec: ModelDeploymentSpec) -> str:
    """Return the canonical JSON of what the user wrote about the model and how it is served.

    Keys are sorted and null members left out, so that a field which is merely known to a newer
    schema changes no hash.
    """
    parts = spec.model_dump(
        mode="json", by_alias=True, exclude_none=True, include={"model", "serving"}
    )
    return canonical(parts)


def revision_hash(spec: ModelDeploymentSpec) -> str:
    """Return the ten characters that name the revision which the spec asks for."""
    return short_hash(revision_input(spec))


def kpis_hash(spec: ModelDeploymentSpec, datasets: Mapping[str, DatasetState]) -> str:
    """Return what names the requirements: gates and judgement, then the data sets' contents.

    The two parts are joined by a dot; the first alone tells whether someone changed the KPIs.
    """
    contents = {
        dataset.name: [
            dataset.prediction,
            datasets[dataset.name].sha256,
            # Left out where there is nothing to say: fields that come later change no hash.
            *([dataset.reading] if dataset.reading else []),
        ]
        for dataset in spec.datasets
        if dataset.name in datasets
    }
    return f"{gates_hash(spec)}.{short_hash(canonical(contents))}"


def gates_hash(spec: ModelDeploymentSpec) -> str:
    """Return what names the gates and the judgement, whatever the data sets hold.

    Members that equal their default are left out: a default that a later schema adds, and that the
    API server then fills in, is no change of anybody's mind.
    """
    gates = [_without_defaults(kpi) for kpi in spec.kpis if kpi.effect == "gate"]
    named = {kpi.job.name for kpi in spec.kpis if kpi.effect == "gate" and kpi.job}
    jobs = [_without_defaults(job, "up_to") for job in spec.jobs if job.name in named]
    asked = {"gates": gates, "judgement": _without_defaults(spec.judgement)}
    return short_hash(canonical(asked | ({"jobs": jobs} if jobs else {})))


def _without_defaults(model: ApiModel, *less: str) -> object:
    """Return a model's members; those named in `less` say how it is measured, not what is."""
    return model.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True, exclude=set(less)
    )


def canonical(value: object) -> str:
    """Return JSON with sorted keys, without spaces and without null members."""
    return json.dumps(_without_nulls(value), sort_keys=True, separators=(",", ":"))


def short_hash(text: str) -> str:
    """Return the first ten characters of the text's sha256 in Kubernetes' hash alphabet."""
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
