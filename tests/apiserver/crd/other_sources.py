"""Examples of the rules about KPIs that jobs and users' requests measure; see rules."""

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.paths import OMIT

JOB_ROWS, JOB_REQUESTS, JOB_VALUE = (f"spec.kpis[{i}]" for i in range(10, 13))
JOBS = (JOB_ROWS, JOB_REQUESTS, JOB_VALUE)
LIVE, LIVE_VERSUS = "spec.kpis[13]", "spec.kpis[14]"
LIVE_LATENCY, EXPRESSION = "spec.kpis[16]", "spec.kpis[17]"
PROMETHEUS = {"bad": "errors_total", "total": "requests_total"}
VERSUS = {"versus": "stable", "worseByAtMost": "1pp"}
RELATIVE = {"versus": "stable", "worseByAtMost": "50%", "unlessBelow": "0.1%"}

OTHER_SOURCES: tuple[Example, ...] = (
    Example(
        "of what a job measures only badRequests",
        takes=({f"{JOB_REQUESTS}.objective": RELATIVE},),
        refuses=({f"{JOB_ROWS}.objective": VERSUS}, {f"{JOB_VALUE}.objective": RELATIVE}),
    ),
    Example(
        "bad requests that a job counts are compared by a multiple",
        takes=({f"{JOB_REQUESTS}.objective": RELATIVE},),
        refuses=(
            {f"{JOB_REQUESTS}.objective": VERSUS},
            {f"{JOB_REQUESTS}.objective": VERSUS | {"worseByAtMost": "10ms"}},
        ),
    ),
    Example(
        "the share of right rows has a lower limit",
        takes=({f"{JOB_ROWS}.objective": {"atLeast": "100%"}},),
        refuses=(
            {f"{JOB_ROWS}.objective": {"atMost": "92%"}},
            {f"{JOB_ROWS}.objective": {"atLeast": "0%"}},
            {f"{JOB_ROWS}.objective": {"atLeast": "0.92"}},
            {f"{JOB_ROWS}.objective": {"atMost": "92%", "expected": "91%"}},
        ),
    ),
    Example(
        "the share of bad requests has an upper limit",
        takes=({f"{JOB_REQUESTS}.objective": {"atMost": "49.9%"}},),
        refuses=(
            {f"{JOB_REQUESTS}.objective": {"atLeast": "2%"}},
            {f"{JOB_REQUESTS}.objective": {"atMost": "50%"}},
            {f"{JOB_REQUESTS}.objective": {"atMost": "250ms"}},
        ),
    ),
    Example(
        "remove expected: a value",
        takes=(
            {f"{JOB_VALUE}.objective": {"atLeast": "250ms"}},
            {f"{JOB_VALUE}.objective": {"atMost": "99%"}},
        ),
        refuses=({f"{JOB_VALUE}.objective": {"atMost": "3%", "expected": "2%"}},),
    ),
    Example(
        "a share of users' requests has an upper limit",
        takes=({f"{LIVE}.objective": {"atMost": "49.9%"}},),
        refuses=(
            {f"{LIVE}.objective": {}},
            {f"{LIVE}.objective": {"atLeast": "2%"}},
            {f"{LIVE}.objective": {"atMost": "50%"}},
            {f"{LIVE}.objective": {"atMost": "0%"}},
            {f"{LIVE}.objective": {"atMost": "2s"}},
        ),
    ),
    Example(
        "users' requests are compared by their errors",
        takes=({f"{LIVE_VERSUS}.objective": RELATIVE},),
        refuses=({f"{LIVE_VERSUS}.objective": VERSUS},),
    ),
    Example(
        "users' latency has an upper limit",
        takes=({f"{LIVE_LATENCY}.objective": {"atMost": "2s"}},),
        refuses=(
            {f"{LIVE_LATENCY}.objective": {}},
            {f"{LIVE_LATENCY}.objective": {"atLeast": "250ms"}},
            {f"{LIVE_LATENCY}.objective": {"atMost": "5%"}},
            {f"{LIVE_LATENCY}.objective": {"atMost": "0s"}},
            {f"{LIVE_LATENCY}.objective": {"versus": "stable", "worseByAtMost": "10%"}},
        ),
    ),
    Example(
        "an expression is only shown",
        takes=({f"{EXPRESSION}.effect": "report"},),
        refuses=({f"{EXPRESSION}.effect": "gate"}, {f"{EXPRESSION}.effect": OMIT}),
    ),
    Example(
        "the value of an expression has one limit",
        takes=(
            {f"{EXPRESSION}.objective": {"atLeast": "500/s"}},
            {f"{EXPRESSION}.objective": {"atMost": "100ms"}},
            {f"{EXPRESSION}.objective": {"atMost": "2%"}},
        ),
        refuses=(
            {f"{EXPRESSION}.objective": {"atMost": "2%", "expected": "1%"}},
            {f"{EXPRESSION}.objective": VERSUS},
        ),
    ),
)

ONE_WAY: tuple[Example, ...] = (
    Example(
        "say one of {bad: errors_total",
        takes=({f"{LIVE_LATENCY}.prometheus.quantile": "p99.9"},),
        refuses=(
            {f"{LIVE}.prometheus.bad": OMIT},
            {f"{LIVE}.prometheus.total": OMIT},
            {f"{LIVE}.prometheus": {}},
            {f"{LIVE}.prometheus.quantile": "p95"},
            {f"{LIVE_LATENCY}.prometheus.quantile": OMIT},
            {f"{LIVE_LATENCY}.prometheus.query": "1"},
            {f"{EXPRESSION}.prometheus.total": "requests_total"},
        ),
    ),
)
