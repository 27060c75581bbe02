"""Print all tables.

    make bench-judge

Two processes; FULL=1 simulates ten times as many benchmarks with dependent requests.
"""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor

from benchmarks.judging import compared, dependent, golden, rivals, wald

RUNS = 200_000 if os.environ.get("FULL") else 20_000
PROCESSES = 2


def lines(table: Callable[[], Iterable[str]]) -> list[str]:
    """Return the lines of a table."""
    return list(table())


def main() -> None:
    """Print each table when it is there."""
    started = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as executor:
        exact = [executor.submit(lines, each.table) for each in (wald, golden, rivals)]
        asked, pairs = dependent.asked(executor, RUNS), compared.asked(executor, RUNS // 8)
        for table in exact:
            print("\n".join(table.result()), flush=True)
        for line in (*dependent.table(asked), *compared.table(pairs)):
            print(line, flush=True)
    print(f"\n{time.perf_counter() - started:.0f} seconds, {PROCESSES} processes")


if __name__ == "__main__":
    main()
