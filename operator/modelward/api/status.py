"""Status of a ModelDeployment: what operations read."""

from typing import Literal

from pydantic import Field

from modelward.api.base import ApiModel

Verdict = Literal["Pass", "Fail", "Inconclusive", "NotApplicable"]
Phase = Literal["Healthy", "Progressing", "Degraded", "Paused"]


class Condition(ApiModel):
    """A condition as in the Kubernetes API conventions."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""
    observed_generation: int
    last_transition_time: str


class RevisionStatus(ApiModel):
    """One revision, as people look for it."""

    revision: str
    """Hash that names the revision."""
    version: str | None = None
    """What people call it."""
    image_digest: str | None = None
    """Image of the serving container as the node resolved it."""
    weight: int | None = None
    """Desired share of the serving pods, in percent."""
    actual_weight: int | None = None
    """Share of the ready pods that serve users, in percent."""
    step: int | None = None
    """Index of the step that the release is in, from 0."""
    since: str | None = None
    """When this step began."""


class FailedRevision(ApiModel):
    """A revision that was rolled back and is not tried again by itself."""

    revision: str
    version: str | None = None
    reason: str
    """Name of the KPI, or Aborted, Unready, a pod's own reason, ..."""
    message: str = ""
    run: str | None = None
    """BenchmarkRun that holds the evidence."""
    since: str | None = None


class KpiStatus(ApiModel):
    """What was measured for one KPI."""

    name: str
    subject: str
    """Revision that was measured."""
    verdict: Verdict | None = None
    reason: str | None = None
    value: str | None = None
    objective: str | None = None
    low: str | None = None
    high: str | None = None
    samples: int | None = None
    effective_samples: int | None = None
    run: str | None = None
    time: str | None = None


class HistoryEntry(ApiModel):
    """One ended release."""

    revision: str
    version: str | None = None
    outcome: Literal["Promoted", "RolledBack", "Superseded"]
    reason: str | None = None
    run: str | None = None
    time: str


class LastHandled(ApiModel):
    """Verbs that were last acted on or refused."""

    promote: str | None = None
    abort: str | None = None


class ModelDeploymentStatus(ApiModel):
    """What operations read."""

    observed_generation: int = -1
    phase: Phase | None = None
    message: str | None = None
    stable: RevisionStatus | None = None
    candidate: RevisionStatus | None = None
    failed_revision: FailedRevision | None = None
    kpis: list[KpiStatus] = Field(default_factory=list)
    kpi_summary: str | None = None
    """Gates passed of gates in all, for example 3/4."""
    weight: str | None = None
    """Actual and desired weight of the candidate, for example 33/10."""
    last_handled: LastHandled | None = None
    history: list[HistoryEntry] = Field(default_factory=list)
    selector: str | None = None
    """Label selector of all pods that serve users, for the scale subresource."""
    replicas: int | None = None
    """Number of pods that serve users, surge not counted."""
    conditions: list[Condition] = Field(default_factory=list)
