"""For each CEL rule: an object that it takes and one that it refuses.

A rule is known by its message, so that none can be changed without its examples. Each example is a
change to the ordinary object, whose KPIs are accuracy, latency and errors, and whose steps are
benchmark, weight 10, pause, weight 10, weight 50.

A KPI with two sources can't be written yet: there is one source so far. The rule about "exactly one
source" counts them, so that the next source only joins its list.
"""

from dataclasses import dataclass

from tests.apiserver.crd.paths import OMIT, Json

Changes = dict[str, Json]


@dataclass(frozen=True)
class Example:
    """A rule at work."""

    told: str
    """Beginning of the rule's message."""
    takes: tuple[Changes, ...]
    refuses: tuple[Changes, ...]


_ACCURACY, _LATENCY, _ERRORS = "spec.kpis[0]", "spec.kpis[1]", "spec.kpis[2]"
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
                    f"{_ACCURACY}.benchmark.dataset": "silver",
                },
            ),
            refuses=({f"{_ACCURACY}.benchmark.dataset": "silver"},),
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
    "spec.kpis": (
        Example(
            "a version is promoted on evidence",
            takes=({f"{_ACCURACY}.effect": "report"},),
            refuses=({f"{_ACCURACY}.effect": "report", f"{_LATENCY}.effect": "report"},),
        ),
    ),
    "spec.kpis[]": (
        Example(
            "say where this KPI is measured",
            takes=({},),
            refuses=({f"{_ACCURACY}.benchmark": OMIT},),
        ),
        Example(
            "accuracy has a lower limit",
            takes=(
                {f"{_ACCURACY}.objective": {"atLeast": "0.1%"}},
                {f"{_ACCURACY}.objective": {"atLeast": "100%"}},
            ),
            refuses=(
                {f"{_ACCURACY}.objective": {}},
                {f"{_ACCURACY}.objective": {"atMost": "92%"}},
                {f"{_ACCURACY}.objective": {"atLeast": "92%", "atMost": "99%"}},
                {f"{_ACCURACY}.objective": {"atLeast": "0%"}},
                {f"{_ACCURACY}.objective": {"atLeast": "250ms"}},
            ),
        ),
        Example(
            "remove expected",
            takes=({},),
            refuses=({f"{_ACCURACY}.objective": {"atLeast": "92%", "expected": "95%"}},),
        ),
        Example(
            "errorRate has an upper limit",
            takes=(
                {f"{_ERRORS}.objective": {"atMost": "49.9%"}},
                {f"{_ERRORS}.objective": {"atMost": "0.001%"}},
            ),
            refuses=(
                {f"{_ERRORS}.objective": {}},
                {f"{_ERRORS}.objective": {"atLeast": "2%"}},
                {f"{_ERRORS}.objective": {"atMost": "2%", "atLeast": "1%"}},
                {f"{_ERRORS}.objective": {"atMost": "0%"}},
                {f"{_ERRORS}.objective": {"atMost": "50%"}},
                {f"{_ERRORS}.objective": {"atMost": "2s"}},
            ),
        ),
        Example(
            "latency has an upper limit",
            takes=({f"{_LATENCY}.objective": {"atMost": "1ms"}},),
            refuses=(
                {f"{_LATENCY}.objective": {}},
                {f"{_LATENCY}.objective": {"atLeast": "250ms"}},
                {f"{_LATENCY}.objective": {"atMost": "250ms", "atLeast": "1ms"}},
                {f"{_LATENCY}.objective": {"atMost": "0s"}},
                {f"{_LATENCY}.objective": {"atMost": "5%"}},
            ),
        ),
    ),
    "spec.kpis[].benchmark": (
        Example(
            "accuracy is counted on a data set",
            takes=({},),
            refuses=({f"{_ACCURACY}.benchmark.dataset": OMIT},),
        ),
        Example(
            "only accuracy names a data set",
            takes=({"spec.load.dataset": "golden"},),
            refuses=(
                {f"{_LATENCY}.benchmark.dataset": "golden"},
                {f"{_ERRORS}.benchmark.dataset": "golden"},
            ),
        ),
        Example(
            "say which quantile",
            takes=(
                {f"{_LATENCY}.benchmark.quantile": "p50"},
                {f"{_LATENCY}.benchmark.quantile": "p99.9"},
            ),
            refuses=({f"{_LATENCY}.benchmark.quantile": OMIT},),
        ),
        Example(
            "only latency has a quantile",
            takes=({},),
            refuses=(
                {f"{_ACCURACY}.benchmark.quantile": "p95"},
                {f"{_ERRORS}.benchmark.quantile": "p95"},
            ),
        ),
    ),
    "spec.kpis[].objective": (
        Example(
            "expected is what a healthy version shows",
            takes=(
                {f"{_LATENCY}.objective.expected": "249.999ms"},
                {f"{_ERRORS}.objective.expected": "1.999999%"},
                {f"{_LATENCY}.objective.expected": OMIT},
            ),
            refuses=(
                {f"{_LATENCY}.objective.expected": "250ms"},
                {f"{_LATENCY}.objective.expected": "1s"},
                {f"{_LATENCY}.objective.expected": "0s"},
                {f"{_LATENCY}.objective.expected": "1%"},
                {f"{_ERRORS}.objective.expected": "2%"},
                {f"{_ERRORS}.objective.expected": "10%"},
                {f"{_ERRORS}.objective.expected": "0%"},
                {f"{_ERRORS}.objective.expected": "1ms"},
            ),
        ),
    ),
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
