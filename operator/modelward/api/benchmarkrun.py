"""The BenchmarkRun resource: one judging of one revision, and the evidence that stays."""

from typing import Literal

from pydantic import Field

from modelward.api.base import ApiModel
from modelward.api.modeldeployment import (
    BenchmarkPod,
    ConfigMapKey,
    Kpi,
    Load,
    ObjectMeta,
    Protocol,
)
from modelward.api.status import Condition, Verdict


class Subject(ApiModel):
    """The revision that is measured, and where it answers."""

    revision: str
    service: str
    """Service in the run's namespace."""
    port: int
    protocol: Protocol
    model_name: str
    path: str | None = None
    """Path for protocol http."""


class RunDataset(ApiModel):
    """A data set as it was when the run was asked for."""

    name: str
    config_map: ConfigMapKey
    rows: Literal["exam"] = "exam"
    prediction: str | None = None
    sha256: str
    """Digest of the key's value; rows that differ are refused."""


class RunJudgement(ApiModel):
    """Error probabilities of each gate, already shared among them. Decimals between 0 and 1."""

    false_promotion: str
    false_rollback: str


class BenchmarkRunSpec(ApiModel):
    """What is measured and how it is judged. Immutable."""

    model_deployment: str | None = None
    """Name of the ModelDeployment; absent when a person made the run."""
    subject: Subject
    datasets: list[RunDataset] = Field(default_factory=list)
    load: Load = Load()
    kpis: list[Kpi]
    judgement: RunJudgement
    up_to: str = "20m"
    pod: BenchmarkPod = BenchmarkPod()


class Attempt(ApiModel):
    """One Job of a run."""

    job: str
    started_at: str
    finished_at: str | None = None
    outcome: Literal["Accepted", "Infrastructure", "Refused"] | None = None
    reason: str | None = None
    message: str | None = None


class RunKpiStatus(ApiModel):
    """The verdict about one KPI and what it rests on."""

    name: str
    verdict: Verdict
    reason: str | None = None
    value: str | None = None
    objective: str | None = None
    low: str | None = None
    high: str | None = None
    samples: int | None = None
    effective_samples: int | None = None
    independence_assumed: bool | None = None
    evidence: list[int] = Field(default_factory=list)
    """The counts as the runner reported them, in the order of the result contract."""


class BenchmarkRunStatus(ApiModel):
    """How far the run is, and its evidence."""

    observed_generation: int = -1
    phase: Literal["Pending", "Running", "Finished"] | None = None
    verdict: Verdict | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    attempts: list[Attempt] = Field(default_factory=list)
    kpis: list[RunKpiStatus] = Field(default_factory=list)
    conditions: list[Condition] = Field(default_factory=list)


class BenchmarkRun(ApiModel):
    """One judging of one revision; also the evidence that stays."""

    metadata: ObjectMeta
    spec: BenchmarkRunSpec
    status: BenchmarkRunStatus = BenchmarkRunStatus()
