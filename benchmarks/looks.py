"""What it costs to look after each of a million requests.

    make bench-looks

One process, true rates between what is expected and the limit, at dispersions under which a million
requests are not enough for a verdict, or just enough.
"""

import random
import time
import tracemalloc
from fractions import Fraction

from modelward.judge import RateCounts, RateStream, Tally, errors_objective

REQUESTS = 1_000_000
FIVE = Fraction(5, 100)
OBJECTIVE = errors_objective(Fraction(2, 100), Fraction(1, 100), FIVE, FIVE)


def main() -> None:
    """Print a line for each rate and dispersion."""
    print(
        f"{'true rate':>9} {'dispersion':>11} {'verdict':>13} {'looks':>8} {'seconds':>8} {'kB':>5}"
    )
    for share in (0.01, 0.014, 0.02):
        rng = random.Random(1)
        requests = [rng.random() < share for _ in range(REQUESTS)]
        for dispersion in (100, 10_000, 99_999):
            stream = RateStream(OBJECTIVE, RateCounts(60, 0, Tally(dispersion)))
            looks, started = 0, time.process_time()
            for bad in requests:
                looks += 1
                if stream.observe(bad) != "Inconclusive":
                    break
            seconds = time.process_time() - started
            told = f"{share:>9.1%} {dispersion / 100:>11.2f} {stream.outcome:>13} {looks:>8}"
            print(f"{told} {seconds:>8.3f} {_held(dispersion, requests):>5.1f}")


def _held(dispersion: int, requests: list[bool]) -> float:
    """Return what a stream keeps of ten thousand requests, in kilobytes."""
    tracemalloc.start()
    stream = RateStream(OBJECTIVE, RateCounts(60, 0, Tally(dispersion)))
    for bad in requests[:10_000]:
        stream.observe(bad)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / 1024


if __name__ == "__main__":
    main()
