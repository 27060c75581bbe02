"""How fast, how truthful and how small the load generator is: `make bench-runner`.

    python -m benchmarks.runner [--realtime] [PART ...]

Tool and server each have a core of their own; every figure is the median of three runs. With
--realtime both run before all ordinary processes: for a machine on which others are busy.
"""

import argparse
import sys
import time

from benchmarks.runner.machine import Machine, load_average
from benchmarks.runner.parts import PARTS


def main() -> None:
    """Measure, and print each table as Markdown when it is there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    arguments = parser.parse_args()
    for name in arguments.parts or PARTS:
        began, busy = time.monotonic(), load_average()
        rows = PARTS[name](Machine(arguments.realtime))
        print(f"\n{PARTS[name].__doc__}\n")
        for number, row in enumerate(rows):
            print(f"| {' | '.join(row)} |", flush=True)
            if number == 0:
                print("|" + "---|" * len(row), flush=True)
        took = time.monotonic() - began
        print(f"{name}: {took:.0f} s, load average {busy:.1f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
