"""The BenchmarkRun resource: one judging of one revision, and the evidence that stays."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from modelward.api import protocol
from modelward.api.base import ApiModel, ObjectMeta
from modelward.api.cel import implies, map_list, rule, rules, text
from modelward.api.datasets import MOST_DATASETS, SOURCE_RULES, Digest, Rows
from modelward.api.fields import (
    Counted,
    Label,
    Message,
    Name,
    Note,
    ObjectName,
    Port,
    PositiveDuration,
    Share,
    Time,
    Value,
    Verdict,
)
from modelward.api.jobs import Jobs, jobs_are_declared
from modelward.api.kpi import (
    MOST_KPIS,
    Kpi,
    applicable,
    datasets_are_declared,
)
from modelward.api.live import LiveStatus, LiveStep
from modelward.api.load import Load
from modelward.api.modeldeployment import ModelName
from modelward.api.pods import BenchmarkPod
from modelward.api.protocol import ProtocolName
from modelward.api.status import Conditions
from modelward.api.tokens import tokens_are_streamed

ServiceName = Annotated[
    str,
    WithJsonSchema(
        text(
            "^[a-z]([-a-z0-9]*[a-z0-9])?$",
            "say the name of a Service in this namespace: lower-case letters, digits and dashes",
            63,
        )
    ),
]
"""Name of a Service."""

RevisionHash = Annotated[
    str,
    WithJsonSchema(
        text("^[a-z0-9]+$", "say the revision's hash: lower-case letters and digits", 16)
    ),
]
"""Hash that names a revision; it is a label's value."""


class Subject(ApiModel):
    """The revision that is measured, and where it answers.

    What is said of its protocol stands beside it, as in `path: /predict`.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=protocol.flattened)

    revision: RevisionHash
    """Hash that names the revision."""
    service: ServiceName
    """Service in the run's namespace."""
    port: Port
    """Port of the Service."""
    protocol: ProtocolName
    model_name: ModelName
    """Name of the model as its server knows it."""

    @property
    def said(self) -> dict[str, str]:
        """What was said of the protocol's options."""
        return protocol.said_of(self.protocol, self.model_extra)


class Baseline(Subject):
    """The stable revision, and where it is asked."""

    closed: bool | None = None
    """Whether no user reaches the pods of this Service, as with a copy of stable that was made for
    the run. Those that serve users are asked rows of data sets at a gentle rate.
    """


class RunDataset(Rows):
    """A data set as it was when the run was asked for."""

    model_config = ConfigDict(json_schema_extra=rules(*SOURCE_RULES))

    sha256: Digest
    """Digest of the rows as they stand in their file; others are refused."""


class RunJudgement(ApiModel):
    """Error probabilities of each gate, already shared among them. Decimals between 0 and 0.5."""

    false_promotion: Share
    """Probability that a version beyond a limit passes, at most."""
    false_rollback: Share
    """Probability that a healthy version fails, at most."""


class BenchmarkRunSpec(ApiModel):
    """What is measured and how it is judged. Immutable."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "self == oldSelf",
                "a BenchmarkRun is evidence and its spec can't change: make another one",
            ),
            *datasets_are_declared(),
            tokens_are_streamed("self.subject.protocol"),
            jobs_are_declared(),
            rule(
                implies("has(self.baseline)", "self.kpis.exists(k, has(k.objective.versus))"),
                "no KPI is compared with the baseline: remove it, or give a KPI versus: stable",
                field=".baseline",
            ),
            rule(
                implies(
                    "has(self.baseline) && self.kpis.exists(k, has(k.objective.versus) "
                    "&& (has(k.job) || has(k.benchmark) && k.benchmark.metric == 'latency'))",
                    "has(self.baseline.closed) && self.baseline.closed",
                ),
                "latency, and what a job measures, is compared with a pod that serves nobody "
                "else: name the Service of a closed copy of stable, and say closed: true",
                field=".baseline",
            ),
        )
    )

    model_deployment: Name | None = None
    """Name of the ModelDeployment; absent when a person made the run."""
    continues: ObjectName | None = None
    """An Inconclusive run of the same subject, data sets, KPIs and judgement, with the same owner.

    Its evidence and calibration is what this one starts from.
    """
    subject: Subject
    """The revision that is measured."""
    baseline: Baseline | None = None
    """The stable revision, for KPIs versus stable. Absent: these are NotApplicable."""
    datasets: Annotated[
        list[RunDataset],
        Field(min_length=1, max_length=MOST_DATASETS, json_schema_extra=map_list("name")),
    ]
    """Golden data sets, each pinned to its content."""
    load: Load = Load()
    """Load that is sent for errors, times and rates."""
    jobs: Jobs = Field(default_factory=list)
    """Images of your own that measure KPIs."""
    kpis: Annotated[
        list[Kpi], Field(min_length=1, max_length=MOST_KPIS, json_schema_extra=map_list("name"))
    ]
    """What is measured."""
    judgement: RunJudgement
    """How sure verdicts are."""
    up_to: PositiveDuration = "20m"
    """The longest that the judgement may take, repeated attempts included."""
    pod: BenchmarkPod = BenchmarkPod()
    """What benchmark pods need to run in this namespace."""
    live: LiveStep | None = None
    """The weight step that is judged on users' requests; absent where benchmark pods measure."""

    @property
    def applicable_kpis(self) -> list[Kpi]:
        """The KPIs that can be measured, but those of jobs."""
        return [kpi for kpi in self.measured_kpis if kpi.job is None]

    @property
    def counted_kpis(self) -> list[Kpi]:
        """The KPIs that can be measured and are counted, of a live run: all but expressions."""
        return [kpi for kpi in self.applicable_kpis if not kpi.is_expression]

    @property
    def job_kpis(self) -> list[Kpi]:
        """The KPIs that jobs can measure."""
        return [kpi for kpi in self.measured_kpis if kpi.job]

    @property
    def measured_kpis(self) -> list[Kpi]:
        """The KPIs that can be measured: without a baseline, none versus stable."""
        return applicable(self.kpis, has_baseline=self.baseline is not None)


class Attempt(ApiModel):
    """One Job of a run."""

    job: Label
    """Name of the Job."""
    started_at: Time
    """When the Job was made."""
    finished_at: Time | None = None
    """When its end was seen."""
    outcome: Literal["Accepted", "Infrastructure", "Refused"] | None = None
    """Accepted: its result counts. Infrastructure, Refused: it doesn't, and another may follow."""
    reason: Label | None = None
    """Why it doesn't count, in one word."""
    message: Message | None = None
    """Why it doesn't count, for people."""


class RunKpiStatus(ApiModel):
    """The verdict about one KPI and what it rests on."""

    name: Label
    """Name of the KPI."""
    verdict: Verdict
    """Pass, Fail, Inconclusive or NotApplicable."""
    reason: Label | None = None
    """Why there is no Pass, in one word."""
    value: Value | None = None
    """What was measured."""
    slice: Label | None = None
    """The worst slice, for KPIs with worstSliceOf: `value` is its."""
    baseline: Value | None = None
    """What the stable revision showed, for KPIs versus stable."""
    objective: Value | None = None
    """What is good enough."""
    low: Value | None = None
    """Lower end of the interval for the value; for a latency, for the share above the limit.

    Versus stable: for the difference to it, in percentage points; for a latency, for how many times
    as often as stable it is slow.
    """
    high: Value | None = None
    """Upper end of it."""
    samples: Counted | None = None
    """Rows or requests that the verdict rests on."""
    effective_samples: Counted | None = None
    """Independent requests that would say as much."""
    independence_assumed: bool | None = None
    """Whether the verdict takes requests as independent, because dispersion was not measured."""
    hypotheses: Note | None = None
    """Under load: which share of bad requests was tested against which other one."""
    evidence: list[Counted] = Field(default_factory=list, max_length=8)
    """The counts as the runner reported them, in the order of the result contract.

    Of a live KPI [windows, squares, requests, bad]; versus stable [windows, squares, requests, bad,
    stable's requests, stable's bad, thousandths of bad ones at the limit].
    """
    repeats: list[Counted] | None = Field(default=None, min_length=3, max_length=3)
    """Where answers to an exam differ: rows asked twice, those that this version answered in two
    ways, and those that stable did. Evidence then counts draws, as of `rows: sample`."""


BLOCKED = "Blocked"
"""Reason of the condition Complete while the cluster keeps a run from measuring."""


class BenchmarkRunStatus(ApiModel):
    """How far the run is, and its evidence."""

    observed_generation: int = -1
    """Generation of the spec that this status is about; -1 before the first look."""
    phase: Literal["Pending", "Running", "Finished"] | None = None
    """How far the run is."""
    verdict: Verdict | None = None
    """The verdict of all gates together."""
    message: Message | None = None
    """What came of it, and what to look at."""
    started_at: Time | None = None
    """When the first attempt began."""
    finished_at: Time | None = None
    """When the verdict was reached."""
    attempts: Annotated[list[Attempt], Field(max_length=8, json_schema_extra=map_list("job"))] = (
        Field(default_factory=list)
    )
    """Jobs of this run, in order."""
    send_delay: Value | None = None
    """How late requests of the load were sent after they were due: 99 of 100 by this at most."""
    kpis: Annotated[
        list[RunKpiStatus], Field(max_length=MOST_KPIS, json_schema_extra=map_list("name"))
    ] = Field(default_factory=list)
    """Verdicts; of live KPIs as they stand after each window, until the run has finished."""
    live: LiveStatus | None = None
    """How far users' requests have been counted."""
    conditions: Conditions = Field(default_factory=list)
    """Complete, once the run has finished."""


class BenchmarkRun(ApiModel):
    """One judging of one revision; also the evidence that stays."""

    metadata: ObjectMeta
    spec: BenchmarkRunSpec
    """What is measured."""
    status: BenchmarkRunStatus = BenchmarkRunStatus()
    """How far the run is, and its evidence."""
