"""A BenchmarkRun of a file, measured from here: what is asked, and the rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunSpec, Subject
from modelward.api.kpi import Dataset, applicable, benchmarked
from modelward.api.modeldeployment import ModelDeployment
from modelward.cli.inputs import Documents, InputError, read_measurable, why
from modelward.release.render import model_name, protocol, shared_judgement
from modelward.release.revisions import revision_hash

STABLE = "stable"
"""What names the revision that --baseline asks; its own hash is not known here."""


@dataclass(frozen=True)
class Local:
    """What is measured from here."""

    run: BenchmarkRun
    rows: Mapping[str, bytes]
    """Content of each data set by its name."""
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
    if compared and not any(kpi.objective.versus for kpi in found.spec.kpis):
        raise InputError(
            "--baseline: no KPI is versus: stable, so that nothing is compared with it"
        )
    rows = {name: _rows(data, documents, files) for name, data in declared.items()}
    if isinstance(found, BenchmarkRun):
        spec = _spec_of_run(found, compared)
        name, namespace = found.metadata.name, found.metadata.namespace
    else:
        spec = _spec_of_deployment(found, rows, compared)
        name = f"{found.metadata.name or 'model'}-{spec.subject.revision}-local"
        namespace = found.metadata.namespace
    metadata = {"name": name, "namespace": namespace, "uid": "local"}
    document = {"metadata": metadata, "spec": spec.to_wire()}
    return Local(BenchmarkRun.model_validate(document), rows, left_out)


def dataset_files(options: list[str]) -> dict[str, Path]:
    """Return the files that --dataset NAME=FILE names. Raises InputError."""
    files = {}
    for option in options:
        name, equals, path = option.partition("=")
        if not (name and equals and path):
            raise InputError(f"--dataset {option}: say NAME=FILE, such as golden=rows.jsonl")
        files[name] = Path(path)
    return files


def _rows(data: Dataset, documents: Documents, files: Mapping[str, Path]) -> bytes:
    path = files.get(data.name)
    if path:
        try:
            return path.read_bytes()
        except OSError as error:
            raise InputError(
                f"--dataset {data.name}: {path} can't be read: {why(error)}"
            ) from error
    for each in documents.of_kind("ConfigMap"):
        content = (each.get("data") or {}).get(data.config_map.key)
        if each.get("metadata", {}).get("name") == data.config_map.name and content is not None:
            return str(content).encode()
    raise InputError(
        f"data set {data.name}: ConfigMap {data.config_map.name} with key {data.config_map.key} is "
        f"not in {documents.where}: say --dataset {data.name}=FILE"
    )


def _spec_of_run(run: BenchmarkRun, compared: bool) -> BenchmarkRunSpec:
    """Return a run's spec, without the evidence of an earlier one: that lies in the cluster."""
    baseline = (run.spec.baseline or _stable(run.spec.subject)) if compared else None
    changes: dict[str, Any] = {"continues": None, "baseline": baseline, "jobs": []}
    changes["kpis"] = benchmarked(run.spec.kpis)
    return run.spec.model_copy(update=changes)


def _spec_of_deployment(
    deployment: ModelDeployment, rows: Mapping[str, bytes], compared: bool
) -> BenchmarkRunSpec:
    """Return what the operator would ask in the first benchmark step."""
    spec = deployment.spec
    subject = Subject(
        revision=revision_hash(spec),
        service=deployment.metadata.name or "model",
        port=spec.serving.port,
        protocol=protocol(deployment),
        model_name=model_name(deployment),
        path=spec.serving.http.path if spec.serving.http else None,
    )
    steps = [step.benchmark for step in spec.rollout.steps if step.benchmark]
    document: dict[str, Any] = {
        "modelDeployment": deployment.metadata.name or None,
        "subject": subject,
        "baseline": _stable(subject) if compared else None,
        "datasets": [
            data.to_wire() | {"sha256": hashlib.sha256(rows[data.name]).hexdigest()}
            for data in spec.datasets
        ],
        "load": spec.load,
        "kpis": benchmarked(spec.kpis),
        "judgement": shared_judgement(
            applicable(spec.kpis, has_baseline=compared),
            spec.judgement.false_promotion,
            spec.judgement.false_rollback,
        ),
    }
    if steps:
        document["upTo"] = steps[0].up_to
    return BenchmarkRunSpec.model_validate(document)


def _stable(subject: Subject) -> Subject:
    return subject.model_copy(update={"revision": STABLE})
