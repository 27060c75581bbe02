"""The values that labels of counters may have.

Each combination is a series for good, so reasons that come from elsewhere (the kubelet, an
admission plugin, a benchmark image of the user's) are counted as OTHER unless they are listed here.
"""

from collections.abc import Collection, Mapping

OTHER = "Other"

OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "Promoted": ("Judged", "ByHand"),
    "RolledBack": (
        "Kpi",
        "Aborted",
        "Inconclusive",
        # What pods say of themselves: modelward.release.problems and the kubelet.
        "Unready",
        "NeverReady",
        "ImagePullBackOff",
        "ErrImagePull",
        "CrashLoopBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "ContainerCreating",
        "OOMKilled",
        "Error",
        "Evicted",
        "Unschedulable",
        "VolumeNotMounted",
        "Quota",
        "PodSecurity",
        "PodsRefused",
        OTHER,
    ),
    "Superseded": ("SpecChanged",),
}
"""How a release ends -> why."""

VERDICTS: Mapping[str, tuple[str, ...]] = {
    "Pass": ("EveryGateHolds", "NoGates"),
    "Fail": ("GateFailed",),
    "Inconclusive": (
        "Undecided",
        "Uncalibrated",
        "NotMeasured",
        "NotDeterministic",
        "GeneratorLagged",
        *("RowsUnfit", "ClassMissing", "SlicesTooSmall", "StableUnanswered"),
        "Unreachable",
        "DatasetInvalid",
        "NoGates",
        "InvalidSpec",
        "Infrastructure",
        "Deadline",
        "NoTraffic",
        "NotScraped",
        "QueryRefused",
        "NotConfigured",
        "Unusable",
        OTHER,
    ),
}
"""Verdict of a BenchmarkRun -> why."""

STEPS = ("benchmark", "weight", "pause", "takeover")
STEP_RESULTS = ("passed", "failed", "abandoned")

MODEL_DEPLOYMENT_PHASES = ("Healthy", "Progressing", "Degraded", "Paused")
BENCHMARK_RUN_PHASES = ("Pending", "Running", "Finished")
UNKNOWN = "Unknown"
"""The phase of what no operator has looked at yet."""


def bounded(value: str, known: Collection[str]) -> str:
    """Return the value where it is a known one, else OTHER."""
    return value if value in known else OTHER
