"""What a decision about a BenchmarkRun sees: one frozen picture of the run, its Jobs and pods."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.live.scrapes import Reading
from modelward.writes import Refusal


@dataclass(frozen=True)
class Ended:
    """How the runner's container ended."""

    exit_code: int
    reason: str = ""
    """The kubelet's own: Completed, Error, OOMKilled..."""
    message: str = ""
    """Its termination message."""


@dataclass(frozen=True)
class RunPod:
    """A pod that belongs to an attempt's Job, or says so."""

    name: str
    uid: str
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    """The pod's spec as stored."""
    started: bool = False
    """Whether the runner's container has started."""
    ended: Ended | None = None
    """None while the runner's container has not ended."""
    jobs: Mapping[str, Ended] = field(default_factory=dict)
    """How the containers of jobs ended, by the job's name; those that have."""
    running: Mapping[str, datetime] = field(default_factory=dict)
    """Since when a job's container runs, by the job's name; those that do."""
    reason: str = ""
    """status.reason: Evicted, Preempting, NodeLost..."""
    message: str = ""
    """status.message."""
    problem: str = ""
    """Why it does not run, in the cluster's words: Unschedulable, ImagePullBackOff..."""
    problem_message: str = ""


@dataclass(frozen=True)
class RunJob:
    """A Job whose controller is the run: one attempt."""

    name: str
    uid: str
    created: datetime
    template: Mapping[str, Any]
    """spec.template as stored."""
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    complete: bool = False
    """The Job's condition Complete is True."""
    failure: str = ""
    """Reason of the Job's condition Failed while that is True: DeadlineExceeded..."""
    failure_message: str = ""
    ended: datetime | None = None
    """When one of the two became True."""
    terminating: bool = False
    pods: tuple[RunPod, ...] = ()
    """Every pod under the Job's uid: by ownerReference or by the label batch.kubernetes.io/
    controller-uid."""
    pods_listed: bool = False
    """True where `pods` was listed from the API server after the Job had ended; a cache may lag."""

    @property
    def finished(self) -> bool:
        """Whether the Job has ended, in either way."""
        return self.complete or bool(self.failure)


@dataclass(frozen=True)
class Unread:
    """Why nothing could be read from the metrics server."""

    reason: str
    """One of modelward.api.benchmarkrun.NO_EVIDENCE."""
    message: str


@dataclass(frozen=True)
class LivePod:
    """A serving pod of the revision that is measured live."""

    name: str
    ready: bool
    settled: datetime | None = None
    """Last change of its readiness, or last start of one of its containers."""


@dataclass(frozen=True)
class LiveView:
    """What is seen of the users' requests to a revision."""

    pods: tuple[LivePod, ...] = ()
    """Its pods that are not going away."""
    reading: Reading | Unread | None = None
    """None where nothing is due to be read, or is being read."""


@dataclass(frozen=True)
class RunSnapshot:
    """Everything that a decision may depend on; time is a value in it."""

    now: datetime
    run: BenchmarkRun
    runner_image: str
    """Image of the runner for new attempts."""
    runner_pull_policy: str = "IfNotPresent"
    jobs: tuple[RunJob, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    continued: BenchmarkRun | None = None
    """The run that spec.continues names, where it is there and has the same controller."""
    live: LiveView = LiveView()
    """For a run with spec.live."""
