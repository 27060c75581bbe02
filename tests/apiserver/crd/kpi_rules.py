"""Examples of the rules about KPIs; see rules."""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.paths import OMIT

ACCURACY, LATENCY, ERRORS = "spec.kpis[0]", "spec.kpis[1]", "spec.kpis[2]"
ACCURACY_VERSUS, ERRORS_VERSUS = "spec.kpis[3]", "spec.kpis[4]"
LATENCY_VERSUS = "spec.kpis[5]"
_VERSUS = {"versus": "stable", "worseByAtMost": "1pp"}
_RELATIVE = {"versus": "stable", "worseByAtMost": "50%", "unlessBelow": "0.1%"}

KPI_RULES: dict[str, tuple[Example, ...]] = {
    "spec.kpis": (
        Example(
            "a version is promoted on evidence",
            takes=({f"{ACCURACY}.effect": "report"},),
            refuses=({f"{ACCURACY}.effect": "report", f"{LATENCY}.effect": "report"},),
        ),
        Example(
            "one benchmark compares with stable's serving pods or with a copy",
            takes=(
                {f"{ERRORS_VERSUS}.benchmark.baseline": "copy"},
                {
                    f"{ERRORS_VERSUS}.benchmark.baseline": "serving",
                    LATENCY_VERSUS: OMIT,
                },
            ),
            refuses=(
                {f"{ERRORS_VERSUS}.benchmark.baseline": "serving"},
                {
                    f"{ERRORS_VERSUS}.benchmark.baseline": "serving",
                    f"{ACCURACY_VERSUS}.benchmark.baseline": "copy",
                    LATENCY_VERSUS: OMIT,
                },
            ),
        ),
    ),
    "spec.kpis[]": (
        Example(
            "say where this KPI is measured",
            takes=({},),
            refuses=({f"{ACCURACY}.benchmark": OMIT},),
        ),
        Example(
            "accuracy has a lower limit",
            takes=(
                {f"{ACCURACY}.objective": {"atLeast": "0.1%"}},
                {f"{ACCURACY}.objective": {"atLeast": "100%"}},
            ),
            refuses=(
                {f"{ACCURACY}.objective": {}},
                {f"{ACCURACY}.objective": {"atMost": "92%"}},
                {f"{ACCURACY}.objective": {"atLeast": "92%", "atMost": "99%"}},
                {f"{ACCURACY}.objective": {"atLeast": "0%"}},
                {f"{ACCURACY}.objective": {"atLeast": "250ms"}},
            ),
        ),
        Example(
            "remove expected: the share",
            takes=({},),
            refuses=({f"{ACCURACY}.objective": {"atLeast": "92%", "expected": "95%"}},),
        ),
        Example(
            "errorRate has an upper limit",
            takes=(
                {f"{ERRORS}.objective": {"atMost": "49.9%"}},
                {f"{ERRORS}.objective": {"atMost": "0.001%"}},
            ),
            refuses=(
                {f"{ERRORS}.objective": {}},
                {f"{ERRORS}.objective": {"atLeast": "2%"}},
                {f"{ERRORS}.objective": {"atMost": "2%", "atLeast": "1%"}},
                {f"{ERRORS}.objective": {"atMost": "0%"}},
                {f"{ERRORS}.objective": {"atMost": "50%"}},
                {f"{ERRORS}.objective": {"atMost": "2s"}},
            ),
        ),
        Example(
            "say a margin above 0pp",
            takes=(
                {f"{ERRORS_VERSUS}.objective.worseByAtMost": "0.001pp"},
                {f"{ACCURACY_VERSUS}.objective.worseByAtMost": "0pp"},
            ),
            refuses=(
                {f"{ERRORS_VERSUS}.objective.worseByAtMost": "0pp"},
                {f"{ERRORS_VERSUS}.objective.worseByAtMost": "0.000pp"},
                {f"{ERRORS_VERSUS}.objective.worseByAtMost": "50ms"},
            ),
        ),
        Example(
            "say by how many percentage points accuracy",
            takes=({f"{ERRORS_VERSUS}.objective.worseByAtMost": "50%"},),
            refuses=(
                {f"{ACCURACY_VERSUS}.objective.worseByAtMost": "50%"},
                {f"{ACCURACY_VERSUS}.objective.worseByAtMost": "50ms"},
            ),
        ),
        Example(
            "baseline says which of stable's pods",
            takes=({f"{ERRORS_VERSUS}.benchmark.baseline": "copy"},),
            refuses=(
                {f"{ERRORS}.benchmark.baseline": "copy"},
                {f"{ACCURACY}.benchmark.baseline": "serving"},
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
                {f"{LATENCY}.benchmark.quantile": "p99.9"},
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
            refuses=({f"{LATENCY_VERSUS}.objective.worseByAtMost": "1pp"},),
        ),
        Example(
            "unlessBelow is an error rate, and this is a latency",
            takes=({f"{ERRORS_VERSUS}.objective": _RELATIVE},),
            refuses=({f"{LATENCY_VERSUS}.objective.unlessBelow": "0.1%"},),
        ),
        Example(
            "latency has an upper limit",
            takes=({f"{LATENCY}.objective": {"atMost": "1ms"}},),
            refuses=(
                {f"{LATENCY}.objective": {}},
                {f"{LATENCY}.objective": {"atLeast": "250ms"}},
                {f"{LATENCY}.objective": {"atMost": "250ms", "atLeast": "1ms"}},
                {f"{LATENCY}.objective": {"atMost": "0s"}},
                {f"{LATENCY}.objective": {"atMost": "5%"}},
            ),
        ),
    ),
    "spec.kpis[].benchmark": (
        Example(
            "accuracy is counted on a data set",
            takes=({},),
            refuses=({f"{ACCURACY}.benchmark.dataset": OMIT},),
        ),
        Example(
            "only accuracy names a data set",
            takes=({"spec.load.dataset": "golden"},),
            refuses=(
                {f"{LATENCY}.benchmark.dataset": "golden"},
                {f"{ERRORS}.benchmark.dataset": "golden"},
            ),
        ),
        Example(
            "say which quantile",
            takes=(
                {f"{LATENCY}.benchmark.quantile": "p50"},
                {f"{LATENCY}.benchmark.quantile": "p99.9"},
            ),
            refuses=({f"{LATENCY}.benchmark.quantile": OMIT},),
        ),
        Example(
            "only latency has a quantile",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.benchmark.quantile": "p95"},
                {f"{ERRORS}.benchmark.quantile": "p95"},
            ),
        ),
    ),
    "spec.kpis[].objective": (
        Example(
            "say exactly one of atMost, atLeast and versus",
            takes=({f"{ACCURACY}.objective": {"atLeast": "92%"}},),
            refuses=(
                {f"{ACCURACY}.objective": {}},
                {f"{ACCURACY}.objective": {"atLeast": "92%"} | _VERSUS},
                {f"{ERRORS}.objective": {"atMost": "2%"} | _VERSUS},
                {f"{ERRORS}.objective": {"atMost": "2%", "atLeast": "1%"}},
            ),
        ),
        Example(
            "versus and worseByAtMost belong together",
            takes=({f"{ERRORS_VERSUS}.objective": _VERSUS},),
            refuses=(
                {f"{ERRORS_VERSUS}.objective": {"versus": "stable"}},
                {f"{ERRORS}.objective": {"atMost": "2%", "worseByAtMost": "1pp"}},
            ),
        ),
        Example(
            "remove expected: what is compared",
            takes=({f"{ERRORS_VERSUS}.objective": _VERSUS},),
            refuses=(
                {f"{ERRORS_VERSUS}.objective.expected": "1%"},
                {f"{ACCURACY_VERSUS}.objective.expected": "1%"},
            ),
        ),
        Example(
            "unlessBelow is an error rate",
            takes=(
                {f"{ERRORS_VERSUS}.objective": _RELATIVE},
                {f"{ERRORS_VERSUS}.objective": _RELATIVE | {"worseByAtMost": "900%"}},
            ),
            refuses=(
                {f"{ERRORS_VERSUS}.objective": _RELATIVE | {"worseByAtMost": "1pp"}},
                {f"{ERRORS_VERSUS}.objective": _RELATIVE | {"unlessBelow": "0%"}},
                {f"{ERRORS_VERSUS}.objective": _RELATIVE | {"unlessBelow": "50%"}},
                {f"{ERRORS_VERSUS}.objective": _RELATIVE | {"unlessBelow": "250ms"}},
                {f"{ERRORS}.objective": {"atMost": "2%", "unlessBelow": "0.1%"}},
            ),
        ),
        Example(
            "expected is what a healthy version shows",
            takes=(
                {f"{LATENCY}.objective.expected": "249.999ms"},
                {f"{ERRORS}.objective.expected": "1.999999%"},
                {f"{LATENCY}.objective.expected": OMIT},
            ),
            refuses=(
                {f"{LATENCY}.objective.expected": "250ms"},
                {f"{LATENCY}.objective.expected": "1s"},
                {f"{LATENCY}.objective.expected": "0s"},
                {f"{LATENCY}.objective.expected": "1%"},
                {f"{ERRORS}.objective.expected": "2%"},
                {f"{ERRORS}.objective.expected": "10%"},
                {f"{ERRORS}.objective.expected": "0%"},
                {f"{ERRORS}.objective.expected": "1ms"},
            ),
        ),
    ),
}
"""By the path of their holder."""
