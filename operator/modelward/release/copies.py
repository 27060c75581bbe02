"""The closed copy of stable that a candidate is compared with during its benchmark.

Stable's own pods are busy with users, so that their latency says little. So for as long as a
benchmark compares with a copy, one more pod of stable's revision runs beside the candidate's one:
a ReplicaSet and a Service of their own, rendered from what stable's ReplicaSet remembers of spec.

No user reaches it, because its pods lack the label that the root Service selects in every state,
and so do status.selector, autoscalers and disruption budgets that select what serves. It belongs to
the candidate's ReplicaSet and is named after the run: it goes when either is over, whoever is
killed meanwhile, and a later one never meets the name of one that is going.
"""

from collections.abc import Iterator
from datetime import datetime

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.kpi import needs_copy
from modelward.api.names import COPY, COPY_FOR, COPY_OF, MANAGED
from modelward.release import render, steps
from modelward.release.memory import INPUT_KEY, Memory
from modelward.release.problems import problem, stuck_since
from modelward.release.situation import Actor, Situation, run_number
from modelward.writes import Apply, Create, Delete, Document, Write

_SUFFIX = "-base"


def next_run_number(situation: Situation, candidate: Actor) -> int:
    """Return the number of the candidate's next BenchmarkRun."""
    runs = situation.snapshot.runs
    names = [run.metadata.name for run in runs if run.spec.subject.revision == candidate.hash]
    return max(run_number(name) for name in (*names, candidate.memory.continues)) + 1


def wanted(situation: Situation) -> str | None:
    """Return the name of the copy that the present step needs; None where it needs none.

    It is there before its run begins, and goes when the run has finished.
    """
    candidate, stable = situation.candidate, situation.stable
    if candidate is None or stable is None or not _measures(candidate):
        return None
    run = _run(situation, candidate)
    if run is None:
        number = next_run_number(situation, candidate)
        needed = any(needs_copy(kpi) for kpi in situation.spec.kpis)
        return f"{candidate.revision.name}-{number}{_SUFFIX}" if needed else None
    baseline = run.spec.baseline
    on_copy = baseline is not None and baseline.closed and run.status.phase != "Finished"
    return baseline.service if baseline and on_copy else None


def _measures(candidate: Actor) -> bool:
    step, remembered = steps.present(candidate.memory), candidate.memory
    decided = remembered.verdict or remembered.passed_by_hand
    return step is not None and step.benchmark is not None and not decided


def _run(situation: Situation, candidate: Actor) -> BenchmarkRun | None:
    """Return the run of the present step, once it has begun."""
    for run in situation.runs_of(candidate)[-1:]:
        if run_number(run.metadata.name) > run_number(candidate.memory.continues):
            return run
    return None


def present(situation: Situation) -> Actor | None:
    """Return the copy that the present step needs, if it is there."""
    name, stable = wanted(situation), situation.stable
    for copy in situation.snapshot.copies:
        if stable and (copy.name, copy.hash) == (name, stable.hash):
            return Actor(copy, Memory(role="stable"))
    return None


def is_ready(situation: Situation) -> bool:
    """Tell whether the next run has what it is compared with: one pod and its Service."""
    if wanted(situation) is None:
        return True
    copy = present(situation)
    if copy is None or copy.revision.service_uid is None:
        return False
    pods = situation.pods(copy)
    return pods.present == pods.available == 1


def missing_since(situation: Situation) -> datetime | None:
    """Return since when a run that has not begun waits for the copy; None where none does."""
    candidate, copy = situation.candidate, present(situation)
    if candidate is None or is_ready(situation) or _run(situation, candidate):
        return None
    since = candidate.memory.step_since
    stuck = stuck_since(copy) if copy else None
    return max(since, stuck) if since and stuck else since


def trouble(situation: Situation) -> str:
    """Say what keeps the copy from being ready, in the cluster's words; empty if nothing does."""
    stable, copy = situation.stable, present(situation)
    if stable is None or missing_since(situation) is None:
        return ""
    if not _is_known(stable):
        return (
            f"no copy of stable can be made, because ReplicaSet {stable.revision.name} lost its "
            f"annotation {INPUT_KEY}"
        )
    if copy is None or stuck_since(copy) is None:
        return "the copy of stable that it is compared with is not there yet"
    return f"the copy of stable that it is compared with is not ready: {problem(copy).message}"


def hindrance(situation: Situation) -> str:
    """Say the same where it is more than that a pod takes its time to start."""
    stable, copy = situation.stable, present(situation)
    lost = stable is not None and not _is_known(stable)
    refused = copy is not None and copy.revision.failure is not None
    stuck = copy is not None and any(pod.problem for pod in copy.living)
    return trouble(situation) if lost or refused or stuck else ""


def _is_known(stable: Actor) -> bool:
    """Tell whether it is remembered how stable was rendered; spec describes another revision."""
    return bool(stable.revision.annotations.get(INPUT_KEY))


def writes(situation: Situation) -> Iterator[Write]:
    """Return what makes the copy that is needed, and ends those that are not."""
    name, stable = wanted(situation), situation.stable
    for copy in situation.snapshot.copies:
        if stable is None or (copy.name, copy.hash) != (name, stable.hash):
            namespace = situation.deployment.metadata.namespace
            yield Delete("apps/v1", "ReplicaSet", namespace, copy.name, copy.uid)
    candidate, copy_there = situation.candidate, present(situation)
    if name is None or candidate is None or stable is None or not candidate.revision.uid:
        return
    if copy_there is None:
        if _is_known(stable) and not situation.spec.paused:
            yield Create(_replica_set(situation, candidate, stable, name))
        return
    if copy_there.revision.service_uid is None:
        yield Create(_service(situation, copy_there))
    if copy_there.revision.desired != 1:
        there = copy_there.revision
        body = render.named(situation.deployment, "apps/v1", "ReplicaSet", there.name, there.uid)
        yield Apply(body | {"spec": {"replicas": 1}})


def _labels(situation: Situation, stable: str, name: str) -> dict[str, str]:
    """Return the copy's labels: never those of serving pods, or users would reach it."""
    deployment = situation.deployment.metadata.name
    return {MANAGED: "true", COPY: name, COPY_FOR: deployment, COPY_OF: stable}


def _replica_set(situation: Situation, candidate: Actor, stable: Actor, name: str) -> Document:
    made_of = render.as_remembered(situation.deployment, stable)
    labels = _labels(situation, stable.hash, name)
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": situation.deployment.metadata.namespace,
            "labels": labels,
            "ownerReferences": render.owned_by_revision(candidate),
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {COPY: name}},
            "template": render.pod_template(made_of, labels),
        },
    }


def _service(situation: Situation, copy: Actor) -> Document:
    name = copy.revision.name
    document = render.service(situation.deployment, name, _labels(situation, copy.hash, name))
    document["metadata"]["ownerReferences"] = render.owned_by_revision(copy)
    document["spec"]["selector"] = {COPY: name}
    return document
