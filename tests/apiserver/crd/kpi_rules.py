"""Examples of the rules about KPIs; see rules."""

from tests.apiserver.crd import other_sources as others
from tests.apiserver.crd.example import Example
from tests.apiserver.crd.latency_rules import LATENCY_RULES, ONE_BASELINE
from tests.apiserver.crd.other_sources import OTHER_SOURCES, RELATIVE, VERSUS
from tests.apiserver.crd.paths import OMIT
from tests.apiserver.crd.rates import GOODPUT, RATES, WITHIN

ACCURACY, LATENCY, ERRORS = "spec.kpis[0]", "spec.kpis[1]", "spec.kpis[2]"
ACCURACY_VERSUS, ERRORS_VERSUS = "spec.kpis[3]", "spec.kpis[4]"
RECALL, F1, AUROC, MAE, VALID = (f"spec.kpis[{i}]" for i in range(5, 10))
_GATES = (ACCURACY, LATENCY, *others.JOBS)


KPI_RULES: dict[str, tuple[Example, ...]] = {
    "spec.kpis": (
        Example(
            "a version is promoted on evidence",
            takes=({f"{each}.effect": "report" for each in _GATES if each != others.JOB_REQUESTS},),
            refuses=({f"{each}.effect": "report" for each in _GATES},),
        ),
        ONE_BASELINE,
    ),
    "spec.kpis[]": (
        Example(
            "say where this KPI is measured",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.benchmark": OMIT},
                {f"{ACCURACY}.job": {"name": "locust", "measures": "rightRows"}},
                {f"{ACCURACY}.prometheus": others.PROMETHEUS},
                {f"{others.LIVE}.prometheus": OMIT},
            ),
        ),
        *OTHER_SOURCES,
        Example(
            "accuracy, precision, recall, f1, exactMatch, contains, jsonSchema and auroc have",
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
                {f"{AUROC}.objective": {"atMost": "95%"}},
                {f"{AUROC}.objective": {"atLeast": "0.95"}},
                {f"{F1}.objective": {"atMost": "0.2"}},
            ),
        ),
        Example(
            "say a limit above 50% for auroc",
            takes=({f"{AUROC}.objective.atLeast": "50.000001%"},),
            refuses=(
                {f"{AUROC}.objective.atLeast": "50%"},
                {f"{AUROC}.objective.atLeast": "5%"},
            ),
        ),
        Example(
            "logLoss, brier, mae and rmse have an upper limit",
            takes=(
                {f"{MAE}.objective": {"atMost": "0"}},
                {f"{MAE}.objective": {"atMost": "9999999.999999"}},
                {f"{MAE}.benchmark.metric": "logLoss"},
                {f"{MAE}.benchmark.metric": "rmse"},
            ),
            refuses=(
                {f"{MAE}.objective": {"atLeast": "2.5"}},
                {f"{MAE}.objective": {"atMost": "5%"}},
                {f"{MAE}.objective": {"atMost": "250ms"}},
                {f"{MAE}.benchmark.metric": "rmse", f"{MAE}.objective": {"atLeast": "92%"}},
                {f"{MAE}.benchmark.metric": "logLoss", f"{MAE}.objective": {"atLeast": "92%"}},
            ),
        ),
        Example(
            "remove expected: what is counted on rows",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.objective": {"atLeast": "92%", "expected": "95%"}},
                {f"{MAE}.objective": {"atMost": "2.5", "expected": "2"}},
            ),
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
            "say by how many percentage points it may",
            takes=(
                {f"{ERRORS_VERSUS}.objective.worseByAtMost": "50%"},
                {f"{AUROC}.objective": VERSUS},
                {f"{F1}.objective": VERSUS},
            ),
            refuses=(
                {f"{ACCURACY_VERSUS}.objective.worseByAtMost": "50%"},
                {f"{ACCURACY_VERSUS}.objective.worseByAtMost": "50ms"},
                {f"{AUROC}.objective": VERSUS | {"worseByAtMost": "0.01"}},
            ),
        ),
        Example(
            "say by how much it may be above",
            takes=({f"{MAE}.objective": VERSUS | {"worseByAtMost": "0"}},),
            refuses=(
                {f"{MAE}.objective": VERSUS},
                {f"{MAE}.objective": VERSUS | {"worseByAtMost": "5%"}},
            ),
        ),
        Example(
            "a worst slice has a limit of its own",
            takes=({f"{RECALL}.objective": {"atLeast": "100%"}},),
            refuses=({f"{RECALL}.objective": VERSUS},),
        ),
        *LATENCY_RULES,
        *RATES,
        Example(
            "a time has an upper limit",
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
            "this metric is counted on the rows",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.benchmark.dataset": OMIT},
                {f"{MAE}.benchmark.dataset": OMIT},
            ),
        ),
        Example(
            "only precision, recall and f1 have an average",
            takes=({f"{F1}.benchmark.average": "micro"},),
            refuses=({f"{ACCURACY}.benchmark.average": "micro"},),
        ),
        Example(
            "say which label counts as positive",
            takes=({f"{RECALL}.benchmark.average": "binary"},),
            refuses=(
                {f"{RECALL}.benchmark.positiveLabel": OMIT},
                {f"{F1}.benchmark.average": OMIT},
                {f"{F1}.benchmark.average": "binary"},
                {f"{AUROC}.benchmark.positiveLabel": OMIT},
            ),
        ),
        Example(
            "no label counts more than others here",
            takes=({f"{MAE}.benchmark.metric": "logLoss", f"{MAE}.benchmark.positiveLabel": 1},),
            refuses=(
                {f"{F1}.benchmark.positiveLabel": "fraud"},
                {f"{ACCURACY}.benchmark.positiveLabel": 1},
                {f"{MAE}.benchmark.positiveLabel": "fraud"},
            ),
        ),
        Example(
            "metric jsonSchema and a schema belong together",
            takes=({f"{VALID}.benchmark.schema": {}},),
            refuses=(
                {f"{VALID}.benchmark.schema": OMIT},
                {f"{ACCURACY}.benchmark.schema": {"type": "object"}},
            ),
        ),
        Example(
            "only metrics of rows have worstSliceOf",
            takes=({f"{MAE}.benchmark.worstSliceOf": "region"},),
            refuses=(
                {f"{LATENCY}.benchmark.worstSliceOf": "region"},
                {f"{ERRORS}.benchmark.prediction": "outputs"},
            ),
        ),
        Example(
            "minRows says how small",
            takes=({f"{RECALL}.benchmark.minRows": OMIT},),
            refuses=({f"{RECALL}.benchmark.worstSliceOf": OMIT},),
        ),
        Example(
            "only metrics of rows name a data set",
            takes=({"spec.load.dataset": "golden"},),
            refuses=(
                {f"{LATENCY}.benchmark.dataset": "golden"},
                {f"{ERRORS}.benchmark.dataset": "golden"},
            ),
        ),
        *GOODPUT,
        Example(
            "say which quantile",
            takes=(
                {f"{LATENCY}.benchmark.quantile": "p50"},
                {f"{LATENCY}.benchmark.quantile": "p99.9"},
            ),
            refuses=({f"{LATENCY}.benchmark.quantile": OMIT},),
        ),
        Example(
            "only latency, timeToFirstToken, interTokenLatency and timePerOutputToken have",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.benchmark.quantile": "p95"},
                {f"{ERRORS}.benchmark.quantile": "p95"},
            ),
        ),
    ),
    "spec.kpis[].benchmark.within": WITHIN,
    "spec.kpis[].prometheus": others.ONE_WAY,
    "spec.kpis[].objective": (
        Example(
            "say exactly one of atMost, atLeast and versus",
            takes=({f"{ACCURACY}.objective": {"atLeast": "92%"}},),
            refuses=(
                {f"{ACCURACY}.objective": {}},
                {f"{ACCURACY}.objective": {"atLeast": "92%"} | VERSUS},
                {f"{ERRORS}.objective": {"atMost": "2%"} | VERSUS},
                {f"{ERRORS}.objective": {"atMost": "2%", "atLeast": "1%"}},
            ),
        ),
        Example(
            "versus and worseByAtMost belong together",
            takes=({f"{ERRORS_VERSUS}.objective": VERSUS},),
            refuses=(
                {f"{ERRORS_VERSUS}.objective": {"versus": "stable"}},
                {f"{ERRORS}.objective": {"atMost": "2%", "worseByAtMost": "1pp"}},
            ),
        ),
        Example(
            "remove expected: what is compared",
            takes=({f"{ERRORS_VERSUS}.objective": VERSUS},),
            refuses=(
                {f"{ERRORS_VERSUS}.objective.expected": "1%"},
                {f"{ACCURACY_VERSUS}.objective.expected": "1%"},
            ),
        ),
        Example(
            "unlessBelow is an error rate",
            takes=(
                {f"{ERRORS_VERSUS}.objective": RELATIVE},
                {f"{ERRORS_VERSUS}.objective": RELATIVE | {"worseByAtMost": "900%"}},
            ),
            refuses=(
                {f"{ERRORS_VERSUS}.objective": RELATIVE | {"worseByAtMost": "1pp"}},
                {f"{ERRORS_VERSUS}.objective": RELATIVE | {"unlessBelow": "0%"}},
                {f"{ERRORS_VERSUS}.objective": RELATIVE | {"unlessBelow": "50%"}},
                {f"{ERRORS_VERSUS}.objective": RELATIVE | {"unlessBelow": "250ms"}},
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
