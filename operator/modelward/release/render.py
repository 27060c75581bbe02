"""The documents of a revision's children. Rendered once, at creation; never again."""

import copy
import json
from typing import Any

from modelward.api.base import API_VERSION
from modelward.api.benchmarkrun import (
    Baseline,
    BenchmarkRunSpec,
    RunDataset,
    RunJudgement,
    Subject,
)
from modelward.api.kpi import applicable, in_benchmark, live
from modelward.api.live import LiveStep
from modelward.api.modeldeployment import Kpi, Model, ModelDeployment, Serving
from modelward.api.names import MANAGED, NAME, RELEASE, REVISION
from modelward.api.values import format_decimal
from modelward.judge.declared import Alphas
from modelward.protocols import PROTOCOLS
from modelward.protocols.base import Asked
from modelward.release.memory import HASH_VERSION_KEY, INPUT_KEY, Memory
from modelward.release.revisions import HASH_VERSION, revision_input
from modelward.release.situation import Actor, Situation
from modelward.release.snapshot import RootService
from modelward.writes import Document

PRE_STOP_SECONDS = 5
"""Ending pods answer on while kube-proxy and clients learn that they are gone."""


def owner(api_version: str, kind: str, name: str, uid: str) -> list[Document]:
    """Return ownerReferences that let the garbage collector clean up, and name the controller."""
    return [
        {
            "apiVersion": api_version,
            "kind": kind,
            "name": name,
            "uid": uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def owned_by_deployment(deployment: ModelDeployment) -> list[Document]:
    """Return ownerReferences to the ModelDeployment."""
    meta = deployment.metadata
    return owner(API_VERSION, "ModelDeployment", meta.name, meta.uid)


def owned_by_revision(actor: Actor) -> list[Document]:
    """Return ownerReferences to the revision's ReplicaSet: its evidence goes when it goes."""
    return owner("apps/v1", "ReplicaSet", actor.revision.name, actor.revision.uid)


def named(
    deployment: ModelDeployment, api_version: str, kind: str, name: str, uid: str
) -> Document:
    """Return the beginning of an Apply to a child; its uid keeps it from hitting another's."""
    metadata = {"name": name, "namespace": deployment.metadata.namespace, "uid": uid}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def replica_set(deployment: ModelDeployment, revision: str, memory: Memory) -> Document:
    """Return the ReplicaSet of a new revision, with one pod that no user reaches yet."""
    meta, labels = deployment.metadata, revision_labels(deployment, revision)
    born_with = {HASH_VERSION_KEY: HASH_VERSION, INPUT_KEY: revision_input(deployment.spec)}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta.name}-{revision}",
            "namespace": meta.namespace,
            "labels": labels,
            "annotations": memory.to_annotations() | born_with,
            "ownerReferences": owned_by_deployment(deployment),
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {NAME: meta.name, REVISION: revision}},
            "template": pod_template(deployment, labels),
        },
    }


def revision_labels(deployment: ModelDeployment, revision: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a revision."""
    return {MANAGED: "true", NAME: deployment.metadata.name, REVISION: revision}


def pod_template(deployment: ModelDeployment, labels: dict[str, str]) -> Document:
    """Return the user's template with our labels, and what the serving container lacks."""
    template = copy.deepcopy(deployment.spec.serving.template)
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    container = template["spec"]["containers"][0]
    container.setdefault("readinessProbe", readiness_probe(deployment))
    lifecycle = container.setdefault("lifecycle", {})
    lifecycle.setdefault("preStop", {"sleep": {"seconds": PRE_STOP_SECONDS}})
    return template


def readiness_probe(deployment: ModelDeployment) -> Document:
    """Return a probe for a template without one: the model's own readiness where it has one."""
    serving = deployment.spec.serving
    protocol = PROTOCOLS[serving.spoken]
    path = protocol.ready_path(Asked(model_name(deployment), protocol.told(serving.said)))
    check: Document = {"tcpSocket": {"port": serving.port}}
    if path:
        check = {"httpGet": {"path": path, "port": serving.port}}
    return check | {"periodSeconds": 1, "failureThreshold": 2}


def model_name(deployment: ModelDeployment) -> str:
    """Return the model's name as its server knows it."""
    model = deployment.spec.model
    return (model and model.name) or deployment.metadata.name


def service(deployment: ModelDeployment, name: str, labels: dict[str, str]) -> Document:
    """Return a Service with the one port of a model; whose it is and whom it selects is to add."""
    port = deployment.spec.serving.port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": deployment.metadata.namespace, "labels": labels},
        "spec": {"ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}]},
    }


def root_service(deployment: ModelDeployment, root: RootService) -> Document:
    """Return the Service for callers, as it is first made."""
    name = deployment.metadata.name
    document = service(deployment, name, {MANAGED: "true", NAME: name})
    document["metadata"]["annotations"] = dict(root.annotations)
    document["metadata"]["ownerReferences"] = owned_by_deployment(deployment)
    document["spec"]["selector"] = dict(root.selector)
    return document


def revision_service(deployment: ModelDeployment, actor: Actor) -> Document:
    """Return the revision's own Service: what benchmarks ask, whomever users reach."""
    labels = revision_labels(deployment, actor.hash)
    document = service(deployment, actor.revision.name, labels)
    document["metadata"]["ownerReferences"] = owned_by_revision(actor)
    document["spec"]["selector"] = {NAME: deployment.metadata.name, REVISION: actor.hash}
    return document


def benchmark_run(
    situation: Situation,
    actor: Actor,
    number: int,
    up_to: str,
    *,
    continues: str | None = None,
    copy: str | None = None,
    live_step: LiveStep | None = None,
) -> Document:
    """Return the BenchmarkRun that judges a revision in its present step.

    `continues` is the run that it goes on from, `copy` the Service of the closed copy of stable
    that it is compared with, where there is one; with `live_step` it measures users' requests.
    """
    deployment = situation.deployment
    labels = {NAME: deployment.metadata.name, REVISION: actor.hash}
    labels[RELEASE] = actor.memory.release
    return {
        "apiVersion": API_VERSION,
        "kind": "BenchmarkRun",
        "metadata": {
            "name": f"{actor.revision.name}-{number}",
            "namespace": deployment.metadata.namespace,
            "labels": labels,
            "ownerReferences": owned_by_revision(actor),
        },
        "spec": _run_spec(
            situation, actor, up_to, continues=continues, copy=copy, live_step=live_step
        ).to_wire(),
    }


def _run_spec(
    situation: Situation,
    actor: Actor,
    up_to: str,
    *,
    continues: str | None,
    copy: str | None,
    live_step: LiveStep | None,
) -> BenchmarkRunSpec:
    deployment, spec, stable = situation.deployment, situation.spec, situation.stable
    measured = live(spec.kpis) if live_step else in_benchmark(spec.kpis)
    compared = stable is not None and any(kpi.objective.versus for kpi in measured)
    digests: dict[str, Any] = {
        name: state.sha256 for name, state in (situation.snapshot.datasets or {}).items()
    }
    return BenchmarkRunSpec(
        model_deployment=deployment.metadata.name,
        continues=continues,
        subject=_subject(deployment, actor),
        baseline=_baseline(deployment, stable, copy) if stable and compared else None,
        datasets=[
            RunDataset.model_validate(dataset.to_wire() | {"sha256": digests[dataset.name]})
            for dataset in spec.datasets
        ],
        load=spec.load,
        jobs=[] if live_step else spec.jobs,
        kpis=measured,
        judgement=shared_judgement(
            judged_in_release(spec.kpis, has_baseline=stable is not None),
            spec.judgement.false_promotion,
            spec.judgement.false_rollback,
        ),
        up_to=up_to,
        pod=spec.benchmark_pod,
        live=live_step,
    )


def judged_in_release(kpis: list[Kpi], *, has_baseline: bool) -> list[Kpi]:
    """Return the KPIs that share the error probabilities: all but what a first version lacks."""
    found = applicable(kpis, has_baseline=has_baseline)
    return found if has_baseline else in_benchmark(found)


def _baseline(deployment: ModelDeployment, stable: Actor, copy: str | None) -> Baseline:
    """Return where stable is asked: its own pods, which serve users, or its copy."""
    serving = Baseline(**_subject(deployment, stable).model_dump())
    if copy is None:
        return serving
    return serving.model_copy(update={"service": copy, "closed": True})


def _subject(deployment: ModelDeployment, actor: Actor) -> Subject:
    """Return where a revision answers, as it was rendered: spec may describe another one by now."""
    written = as_remembered(deployment, actor)
    return Subject(
        revision=actor.hash,
        service=actor.revision.name,
        port=written.spec.serving.port,
        protocol=written.spec.serving.spoken,
        model_name=model_name(written),
        **written.spec.serving.said,
    )


def as_remembered(deployment: ModelDeployment, actor: Actor) -> ModelDeployment:
    """Return the deployment with the model and serving that a revision was rendered from."""
    written = json.loads(actor.revision.annotations.get(INPUT_KEY) or "{}")
    if not written:
        return deployment
    serving = Serving.model_validate(written["serving"])
    model = Model.model_validate(written["model"]) if written.get("model") else None
    spec = deployment.spec.model_copy(update={"serving": serving, "model": model})
    return deployment.model_copy(update={"spec": spec})


def shared_judgement(kpis: list[Kpi], false_promotion: str, false_rollback: str) -> RunJudgement:
    """Share the error probabilities among the gates, as a BenchmarkRun writes them."""
    each = Alphas.parsed(false_promotion, false_rollback).shared(kpis)
    return RunJudgement(
        false_promotion=format_decimal(each.false_promotion, digits=12),
        false_rollback=format_decimal(each.false_rollback, digits=12),
    )
