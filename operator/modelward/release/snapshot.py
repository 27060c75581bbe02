"""What a release decision sees: one frozen picture of a ModelDeployment and its children."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment
from modelward.writes import Refusal


@dataclass(frozen=True)
class Pod:
    """A serving pod."""

    name: str
    created: datetime
    ready: bool
    terminating: bool = False
    ended: bool = False
    """Failed or succeeded, as when evicted: its ReplicaSet counts it no more and makes another."""
    ready_since: datetime | None = None
    """Last transition of the Ready condition, in either direction."""
    started: datetime | None = None
    """Latest start of one of its containers."""
    first_started: datetime | None = None
    """Earliest start of one of its containers that is known, in this life of it or the last."""
    problem: str | None = None
    """The kubelet's or scheduler's own reason: ImagePullBackOff, Unschedulable..."""
    problem_message: str = ""
    image_digest: str | None = None
    """imageID of the first container."""

    @property
    def lapsed(self) -> bool:
        """Whether it was ready once and is not now.

        The kubelet says of a new pod that it isn't ready before it starts its containers, so that
        a later change can only be from ready to unready.
        """
        if self.ready or self.ready_since is None or self.first_started is None:
            return False
        return self.ready_since > self.first_started


@dataclass(frozen=True)
class Revision:
    """A ReplicaSet of ours: one revision of the model, and the memory of its releases."""

    hash: str
    name: str
    uid: str
    created: datetime
    annotations: Mapping[str, str]
    """The release's memory, see modelward.release.memory."""
    desired: int
    """spec.replicas."""
    replicas: int
    """status.replicas: pods that exist and are not terminating."""
    failure: str | None = None
    """Message of the ReplicaFailure condition: quota, Pod Security, ..."""
    failing_since: datetime | None = None
    """Since when the ReplicaFailure condition holds."""
    pods: tuple[Pod, ...] = ()
    service_uid: str | None = None
    """uid of the revision's own Service, None while it doesn't exist."""


@dataclass(frozen=True)
class RootService:
    """The Service for callers."""

    uid: str
    selector: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class DatasetState:
    """What is known of a data set: its digest, or a problem.

    A ConfigMap was read; for rows elsewhere the digest is the one that spec pins.
    """

    sha256: str | None = None
    """Digest of the rows as they stand in their file, 64 hex digits."""
    problem: str | None = None
    """What is wrong with it, for people; None when the rows are well formed."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that a decision may depend on; time is a value in it."""

    now: datetime
    deployment: ModelDeployment
    revisions: tuple[Revision, ...] = ()
    service: RootService | None = None
    runs: tuple[BenchmarkRun, ...] = ()
    datasets: Mapping[str, DatasetState] | None = None
    """By the data set's name; None where they were not read, because nothing is being judged."""
    refusals: tuple[Refusal, ...] = field(default=())
    copies: tuple[Revision, ...] = ()
    """Closed copies of stable, see modelward.release.copies; `hash` is that of what they copy."""
