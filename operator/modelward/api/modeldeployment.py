"""The ModelDeployment resource: what the user declares."""

from typing import Any, Literal

from pydantic import Field

from modelward.api.base import ApiModel
from modelward.api.status import ModelDeploymentStatus

Protocol = Literal["v2", "http"]
Metric = Literal["accuracy", "errorRate", "latency"]


class Model(ApiModel):
    """The model that is served."""

    name: str | None = None
    """Name of the model as its server knows it. Default: the name of this resource."""
    version: str | None = None
    """What people call this version, for example a date."""


class HttpServing(ApiModel):
    """How a plain HTTP model is asked."""

    path: str
    """Path that takes a POST with a row's inputs as its JSON body."""


class Serving(ApiModel):
    """How the model is served. A change here, or in model, is a new revision."""

    protocol: Protocol | None = None
    """Serving protocol: v2 (Open Inference Protocol, the default) or http (plain JSON over POST)."""
    port: int
    """Port on which the first container serves."""
    http: HttpServing | None = None
    """Required for protocol http."""
    template: dict[str, Any]
    """Pod template; its first container serves the model."""


class ConfigMapKey(ApiModel):
    """A key of a ConfigMap in the resource's namespace."""

    name: str
    """Name of the ConfigMap."""
    key: str
    """Key within it."""


class Dataset(ApiModel):
    """Golden rows: JSON lines of {"id", "inputs", "expected"}."""

    name: str
    """Name that KPIs refer to."""
    config_map: ConfigMapKey
    """Where the rows are."""
    rows: Literal["exam"] = "exam"
    """exam: these rows are the requirement itself and are all read."""
    prediction: str | None = None
    """JMESPath of the prediction in the server's answer. Default: outputs[0].data[0] for v2, prediction for http."""


class Load(ApiModel):
    """Load of the benchmark step. The rows of the data set are the payload."""

    rate: str = "10/s"
    """Requests per second, for example 20/s, sent on a fixed schedule whether or not answers come."""
    for_: str = Field(default="1m", alias="for")
    """The longest that load is sent after warm-up and calibration, for example 2m."""
    warm_up: str = "5s"
    """How long load is sent before anything is counted."""
    dataset: str | None = None
    """Data set whose rows are sent. Default: the first one."""


class BenchmarkPod(ApiModel):
    """What benchmark pods need to run in this namespace."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Extra labels."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Extra annotations."""
    service_account_name: str | None = None
    """Service account; its token is not mounted."""
    image_pull_secrets: list[dict[str, str]] = Field(default_factory=list)
    """References to Secrets for pulling the runner's image."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Nodes that benchmark pods may run on."""
    tolerations: list[dict[str, Any]] = Field(default_factory=list)
    """Tolerations of benchmark pods."""
    resources: dict[str, Any] = Field(default_factory=dict)
    """Resources of the benchmark container."""


class BenchmarkSource(ApiModel):
    """A KPI that is measured by a benchmark pod."""

    metric: Metric
    """accuracy (share of rows answered as expected), errorRate or latency."""
    dataset: str | None = None
    """Data set, for accuracy."""
    quantile: str | None = None
    """Quantile, for latency: p50 to p99.9."""


class Objective(ApiModel):
    """What is good enough. Values carry units: 92%, 250ms."""

    at_most: str | None = None
    """Upper limit: a percentage for errorRate, a duration for latency."""
    at_least: str | None = None
    """Lower limit: a percentage for accuracy."""
    expected: str | None = None
    """What a healthy version shows, better than the limit. A version shown to be worse is rolled back."""


class Kpi(ApiModel):
    """A measurable requirement."""

    name: str
    """Name of the KPI."""
    benchmark: BenchmarkSource
    """What is measured."""
    objective: Objective
    """What is good enough."""
    effect: Literal["gate", "report"] = "gate"
    """gate: decides about promotion. report: is only shown."""


class BenchmarkStep(ApiModel):
    """Judge the candidate before it gets user traffic."""

    up_to: str = "20m"
    """The longest that the judgement may take, repeated attempts included."""


class PauseStep(ApiModel):
    """Wait until a person promotes."""


class Step(ApiModel):
    """One step of a rollout: exactly one of benchmark, weight and pause."""

    benchmark: BenchmarkStep | None = None
    """Judge the candidate before it gets user traffic."""
    weight: int | None = None
    """Percentage of the serving pods that are the candidate's."""
    for_: str | None = Field(default=None, alias="for")
    """With weight: how long the candidate must hold its share. Default 0s."""
    up_to: str | None = None
    """With weight: the longest that the step may take. Default 1h."""
    pause: PauseStep | None = None
    """Wait until a person promotes."""


class Rollout(ApiModel):
    """How a new revision replaces the old one."""

    steps: list[Step] | None = None
    """Steps of a release. Default: a benchmark of up to 20m, then weight 50 for 2m."""
    max_surge: int | str = "25%"
    """Pods above the number of replicas during a release; a percentage is rounded up."""
    max_unavailable: int | str = 0
    """Ready pods that may be missing during a release; a percentage is rounded down."""
    min_ready_seconds: int = 0
    """How long a pod must be ready to count as available."""
    drain_delay: str = "2s"
    """Time between closing a revision and deleting its pods."""
    progress_deadline: str = "15m"
    """How long a release may wait for the candidate's pods before it is rolled back."""
    revision_history_limit: int = 5
    """How many old revisions are kept, with their evidence."""


class Judgement(ApiModel):
    """How sure verdicts are."""

    false_promotion: str = "5%"
    """Probability that a version beyond a limit is promoted, at most."""
    false_rollback: str = "5%"
    """Probability that a healthy version is rolled back, at most."""
    on_inconclusive: Literal["withdraw", "hold", "rollback"] = "withdraw"
    """When no verdict is reached in time: withdraw (weight 0, wait for a person), hold (keep the weight, wait) or rollback."""


class ModelDeploymentSpec(ApiModel):
    """A model, how it is served, what it must fulfil and how versions are switched."""

    replicas: int = 1
    """Number of serving pods."""
    model: Model | None = None
    """The model that is served. A change is a new revision."""
    serving: Serving
    """How the model is served. A change is a new revision."""
    datasets: list[Dataset] = Field(default_factory=list)
    """Golden data sets."""
    load: Load = Load()
    """Load of the benchmark step."""
    benchmark_pod: BenchmarkPod = BenchmarkPod()
    """What benchmark pods need to run in this namespace."""
    kpis: list[Kpi]
    """Measurable requirements."""
    rollout: Rollout = Rollout()
    """How a new revision replaces the old one."""
    judgement: Judgement = Judgement()
    """How sure verdicts are."""


class ObjectMeta(ApiModel):
    """The parts of an object's metadata that decisions need."""

    name: str
    namespace: str
    uid: str
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class ModelDeployment(ApiModel):
    """A model in production: served, judged by its KPIs and switched version by version."""

    metadata: ObjectMeta
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()
