"""All that the operator's lightness is measured by, in one table: `make bench`.

    python -m benchmarks [PART ...]

Each part has a cluster of its own, which is gone afterwards, and can be run alone:
`python -m benchmarks.reaction`. A part that fails is told, and the others are run.
"""

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks import bad, memory, reaction, requests, rounds, scale
from benchmarks.figures import Figure, report
from benchmarks.place import Place, place

PARTS: dict[str, Callable[[Place], Coroutine[Any, Any, list[Figure]]]] = {
    "reaction": reaction.measure,
    "requests": requests.measure,
    "bad": bad.measure,
    "scale": scale.measure,
    "rounds": rounds.measure,
    "memory": memory.measure,
}


def main() -> int:
    """Measure, print one table; the exit code is 1 where a bound is not met or a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    figures, failed = list[Figure](), list[str]()
    for name in parser.parse_args().parts or PARTS:
        began = time.monotonic()
        try:
            with place() as where:
                figures += asyncio.run(PARTS[name](where))
        except Exception:  # noqa: BLE001 - the other parts still have something to say
            traceback.print_exc()
            failed.append(name)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    code = report(figures)
    for name in failed:
        print(f"{name}: failed, see above")
    return 1 if failed else code


if __name__ == "__main__":
    sys.exit(main())
