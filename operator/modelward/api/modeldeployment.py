"""The ModelDeployment resource: what the user declares."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from modelward.api.base import ApiModel, ObjectMeta
from modelward.api.cel import Schema, implies, map_list, rule, rules, text
from modelward.api.fields import Port
from modelward.api.kpi import (
    MOST_GATES,
    MOST_KPIS,
    BenchmarkSource,
    ConfigMapKey,
    Dataset,
    Datasets,
    Kpi,
    Load,
    Metric,
    datasets_are_declared,
)
from modelward.api.objective import Objective
from modelward.api.pods import BenchmarkPod, PodTemplate
from modelward.api.rollout import BenchmarkStep, Judgement, PauseStep, Rollout, Step
from modelward.api.status import ModelDeploymentStatus

__all__ = [
    "BenchmarkPod",
    "BenchmarkSource",
    "BenchmarkStep",
    "ConfigMapKey",
    "Dataset",
    "HttpServing",
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
    "Protocol",
    "Rollout",
    "Serving",
    "Step",
]

Protocol = Literal["v2", "http"]

MOST_REPLICAS = 1000

ModelName = Annotated[
    str,
    WithJsonSchema(
        text(
            "^[A-Za-z0-9][-._A-Za-z0-9]*$",
            "say the name that the model server uses: letters, digits, dashes, dots and "
            "underscores, as it stands in a URL",
            128,
        )
    ),
]
"""Name of a model as its server knows it."""

Path = Annotated[
    str,
    WithJsonSchema(
        text(r"^/[^\s?#]*$", "say a path that begins with a slash, such as /predict", 256)
    ),
]
"""Path of a URL, without a query."""


def path_with_http(path: str) -> tuple[Schema, Schema]:
    """Return the rules: `path` is given for protocol http, and for no other."""
    http = "has(self.protocol) && self.protocol == 'http'"
    example = "http: {path: /predict}" if path == "http" else "path: /predict"
    return (
        rule(
            implies(http, f"has(self.{path})"),
            f"protocol http asks one path with POST: say which, as in {example}",
        ),
        rule(
            implies(f"has(self.{path})", http),
            f"only protocol http has {path}: remove it, or say protocol: http",
        ),
    )


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


class HttpServing(RevisionPart):
    """How a plain HTTP model is asked."""

    path: Path
    """Path that takes a POST with a row's inputs as its JSON body."""


class Serving(RevisionPart):
    """How the model is served. A change here, or in model, is a new revision."""

    model_config = ConfigDict(json_schema_extra=rules(*path_with_http("http")))

    protocol: Protocol | None = None
    """v2 (Open Inference Protocol, the default) or http (plain JSON over POST)."""
    port: LastingPort
    """Port on which the first container serves, and callers reach the Service. It never changes."""
    http: HttpServing | None = None
    """Required for protocol http."""
    template: PodTemplate
    """Pod template; its first container serves the model."""


Kpis = Annotated[
    list[Kpi],
    Field(
        min_length=1,
        max_length=MOST_KPIS,
        json_schema_extra={
            **map_list("name"),
            **rules(
                rule(
                    "self.exists(k, k.effect == 'gate' && has(k.benchmark) "
                    "&& !has(k.objective.versus))",
                    "a version is promoted on evidence: at least one KPI with a benchmark must "
                    "have effect: gate and a limit of its own (atMost or atLeast), because a first "
                    "version has no stable one to be compared with",
                ),
                rule(
                    "self.all(k, !has(k.benchmark) || !has(k.benchmark.baseline) "
                    "|| k.benchmark.baseline != 'serving') || self.all(k, !has(k.benchmark) "
                    "|| !has(k.objective.versus) || k.benchmark.metric != 'latency' "
                    "&& (!has(k.benchmark.baseline) || k.benchmark.baseline != 'copy'))",
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

    model_config = ConfigDict(json_schema_extra=rules(*datasets_are_declared()))

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
