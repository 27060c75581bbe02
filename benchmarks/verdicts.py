"""How verdicts come out for versions of known quality, on a simulated clock.

    make bench-verdicts

300 seeded benchmarks for each line, with the judging code of the runner and a calibration of their
own: limit 5%, expected 2.5%, 40 requests per second, errors independent or in bursts of five.
"""

from fractions import Fraction

from tests.unit.test_judge_simulated_clock import bursts_of_five, independent, outcomes

RUNS = 300
SHARES = (Fraction(1, 80), Fraction(1, 40), Fraction(1, 20), Fraction(1, 10))


def main() -> None:
    """Print a line for each quality and kind of errors."""
    print(f"{'true rate':>9}  {'errors':<16} {'Pass':>5} {'Fail':>5} {'Inconclusive':>13}")
    for share in SHARES:
        for faults in (independent, bursts_of_five):
            counted = outcomes(faults, share, RUNS)
            verdicts = f"{counted['Pass']:>5} {counted['Fail']:>5} {counted['Inconclusive']:>13}"
            print(f"{float(share):>9.2%}  {faults.__name__:<16} {verdicts}")


if __name__ == "__main__":
    main()
