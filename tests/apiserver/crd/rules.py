"""For each CEL rule: an object that it takes and one that it refuses.

A rule is known by its message, so that none can be changed without its examples. Each example is a
change to the ordinary object, whose KPIs are accuracy, latency and errors, then accuracy and errors
versus stable, then recall, f1, auroc, mae and jsonSchema, then rows, requests and a value of a job,
then live errors alone and versus stable, then latency versus stable, then live latency and an
expression, and whose steps are benchmark, weight 10, pause, weight 10, weight 50.
"""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.kpi_rules import (
    ACCURACY,
    ACCURACY_VERSUS,
    AUROC,
    F1,
    KPI_RULES,
    LATENCY,
    RECALL,
)
from tests.apiserver.crd.latency_rules import LATENCY_VERSUS
from tests.apiserver.crd.other_sources import (
    JOB_REQUESTS,
    JOB_ROWS,
    JOB_VALUE,
    LIVE,
    LIVE_VERSUS,
    RELATIVE,
)
from tests.apiserver.crd.paths import OMIT, Json
from tests.apiserver.crd.protocols import SERVING, of_side
from tests.apiserver.crd.rates import rate

JOBS = (JOB_ROWS, JOB_REQUESTS, JOB_VALUE)
_STEPS = "spec.rollout.steps"
_BENCHMARK: dict[str, Json] = {"benchmark": {}}

ELSEWHERE: dict[str, str] = {
    "callers reach the Service on this port": "test_the_port_of_the_service_does_not_change",
    "a BenchmarkRun is evidence": "test_a_benchmark_runs_spec_does_not_change",
    "at most 16 KPIs can be gates": "test_sixteen_gates_are_taken_and_seventeen_refused",
}
"""Rules that need more than one changed object, and their tests in test_crd_lifecycle."""


def _one_value(pod: str) -> Example:
    return Example(
        "say either value or valueFrom",
        takes=({f"{pod}.env[0].value": ""},),
        refuses=({f"{pod}.env[0].value": OMIT}, {f"{pod}.env[1].value": "x"}),
    )


RULES: dict[str, tuple[Example, ...]] = {
    "": (
        Example(
            "say a name of at most",
            takes=({"metadata.name": "a"}, {"metadata.name": "a-1"}, {"metadata.name": "a" * 40}),
            refuses=(
                {"metadata.name": "a.b"},
                {"metadata.name": "1a"},
                {"metadata.name": "a" * 61},
            ),
        ),
    ),
    "spec": (
        Example(
            "a gate with a prometheus source",
            takes=({f"{LIVE}.effect": "gate"}, {"spec.rollout.steps": [_BENCHMARK]}),
            refuses=({f"{LIVE}.effect": "gate", "spec.rollout.steps": [_BENCHMARK]},),
        ),
        Example(
            "there is no such data set",
            takes=({"spec.load.dataset": "golden"},),
            refuses=({"spec.load.dataset": "silver"},),
        ),
        Example(
            "a KPI's benchmark.dataset is not in",
            takes=(
                {
                    "spec.datasets[0].name": "silver",
                    f"{ACCURACY}.benchmark.dataset": "silver",
                    f"{ACCURACY_VERSUS}.benchmark.dataset": "silver",
                },
            ),
            refuses=({f"{ACCURACY}.benchmark.dataset": "silver"},),
        ),
        Example(
            "a sample has no last row",
            takes=(
                {f"{F1}.benchmark.dataset": "traffic", f"{F1}.benchmark.average": "micro"},
                {
                    f"{RECALL}.benchmark": {
                        "metric": "recall",
                        "dataset": "traffic",
                        "positiveLabel": "fraud",
                    },
                },
            ),
            refuses=(
                {f"{F1}.benchmark.dataset": "traffic"},
                {f"{RECALL}.benchmark.dataset": "traffic"},
                {f"{AUROC}.benchmark.dataset": "traffic"},
                {
                    f"{RECALL}.benchmark": {
                        "metric": "recall",
                        "dataset": "traffic",
                        "positiveLabel": "fraud",
                    },
                    f"{RECALL}.objective": {"versus": "stable", "worseByAtMost": "1pp"},
                },
            ),
        ),
        Example(
            "a KPI's job.name is not in",
            takes=({f"{kpi}.job.name": "k6" for kpi in JOBS} | {"spec.jobs[0].name": "k6"},),
            refuses=({f"{JOBS[0]}.job.name": "k6"}, {"spec.jobs": OMIT}),
        ),
        Example(
            "a sample can't show",
            takes=(
                {f"{ACCURACY}.objective.atLeast": "100%"},
                {
                    f"{ACCURACY}.objective.atLeast": "99.9%",
                    f"{ACCURACY}.benchmark.dataset": "traffic",
                },
            ),
            refuses=(
                {
                    f"{ACCURACY}.objective.atLeast": "100%",
                    f"{ACCURACY}.benchmark.dataset": "traffic",
                },
            ),
        ),
        Example(
            "tokens are only known of answers",
            takes=({f"{LATENCY}.benchmark.quantile": "p50"},),
            refuses=(
                {f"{LATENCY}.benchmark.metric": "timeToFirstToken"},
                {f"{LATENCY}.benchmark.metric": "interTokenLatency"},
                {f"{LATENCY}.benchmark.metric": "timePerOutputToken"},
                rate({"metric": "tokensPerSecond"}),
                rate({"metric": "goodput", "within": {"timeToFirstToken": "1s"}}),
            ),
        ),
        Example(
            "no KPI is compared with the baseline",
            takes=({"spec.kpis[4]": OMIT}, {"spec.baseline": OMIT}),
            refuses=(
                {
                    LATENCY_VERSUS: OMIT,
                    LIVE_VERSUS: OMIT,
                    "spec.kpis[4]": OMIT,
                    ACCURACY_VERSUS: OMIT,
                },
            ),
        ),
        Example(
            "latency, and what a job measures, is compared with a pod that serves nobody else",
            takes=({"spec.baseline.closed": OMIT, LATENCY_VERSUS: OMIT}, {"spec.baseline": OMIT}),
            refuses=(
                {"spec.baseline.closed": OMIT},
                {"spec.baseline.closed": False},
                {
                    "spec.baseline.closed": OMIT,
                    LATENCY_VERSUS: OMIT,
                    f"{JOB_REQUESTS}.objective": RELATIVE,
                },
            ),
        ),
    ),
    "spec.datasets[]": (
        Example(
            "say where the rows are",
            takes=({"spec.datasets[0].configMap.key": "rows.csv"},),
            refuses=(
                {"spec.datasets[0].configMap": OMIT},
                {"spec.datasets[0].uri": "s3://golden/rows.jsonl"},
                {"spec.datasets[3].uri": "s3://golden/rows.jsonl"},
            ),
        ),
        Example(
            "a ConfigMap holds rows as",
            takes=(
                {
                    "spec.datasets[0].configMap.key": "rows.parquet",
                    "spec.datasets[0].format": "jsonl",
                },
            ),
            refuses=(
                {"spec.datasets[0].configMap.key": "rows.parquet"},
                {"spec.datasets[0].format": "parquet"},
            ),
        ),
        Example(
            "rows outside of ConfigMaps are pinned",
            takes=({"spec.datasets[0].sha256": "0" * 64},),
            refuses=({"spec.datasets[3].sha256": OMIT}, {"spec.datasets[4].sha256": OMIT}),
        ),
    ),
    "spec.benchmarkPod.env[]": (_one_value("spec.benchmarkPod"),),
    "spec.pod.env[]": (_one_value("spec.pod"),),
    "spec.load": (
        Example(
            "one run sends at most",
            takes=({"spec.load.rate": "2999.999/s", "spec.load.for": "3333.333s"},),
            refuses=(
                {"spec.load.rate": "2500/s", "spec.load.for": "4000s"},
                {"spec.load.rate": "100/s", "spec.load.for": "720h"},
            ),
        ),
        Example(
            "load rises from rampFrom to rate",
            takes=({"spec.load.rampFrom": "19.9/s", "spec.load.rate": "20/s"},),
            refuses=(
                {"spec.load.rampFrom": "20/s", "spec.load.rate": "20/s"},
                {"spec.load.rampFrom": "100/s", "spec.load.rate": "20/s"},
            ),
        ),
        Example(
            "load rises within the warm-up",
            takes=({"spec.load.rampFrom": "1/s", "spec.load.warmUp": "1ms"},),
            refuses=({"spec.load.rampFrom": "1/s", "spec.load.warmUp": "0s"},),
        ),
    ),
    "spec.serving": SERVING,
    "spec.subject": of_side("spec.subject"),
    "spec.baseline": of_side("spec.baseline"),
    **KPI_RULES,
    _STEPS: (
        Example(
            "the gates are measured in a benchmark step",
            takes=({_STEPS: [_BENCHMARK]}, {_STEPS: [{"pause": {}}, _BENCHMARK]}),
            refuses=({_STEPS: [{"weight": 50}]}, {_STEPS: [{"pause": {}}]}),
        ),
        Example(
            "benchmark steps come before",
            takes=({_STEPS: [_BENCHMARK, {"pause": {}}, _BENCHMARK, {"weight": 50}]},),
            refuses=(
                {_STEPS: [{"weight": 50}, _BENCHMARK]},
                {_STEPS: [_BENCHMARK, {"weight": 50}, _BENCHMARK]},
            ),
        ),
        Example(
            "weights never fall",
            takes=({_STEPS: [_BENCHMARK, {"weight": 9}, {"weight": 9}, {"weight": 10}]},),
            refuses=({_STEPS: [_BENCHMARK, {"weight": 10}, {"pause": {}}, {"weight": 9}]},),
        ),
    ),
    "spec.rollout.steps[]": (
        Example(
            "say exactly one of benchmark",
            takes=({f"{_STEPS}[2]": {"weight": 10}},),
            refuses=(
                {f"{_STEPS}[2]": {}},
                {f"{_STEPS}[2]": {"weight": 10, "pause": {}}},
                {f"{_STEPS}[0]": {"weight": 10, "benchmark": {}}},
            ),
        ),
        Example(
            "for and upTo belong to",
            takes=({f"{_STEPS}[2]": {"weight": 10, "for": "1m", "upTo": "1m"}},),
            refuses=(
                {f"{_STEPS}[2]": {"pause": {}, "for": "1m"}},
                {f"{_STEPS}[0]": {"benchmark": {}, "upTo": "1m"}},
            ),
        ),
        Example(
            "upTo is the longest",
            takes=(
                {f"{_STEPS}[1]": {"weight": 10, "for": "1h", "upTo": "60m"}},
                {f"{_STEPS}[1]": {"weight": 10, "for": "2h"}},
                {f"{_STEPS}[1]": {"weight": 10, "upTo": "1ms"}},
            ),
            refuses=({f"{_STEPS}[1]": {"weight": 10, "for": "1h", "upTo": "59m"}},),
        ),
    ),
    "spec.rollout": (
        Example(
            "maxSurge and maxUnavailable can't both",
            takes=(
                {"spec.rollout.maxSurge": 0, "spec.rollout.maxUnavailable": 1},
                {"spec.rollout.maxSurge": "1%", "spec.rollout.maxUnavailable": "0%"},
            ),
            refuses=(
                {"spec.rollout.maxSurge": 0, "spec.rollout.maxUnavailable": 0},
                {"spec.rollout.maxSurge": "0%", "spec.rollout.maxUnavailable": "00%"},
            ),
        ),
        Example(
            "progressDeadline must be longer",
            takes=({"spec.rollout.progressDeadline": "11s", "spec.rollout.minReadySeconds": 10},),
            refuses=({"spec.rollout.progressDeadline": "10s", "spec.rollout.minReadySeconds": 10},),
        ),
    ),
}
"""Rules between fields, by the path of their holder."""
