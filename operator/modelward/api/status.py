"""Status of a ModelDeployment: what operations read."""

from typing import Annotated, Literal

from pydantic import Field

from modelward.api.base import ApiModel
from modelward.api.cel import map_list
from modelward.api.fields import (
    Counted,
    Label,
    Message,
    Note,
    Revision,
    RunName,
    Time,
    Value,
    Verdict,
)

__all__ = [
    "MOST_HISTORY",
    "Condition",
    "Conditions",
    "FailedRevision",
    "HistoryEntry",
    "KpiStatus",
    "LastHandled",
    "ModelDeploymentStatus",
    "Phase",
    "RevisionStatus",
    "Verdict",
]

Phase = Literal["Healthy", "Progressing", "Degraded", "Paused"]

MOST_HISTORY = 32
"""Ended releases that status has room for."""

Percentage = Annotated[int, Field(ge=0, le=100)]
Version = Annotated[str, Field(max_length=64)]


class Condition(ApiModel):
    """A condition as in the Kubernetes API conventions."""

    type: Label
    """Ready, Available, KPIsMet, Reconciling, Stalled or Complete."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Label
    """Why, in one word."""
    message: Message = ""
    """Why, for people."""
    observed_generation: int
    """Generation of the spec that this is about."""
    last_transition_time: Time
    """When the status last changed."""


Conditions = Annotated[list[Condition], Field(max_length=8, json_schema_extra=map_list("type"))]


class RevisionStatus(ApiModel):
    """One revision, as people look for it."""

    revision: Revision
    """Hash that names the revision."""
    version: Version | None = None
    """What people call it."""
    image_digest: Annotated[str, Field(max_length=1024)] | None = None
    """Image of the serving container as the node resolved it."""
    weight: Percentage | None = None
    """Desired share of the serving pods, in percent."""
    actual_weight: Percentage | None = None
    """Share of the ready pods that serve users, in percent."""
    step: Counted | None = None
    """Index of the step that the release is in, from 0."""
    since: Time | None = None
    """When this step began."""


class FailedRevision(ApiModel):
    """A revision that was rolled back and is not tried again by itself."""

    revision: Revision
    """Hash that names the revision."""
    version: Version | None = None
    """What people call it."""
    reason: Label
    """Name of the KPI, or Aborted, Unready, a pod's own reason, ..."""
    message: Message = ""
    """What happened and what to do."""
    run: RunName | None = None
    """BenchmarkRun that holds the evidence."""
    since: Time | None = None
    """When it was rolled back."""


class KpiStatus(ApiModel):
    """What was measured for one KPI."""

    name: Label
    """Name of the KPI."""
    subject: Revision
    """Revision that was measured."""
    verdict: Verdict | None = None
    """Pass, Fail, Inconclusive or NotApplicable; absent while it is measured."""
    reason: Label | None = None
    """Why there is no Pass, in one word."""
    value: Value | None = None
    """What was measured."""
    objective: Value | None = None
    """What is good enough."""
    low: Value | None = None
    """Lower end of the interval for the value."""
    high: Value | None = None
    """Upper end of the interval for the value."""
    samples: Counted | None = None
    """Rows or requests that the verdict rests on."""
    effective_samples: Counted | None = None
    """Independent requests that would say as much."""
    run: RunName | None = None
    """BenchmarkRun that holds the evidence."""
    time: Time | None = None
    """When it was measured."""


class HistoryEntry(ApiModel):
    """One ended release."""

    revision: Revision
    """Hash that names the revision."""
    version: Version | None = None
    """What people call it."""
    outcome: Literal["Promoted", "RolledBack", "Superseded"]
    """How it ended."""
    reason: Label | None = None
    """Why it was rolled back, in one word."""
    run: RunName | None = None
    """BenchmarkRun that holds the evidence."""
    time: Time
    """When it ended."""


class LastHandled(ApiModel):
    """Verbs that were last acted on or refused."""

    promote: Note | None = None
    """Latest value of the annotation modelward.dev/promote."""
    abort: Note | None = None
    """Latest value of the annotation modelward.dev/abort."""
    retry: Note | None = None
    """Latest value of the annotation modelward.dev/retry."""


class ModelDeploymentStatus(ApiModel):
    """What operations read."""

    observed_generation: int = -1
    """Generation of the spec that this status is about; -1 before the first look."""
    phase: Phase | None = None
    """Healthy, Progressing, Degraded or Paused."""
    message: Message | None = None
    """What is going on, and what to do where something must be done."""
    stable: RevisionStatus | None = None
    """The revision that serves."""
    candidate: RevisionStatus | None = None
    """The revision under judgement."""
    failed_revision: FailedRevision | None = None
    """The latest revision that was rolled back, while it counts as failed."""
    kpis: Annotated[
        list[KpiStatus], Field(max_length=64, json_schema_extra=map_list("name", "subject"))
    ] = Field(default_factory=list)
    """What was measured."""
    kpi_summary: Value | None = None
    """Gates passed of gates in all, for example 3/4."""
    weight: Value | None = None
    """Actual and desired weight of the candidate, for example 33/10."""
    last_handled: LastHandled | None = None
    """Verbs that were last acted on or refused."""
    history: Annotated[
        list[HistoryEntry],
        Field(max_length=MOST_HISTORY, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = Field(default_factory=list)
    """Ended releases."""
    selector: Annotated[str, Field(max_length=256)] | None = None
    """Label selector of all pods that serve users, for the scale subresource."""
    replicas: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Number of pods that serve users, surge not counted."""
    conditions: Conditions = Field(default_factory=list)
    """Ready, Available, KPIsMet; Reconciling and Stalled only while they hold."""
