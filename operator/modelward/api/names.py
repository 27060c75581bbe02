"""Names of labels and annotations: part of the public contract, never renamed."""

PREFIX = "modelward.dev/"

MANAGED = PREFIX + "managed"
"""Label of every object that is watched; its value is "true"."""
NAME = PREFIX + "name"
"""Label of serving pods and of what belongs to a ModelDeployment: its name."""
REVISION = PREFIX + "revision"
"""Label of serving pods and of what belongs to a revision: its hash."""
RUN = PREFIX + "run"
"""Label of Jobs and benchmark pods: the BenchmarkRun's name. Never together with NAME."""
RELEASE = PREFIX + "release"
"""Label of a BenchmarkRun: the release that it belongs to."""
PLAN = PREFIX + "plan"
"""Annotation of a benchmark pod: the plan as JSON, mounted by the downward API."""

PROMOTE = PREFIX + "promote"
ABORT = PREFIX + "abort"
RETRY = PREFIX + "retry"

RUNNER_CONTAINER = "runner"
PLAN_PATH = "/etc/modelward/plan.json"
DATASETS_PATH = "/etc/modelward/datasets"
"""Each data set is a file of its name below this folder."""
CLAIMS_PATH = "/var/lib/modelward/claims"
"""The volume of each data set on a claim is mounted below this folder by the data set's name."""
SCRATCH_PATH = "/tmp"  # noqa: S108 - a volume of the benchmark pod's own
"""Where benchmark pods put what they fetch, and rows that don't fit into memory."""
