"""Examples of the rules about a latency that is compared with stable's; see rules."""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.other_sources import JOB_REQUESTS, RELATIVE, VERSUS
from tests.apiserver.crd.paths import OMIT

LATENCY_VERSUS = "spec.kpis[15]"
_ACCURACY, _LATENCY, _ERRORS = (f"spec.kpis[{i}]" for i in range(3))
_ACCURACY_VERSUS, _ERRORS_VERSUS = "spec.kpis[3]", "spec.kpis[4]"

ONE_BASELINE = Example(
    "one benchmark compares with stable's serving pods or with a copy",
    takes=(
        {f"{_ERRORS_VERSUS}.benchmark.baseline": "copy"},
        {f"{_ERRORS_VERSUS}.benchmark.baseline": "serving", LATENCY_VERSUS: OMIT},
        {f"{_ERRORS_VERSUS}.benchmark.baseline": "copy", f"{JOB_REQUESTS}.objective": RELATIVE},
    ),
    refuses=(
        {f"{_ERRORS_VERSUS}.benchmark.baseline": "serving"},
        {
            f"{_ERRORS_VERSUS}.benchmark.baseline": "serving",
            f"{_ACCURACY_VERSUS}.benchmark.baseline": "copy",
            LATENCY_VERSUS: OMIT,
        },
        {
            f"{_ERRORS_VERSUS}.benchmark.baseline": "serving",
            f"{JOB_REQUESTS}.objective": RELATIVE,
            LATENCY_VERSUS: OMIT,
        },
    ),
)

LATENCY_RULES: tuple[Example, ...] = (
    Example(
        "baseline says which of stable's pods",
        takes=({f"{_ERRORS_VERSUS}.benchmark.baseline": "copy"},),
        refuses=(
            {f"{_ERRORS}.benchmark.baseline": "copy"},
            {f"{_ACCURACY}.benchmark.baseline": "serving"},
        ),
    ),
    Example(
        "latency can't be compared with stable's serving pods",
        takes=({f"{LATENCY_VERSUS}.benchmark.baseline": "copy"},),
        refuses=({f"{LATENCY_VERSUS}.benchmark.baseline": "serving"},),
    ),
    Example(
        "calibration sees too few requests",
        takes=(
            {f"{LATENCY_VERSUS}.benchmark.quantile": "p99"},
            {f"{_LATENCY}.benchmark.quantile": "p99.9"},
        ),
        refuses=(
            {f"{LATENCY_VERSUS}.benchmark.quantile": "p99.1"},
            {f"{LATENCY_VERSUS}.benchmark.quantile": "p99.9"},
        ),
    ),
    Example(
        "say by what part of stable's latency",
        takes=(
            {f"{LATENCY_VERSUS}.objective.worseByAtMost": "10%"},
            {f"{LATENCY_VERSUS}.objective.worseByAtMost": "50ms"},
        ),
        refuses=(
            {f"{LATENCY_VERSUS}.objective.worseByAtMost": "1pp"},
            {f"{LATENCY_VERSUS}.objective.worseByAtMost": "0.01"},
        ),
    ),
    Example(
        "unlessBelow is an error rate, and this is a latency",
        takes=({f"{_ERRORS_VERSUS}.objective": RELATIVE},),
        refuses=({f"{LATENCY_VERSUS}.objective.unlessBelow": "0.1%"},),
    ),
    Example(
        "times of tokens can't be compared",
        takes=({f"{_ERRORS}.objective": VERSUS},),
        refuses=(
            {
                f"{_LATENCY}.benchmark.metric": "timeToFirstToken",
                f"{_LATENCY}.objective": {"versus": "stable", "worseByAtMost": "10%"},
            },
        ),
    ),
)
