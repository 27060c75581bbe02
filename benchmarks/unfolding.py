"""A picture of verdicts unfolding: evidence against the number of requests.

    make picture

Three seeded versions, of 0.5%, 1% and 3% failed requests, judged after each request as
`atMost: 2%, expected: 1%` at 5% would, with requests that are independent.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.sax.saxutils import escape

from modelward.judge import RateCounts, RateStream, Tally, errors_objective, rate_verdict

FIVE = Fraction(5, 100)
OBJECTIVE = errors_objective(Fraction(2, 100), Fraction(1, 100), FIVE, FIVE)
MOST = 1_200
EVERY = 5
WIDTH, HEIGHT = 860, 560
LEFT, RIGHT, TOP, MIDDLE, PANEL = 96, 24, 56, 84, 170
LOWEST, HIGHEST = math.log(1 / 30), math.log(60)
ODDS = ((1 / 20, "1 to 20"), (1, "even"), (20, "20 to 1"))


@dataclass(frozen=True)
class Version:
    """One version, and how it is drawn."""

    share: float
    seed: int
    colour: str
    dashes: str = ""


VERSIONS = (
    Version(0.005, 3, "#0072b2"),
    Version(0.01, 3, "#555555", "7 4"),
    Version(0.03, 3, "#d55e00", "2 3"),
)


@dataclass(frozen=True)
class Moment:
    """The evidence after some requests, as logarithms of odds."""

    requests: int
    promote: float
    rollback: float


def unfold(version: Version) -> tuple[list[Moment], str]:
    """Return the evidence until the verdict, and the verdict."""
    rng = random.Random(version.seed)
    stream = RateStream(OBJECTIVE, RateCounts(60, 0, Tally(100)))
    moments = [Moment(0, 0.0, 0.0)]
    for requests in range(1, MOST + 1):
        failed = rng.random() < version.share
        outcome = stream.observe(failed)
        if requests % EVERY and not failed and outcome == "Inconclusive":
            continue
        found = rate_verdict(stream.counts, OBJECTIVE).evidence
        if found:
            moments.append(Moment(requests, float(found.promote), float(found.rollback)))
        if outcome != "Inconclusive":
            return moments, outcome
    return moments, "Inconclusive"


def _x(requests: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * requests / MOST


def _y(panel: int, logarithm: float) -> float:
    top = TOP + panel * (PANEL + MIDDLE)
    within = min(max(logarithm, LOWEST), HIGHEST)
    return top + PANEL * (HIGHEST - within) / (HIGHEST - LOWEST)


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _axes(panel: int, title: str, boundary: str) -> Iterator[str]:
    bottom = _y(panel, LOWEST)
    yield _text(LEFT, _y(panel, HIGHEST) - 14, title, more='font-weight="bold"')
    for odds, label in ODDS:
        y = _y(panel, math.log(odds))
        yield _rule((LEFT, y), (WIDTH - RIGHT, y), 'stroke="#ccc"')
        yield _text(LEFT - 8, y + 4, label, "end")
    y = _y(panel, math.log(20))
    yield _rule((LEFT, y), (WIDTH - RIGHT, y), 'stroke="#000" stroke-width="1.5"')
    yield _text(WIDTH - RIGHT, y - 6, boundary, "end")
    yield _rule((LEFT, bottom), (WIDTH - RIGHT, bottom), 'stroke="#000"')
    for requests in range(0, MOST + 1, 200):
        x = _x(requests)
        yield _rule((x, bottom), (x, bottom + 5), 'stroke="#000"')
        yield _text(x, bottom + 19, f"{requests:,}", "middle")


def _rule(start: tuple[float, float], end: tuple[float, float], stroke: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {stroke}/>'


def _line(panel: int, points: Sequence[tuple[int, float]], version: Version) -> str:
    path = " ".join(f"{_x(n):.1f},{_y(panel, value):.1f}" for n, value in points)
    dashes = f' stroke-dasharray="{version.dashes}"' if version.dashes else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{version.colour}" '
        f'stroke-width="1.8"{dashes}/>'
    )


def _key(number: int, version: Version, moments: list[Moment], verdict: str) -> Iterator[str]:
    x, y = LEFT + 250 * number, HEIGHT - 14
    last = moments[-1].requests
    told = f"{version.share:.1%} fail: {verdict} after {last:,}"
    if verdict == "Inconclusive":
        told = f"{version.share:.1%} fail: no verdict in {MOST:,}"
    dashes = f' stroke-dasharray="{version.dashes}"' if version.dashes else ""
    yield _rule(
        (x, y - 4), (x + 30, y - 4), f'stroke="{version.colour}" stroke-width="2.5"{dashes}'
    )
    yield _text(x + 36, y, told)


def picture() -> Iterator[str]:
    """Yield the lines of the SVG."""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13" role="img">'
    )
    yield "<title>Evidence for and against three versions, request by request</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    yield _text(LEFT, 22, "atMost: 2%, expected: 1%, both errors 5%: a look at every request",
                more='font-size="15"')  # fmt: skip
    yield from _axes(0, "Odds against “2% or more fail” (for promotion)", "promote")
    yield from _axes(1, "Odds against “1% or fewer fail” (for rollback)", "roll back")
    yield _text(WIDTH - RIGHT, _y(1, LOWEST) + 36, "requests", "end")
    for number, version in enumerate(VERSIONS):
        moments, verdict = unfold(version)
        yield _line(0, [(moment.requests, moment.promote) for moment in moments], version)
        yield _line(1, [(moment.requests, moment.rollback) for moment in moments], version)
        for panel, won in ((0, "Pass"), (1, "Fail")):
            if verdict == won:
                value = moments[-1].promote if panel == 0 else moments[-1].rollback
                x, y = _x(moments[-1].requests), _y(panel, value)
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{version.colour}"/>'
        yield from _key(number, version, moments, verdict)
    yield "</svg>"


def main() -> None:
    """Print the picture."""
    print("\n".join(picture()))


if __name__ == "__main__":
    main()
