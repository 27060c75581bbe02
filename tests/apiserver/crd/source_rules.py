"""Examples of the rules about where KPIs are measured; see rules."""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.kpi_rules import (
    ACCURACY,
    AUROC,
    ERRORS,
    F1,
    LATENCY,
    MAE,
    RECALL,
    VALID,
    rate,
)
from tests.apiserver.crd.paths import OMIT

SOURCE_RULES: dict[str, tuple[Example, ...]] = {
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
        Example(
            "goodput counts the answers within limits",
            takes=(rate({"metric": "goodput", "within": {"latency": "1s"}}),),
            refuses=(
                rate({"metric": "goodput"}),
                {f"{LATENCY}.benchmark.within": {"latency": "1s"}},
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
            "only latency, timeToFirstToken, interTokenLatency and timePerOutputToken have",
            takes=({},),
            refuses=(
                {f"{ACCURACY}.benchmark.quantile": "p95"},
                {f"{ERRORS}.benchmark.quantile": "p95"},
            ),
        ),
    ),
    "spec.kpis[].benchmark.within": (
        Example(
            "say at least one time",
            takes=(rate({"metric": "goodput", "within": {"latency": "1s"}}),),
            refuses=(rate({"metric": "goodput", "within": {}}),),
        ),
    ),
}
