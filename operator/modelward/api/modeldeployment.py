"""The ModelDeployment resource: what the user declares."""

from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema

from modelward.api import protocol
from modelward.api.base import ApiModel, ObjectMeta
from modelward.api.cel import map_list, rule, rules, text
from modelward.api.datasets import ClaimFile, Columns, ConfigMapKey, Dataset, Datasets
from modelward.api.fields import Port
from modelward.api.jobs import Jobs, jobs_are_declared
from modelward.api.kpi import (
    MOST_GATES,
    MOST_KPIS,
    BenchmarkSource,
    Kpi,
    datasets_are_declared,
)
from modelward.api.live import live_gates_have_a_step
from modelward.api.load import Load
from modelward.api.metrics import Metric
from modelward.api.objective import Objective
from modelward.api.pods import BenchmarkPod, PodTemplate
from modelward.api.protocol import ProtocolName
from modelward.api.rollout import BenchmarkStep, Judgement, PauseStep, Rollout, Step
from modelward.api.status import ModelDeploymentStatus
from modelward.api.tokens import tokens_are_streamed
from modelward.protocols import DEFAULT

__all__ = [
    "BenchmarkPod",
    "BenchmarkSource",
    "BenchmarkStep",
    "ClaimFile",
    "Columns",
    "ConfigMapKey",
    "Dataset",
    "Judgement",
    "Kpi",
    "Load",
    "Metric",
    "Model",
    "ModelDeployment",
    "ModelDeploymentSpec",
    "ObjectMeta",
    "Objective",
    "PauseStep",
    "Rollout",
    "Serving",
    "Step",
]

MOST_REPLICAS = 1000

ModelName = Annotated[
    str,
    WithJsonSchema(
        text(
            "^[A-Za-z0-9][-._:/A-Za-z0-9]*$",
            "say the name that the model server uses: letters, digits, dashes, dots, underscores, "
            "colons and slashes",
            128,
        )
    ),
]
"""Name of a model as its server knows it."""

LastingPort = Annotated[
    Port,
    Field(
        json_schema_extra=rules(
            rule(
                "self == oldSelf",
                "callers reach the Service on this port, so that it can't change: make another "
                "ModelDeployment for another port",
            )
        )
    ),
]


class RevisionPart(ApiModel):
    """What names a revision. Keys that only a newer schema knows are kept: they are hashed, too."""

    model_config = ConfigDict(extra="allow")


class Model(RevisionPart):
    """The model that is served."""

    name: ModelName | None = None
    """Name of the model as its server knows it. Default: the name of this resource."""
    version: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """What people call this version, for example a date."""


class Serving(RevisionPart):
    """How the model is served. A change here, or in model, is a new revision.

    What is said of a protocol stands below its name, as in `http: {path: /predict}`.
    """

    model_config = ConfigDict(json_schema_extra=protocol.nested)

    protocol: ProtocolName | None = None
    port: LastingPort
    """Port on which the first container serves, and callers reach the Service. It never changes."""
    template: PodTemplate
    """Pod template; its first container serves the model."""

    @property
    def spoken(self) -> str:
        """Name of the protocol, by default the Open Inference Protocol."""
        return self.protocol or DEFAULT

    @property
    def said(self) -> dict[str, str]:
        """What was said of the protocol's options."""
        return protocol.said_of(self.spoken, (self.model_extra or {}).get(self.spoken))


Kpis = Annotated[
    list[Kpi],
    Field(
        min_length=1,
        max_length=MOST_KPIS,
        json_schema_extra={
            **map_list("name"),
            **rules(
                rule(
                    "self.exists(k, k.effect == 'gate' && (has(k.benchmark) || has(k.job)) "
                    "&& !has(k.objective.versus))",
                    "a version is promoted on evidence: one KPI with a benchmark or a job must be "
                    "a gate and have atMost or atLeast, because a first version has no stable one "
                    "to be compared with",
                ),
                rule(
                    "self.all(k, !has(k.benchmark) || !has(k.benchmark.baseline) "
                    "|| k.benchmark.baseline != 'serving') || self.all(k, "
                    "!has(k.objective.versus) || !has(k.job) && (!has(k.benchmark) "
                    "|| k.benchmark.metric != 'latency' "
                    "&& (!has(k.benchmark.baseline) || k.benchmark.baseline != 'copy')))",
                    "one benchmark compares with stable's serving pods or with a copy, not with "
                    "both: remove baseline: serving, because another KPI needs the copy",
                ),
                rule(
                    f"self.filter(k, k.effect == 'gate').size() <= {MOST_GATES}",
                    f"at most {MOST_GATES} KPIs can be gates: give the others effect: report",
                ),
            ),
        },
    ),
]


class ModelDeploymentSpec(ApiModel):
    """A model, how it is served, what it must fulfil and how versions are switched."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            *datasets_are_declared(),
            tokens_are_streamed("self.serving.protocol"),
            jobs_are_declared(),
            live_gates_have_a_step(),
        )
    )

    replicas: int = Field(default=1, ge=1, le=MOST_REPLICAS)
    """Number of serving pods."""
    paused: bool = False
    """The brake: while true, no release begins or moves forward, and its clocks stand still."""
    model: Model | None = None
    """The model that is served. A change is a new revision."""
    serving: Serving
    """How the model is served. A change is a new revision."""
    datasets: Datasets
    """Golden data sets."""
    load: Load = Load()
    """Load of the benchmark step."""
    benchmark_pod: BenchmarkPod = BenchmarkPod()
    """What benchmark pods need to run in this namespace."""
    jobs: Jobs = Field(default_factory=list)
    """Images of your own that measure KPIs in the benchmark pod."""
    kpis: Kpis
    """Measurable requirements."""
    rollout: Rollout = Rollout()
    """How a new revision replaces the old one."""
    judgement: Judgement = Judgement()
    """How sure verdicts are."""


class ModelDeployment(ApiModel):
    """A model in production: served, judged by its KPIs and switched version by version."""

    metadata: ObjectMeta
    spec: ModelDeploymentSpec
    """What is wanted."""
    status: ModelDeploymentStatus = ModelDeploymentStatus()
    """What is."""
