"""How long a decision takes, as a ratio to parsing the same resource from JSON.

    make bench-decisions

The snapshot is one of a release in its weight step. Parsing the user's object by Pydantic is the
peer: a round of the loop can't do without it, and its time moves with the machine's.
"""

import json
import statistics
import timeit

from modelward.api.modeldeployment import ModelDeployment
from modelward.release.decide import decide
from tests.unit.world import released

ROUNDS, REPEATS = 200, 7


def main() -> None:
    """Print the medians of both, and their ratio."""
    world = released(replicas=3)
    world.change("2")
    world.run(12)
    snapshot, text = world.snapshot(), json.dumps(world.deployment)
    deciding = _median(lambda: decide(snapshot))
    parsing = _median(lambda: ModelDeployment.model_validate_json(text))
    print(f"decide {deciding:.0f} us, parse {parsing:.0f} us, ratio {deciding / parsing:.1f}")


def _median(work: object) -> float:
    runs = timeit.repeat(work, number=ROUNDS, repeat=REPEATS)  # type: ignore[arg-type]
    return statistics.median(runs) / ROUNDS * 1e6


if __name__ == "__main__":
    main()
