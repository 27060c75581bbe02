"""How long a decision takes, as a ratio to parsing the same resource from JSON.

    make bench-decisions

The snapshots are those of a release in its benchmark step, whose status tells how long a verdict
takes, and in its weight step. Parsing the user's object by Pydantic is the
peer: a round of the loop can't do without it, and its time moves with the machine's.
"""

import json
import statistics
import timeit
from functools import partial

from modelward.api.modeldeployment import ModelDeployment
from modelward.release.decide import decide
from modelward.release.snapshot import Snapshot
from tests.unit.world import released

ROUNDS, REPEATS = 200, 7


def main() -> None:
    """Print the medians of both, and their ratio."""
    text = json.dumps(released(replicas=3).deployment)
    parsing = _median(partial(ModelDeployment.model_validate_json, text))
    for step, verdict in (("benchmark", ""), ("weight", "Pass")):
        deciding = _median(partial(decide, _snapshot(verdict)))
        ratio = f"ratio {deciding / parsing:.1f}"
        print(f"{step} step: decide {deciding:.0f} us, parse {parsing:.0f} us, {ratio}")


def _snapshot(verdict: str) -> Snapshot:
    """Return a release after twelve rounds; it waits for a verdict where there is none."""
    world = released(replicas=3)
    world.verdict = lambda _: verdict
    world.change("2")
    world.run(12)
    return world.snapshot()


def _median(work: object) -> float:
    runs = timeit.repeat(work, number=ROUNDS, repeat=REPEATS)  # type: ignore[arg-type]
    return statistics.median(runs) / ROUNDS * 1e6


if __name__ == "__main__":
    main()
