"""For each CEL rule: an object that it takes and one that it refuses.

A rule is known by its message, so that none can be changed without its examples. Each example is a
change to the ordinary object, whose KPIs are accuracy, latency and errors, then accuracy, errors
and latency versus stable, and whose steps are benchmark, weight 10, pause, weight 10, weight 50.

A KPI with two sources can't be written yet: there is one source so far. The rule about "exactly one
source" counts them, so that the next source only joins its list.
"""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.kpi_rules import ACCURACY, ACCURACY_VERSUS, KPI_RULES, LATENCY_VERSUS
from tests.apiserver.crd.paths import OMIT, Json

_STEPS = "spec.rollout.steps"
_BENCHMARK: dict[str, Json] = {"benchmark": {}}

ELSEWHERE: dict[str, str] = {
    "callers reach the Service on this port": "test_the_port_of_the_service_does_not_change",
    "a BenchmarkRun is evidence": "test_a_benchmark_runs_spec_does_not_change",
    "at most 16 KPIs can be gates": "test_sixteen_gates_are_taken_and_seventeen_refused",
}
"""Rules that need more than one changed object, and their tests in test_crd_lifecycle."""

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
            "no KPI is compared with the baseline",
            takes=({"spec.kpis[4]": OMIT}, {"spec.baseline": OMIT}),
            refuses=({LATENCY_VERSUS: OMIT, "spec.kpis[4]": OMIT, ACCURACY_VERSUS: OMIT},),
        ),
        Example(
            "latency is compared with a pod that serves nobody else",
            takes=({"spec.baseline.closed": OMIT, LATENCY_VERSUS: OMIT}, {"spec.baseline": OMIT}),
            refuses=({"spec.baseline.closed": OMIT}, {"spec.baseline.closed": False}),
        ),
    ),
    "spec.load": (
        Example(
            "one run sends at most",
            takes=({"spec.load.rate": "9999.999/s", "spec.load.for": "1000s"},),
            refuses=(
                {"spec.load.rate": "10000/s", "spec.load.for": "1000s"},
                {"spec.load.rate": "100/s", "spec.load.for": "720h"},
            ),
        ),
    ),
    "spec.serving": (
        Example(
            "protocol http asks one path",
            takes=({"spec.serving.protocol": "http", "spec.serving.http": {"path": "/predict"}},),
            refuses=({"spec.serving.protocol": "http"},),
        ),
        Example(
            "only protocol http has http",
            takes=({"spec.serving.protocol": "v2"},),
            refuses=(
                {"spec.serving.http": {"path": "/predict"}},
                {"spec.serving.protocol": "v2", "spec.serving.http": {"path": "/predict"}},
            ),
        ),
    ),
    "spec.subject": (
        Example(
            "protocol http asks one path",
            takes=({"spec.subject.protocol": "http", "spec.subject.path": "/predict"},),
            refuses=({"spec.subject.protocol": "http"},),
        ),
        Example(
            "only protocol http has path",
            takes=({"spec.subject.protocol": "v2"},),
            refuses=({"spec.subject.path": "/predict"},),
        ),
    ),
    "spec.baseline": (
        Example(
            "protocol http asks one path",
            takes=({"spec.baseline.protocol": "http", "spec.baseline.path": "/predict"},),
            refuses=({"spec.baseline.protocol": "http"},),
        ),
        Example(
            "only protocol http has path",
            takes=({"spec.baseline.protocol": "v2"},),
            refuses=({"spec.baseline.path": "/predict"},),
        ),
    ),
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
