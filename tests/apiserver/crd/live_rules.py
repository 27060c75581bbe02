"""Examples of the rules about KPIs on users' requests; see rules."""

from tests.apiserver.crd.example import Example

LIVE, LIVE_VERSUS = "spec.kpis[10]", "spec.kpis[11]"
_POINTS = {"versus": "stable", "worseByAtMost": "1pp"}
_RELATIVE = {"versus": "stable", "worseByAtMost": "50%", "unlessBelow": "0.1%"}

LIVE_EXAMPLES = (
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
        takes=({f"{LIVE_VERSUS}.objective": _RELATIVE},),
        refuses=({f"{LIVE_VERSUS}.objective": _POINTS},),
    ),
)
