"""A BenchmarkRun of a file, measured from here: what is asked, and the rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelward.api.benchmarkrun import (
    Baseline,
    BenchmarkRun,
    BenchmarkRunSpec,
    RunDataset,
    Subject,
)
from modelward.api.datasets import Dataset
from modelward.api.kpi import Kpi, benchmarked, needs_copy
from modelward.api.modeldeployment import ModelDeployment
from modelward.cli.inputs import Documents, InputError, read_measurable, why
from modelward.release.render import judged_in_release, model_name, shared_judgement
from modelward.release.revisions import revision_hash
from modelward.runner.files import Given

STABLE = "stable"
"""What names the revision that --baseline asks; its own hash is not known here."""


@dataclass(frozen=True)
class Local:
    """What is measured from here."""

    run: BenchmarkRun
    given: Given
    """The data sets that are at hand; the others are fetched."""
    left_out: tuple[str, ...]
    """KPIs that only a cluster can measure."""


def local_run(documents: Documents, files: Mapping[str, Path], *, compared: bool) -> Local:
    """Return what is measured for the one resource in a file.

    `files` are data sets by name, `compared` says whether there is a stable version to ask.
    Raises InputError.
    """
    found = read_measurable(documents)
    declared = {data.name: data for data in found.spec.datasets}
    for name in files.keys() - declared.keys():
        known = ", ".join(sorted(declared))
        raise InputError(f"--dataset {name}: there is no such data set, only {known}")
    left_out = tuple(kpi.name for kpi in found.spec.kpis if kpi.benchmark_source is None)
    if len(left_out) == len(found.spec.kpis):
        raise InputError(
            "spec.kpis: none is measured by a benchmark, which is all that is run here"
        )
    if compared and not any(kpi.objective.versus for kpi in benchmarked(found.spec.kpis)):
        raise InputError(
            "--baseline: no KPI with a benchmark is versus: stable, so that nothing is compared"
        )
    found_rows = {name: _rows(data, documents, files) for name, data in declared.items()}
    given = {name: rows for name, rows in found_rows.items() if rows is not None}
    if isinstance(found, BenchmarkRun):
        spec = _spec_of_run(found, compared)
        name, namespace = found.metadata.name, found.metadata.namespace
    else:
        spec = _spec_of_deployment(found, given, compared)
        name = f"{found.metadata.name or 'model'}-{spec.subject.revision}-local"
        namespace = found.metadata.namespace
    metadata = {"name": name, "namespace": namespace, "uid": "local"}
    document = {"metadata": metadata, "spec": spec.to_wire()}
    return Local(BenchmarkRun.model_validate(document), given, left_out)


def dataset_files(options: list[str]) -> dict[str, Path]:
    """Return the files that --dataset NAME=FILE names. Raises InputError."""
    files = {}
    for option in options:
        name, equals, path = option.partition("=")
        if not (name and equals and path):
            raise InputError(f"--dataset {option}: say NAME=FILE, such as golden=rows.jsonl")
        files[name] = Path(path)
    return files


def _rows(
    data: Dataset | RunDataset, documents: Documents, files: Mapping[str, Path]
) -> bytes | Path | None:
    """Return where the rows of a data set are, or what they are; None where they are fetched."""
    path = files.get(data.name)
    if path:
        return _readable(path, f"--dataset {data.name}")
    if data.uri:
        return None
    missing = "a claim of the cluster is not at hand here"
    if data.config_map:
        for each in documents.of_kind("ConfigMap"):
            content = (each.get("data") or {}).get(data.config_map.key)
            if each.get("metadata", {}).get("name") == data.config_map.name and content is not None:
                return str(content).encode()
        missing = (
            f"ConfigMap {data.config_map.name} with key {data.config_map.key} is not in "
            f"{documents.where}"
        )
    raise InputError(f"data set {data.name}: {missing}: say --dataset {data.name}=FILE")


def _readable(path: Path, option: str) -> Path:
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{option}: {path} can't be read: {why(error)}") from error
    return path


def _pinned(data: Dataset, given: Given) -> RunDataset:
    """Return a data set with the digest that it declares, or else that of what is at hand."""
    digest, rows = data.sha256, given.get(data.name)
    if digest is None and rows is None:
        raise InputError(f"data set {data.name}: say the sha256 of the file behind its uri")
    if digest is None and rows is not None:
        content = rows if isinstance(rows, bytes) else rows.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
    return RunDataset.model_validate(data.to_wire() | {"sha256": digest})


def _spec_of_run(run: BenchmarkRun, compared: bool) -> BenchmarkRunSpec:
    """Return a run's spec, without the evidence of an earlier one: that lies in the cluster."""
    stable = run.spec.baseline or _stable(run.spec.subject, run.spec.kpis)
    baseline = stable if compared else None
    changes: dict[str, Any] = {"continues": None, "baseline": baseline, "jobs": []}
    changes["kpis"] = benchmarked(run.spec.kpis)
    return run.spec.model_copy(update=changes)


def _spec_of_deployment(
    deployment: ModelDeployment, given: Given, compared: bool
) -> BenchmarkRunSpec:
    """Return what the operator would ask in the first benchmark step."""
    spec = deployment.spec
    subject = Subject(
        revision=revision_hash(spec),
        service=deployment.metadata.name or "model",
        port=spec.serving.port,
        protocol=spec.serving.spoken,
        model_name=model_name(deployment),
        **spec.serving.said,
    )
    steps = [step.benchmark for step in spec.rollout.steps if step.benchmark]
    document: dict[str, Any] = {
        "modelDeployment": deployment.metadata.name or None,
        "subject": subject,
        "baseline": _stable(subject, spec.kpis) if compared else None,
        "datasets": [_pinned(data, given) for data in spec.datasets],
        "load": spec.load,
        "kpis": benchmarked(spec.kpis),
        "judgement": shared_judgement(
            judged_in_release(spec.kpis, has_baseline=compared),
            spec.judgement.false_promotion,
            spec.judgement.false_rollback,
        ),
    }
    if steps:
        document["upTo"] = steps[0].up_to
    return BenchmarkRunSpec.model_validate(document)


def _stable(subject: Subject, kpis: list[Kpi]) -> Baseline:
    """Return what --baseline asks: as a copy of stable is asked, where KPIs need one."""
    closed = True if any(map(needs_copy, benchmarked(kpis))) else None
    return Baseline.model_validate(subject.to_wire() | {"revision": STABLE, "closed": closed})
