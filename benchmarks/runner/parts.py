"""What is measured, each part as a table."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchmarks.runner import tools
from benchmarks.runner.machine import Machine, Ran
from benchmarks.runner.stacks import STACKS
from benchmarks.runner.truth import SHARES, Truth

RUNS = 3
RATES = (1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000)
MOST_DELAY = 0.001
_CEILING_SECONDS = 5
_CALLERS = 32
_SECONDS = 5
_OURS_REQUESTS = 50_000
_STACK_RATE = 1_000
_STACK_REQUESTS = {"niquests": 4_000, "httpx": 3_000}
_TRUE_RATE = 200
_TRUE_SECONDS = 20
_TRUE_CALLERS = 8
_MILLION = 1_000_000
_ENDLESS_RATE = 50
_ENDLESS_SECONDS = 10

Rows = Iterator[tuple[str, ...]]
"""A table, its heading first."""


def ceiling(machine: Machine) -> Rows:
    """The highest rate at which requests are sent in time."""
    yield "requests per second", "p99 send delay", "of a core"
    best = 0
    with machine.server("at-once") as url:
        for rate in RATES:
            runs = [_open(machine, url, rate, rate * _CEILING_SECONDS) for _ in range(RUNS)]
            delay = median(told.send_delay for told, _ in runs)
            yield f"{rate:,}", _millis(delay), f"{median(ran.busy for _, ran in runs):.0%}"
            if delay >= MOST_DELAY:
                break
            best = rate
    yield f"**in time up to {best:,}**", f"**under {_millis(MOST_DELAY)}**", ""


def side_by_side(machine: Machine) -> Rows:
    """The same request from the same number of callers, answered at once."""
    yield "tool", "requests per second", "of a core", "requests per second and core"
    with machine.server("at-once") as url:
        runs = [tools.ours(machine, url, _CALLERS, _OURS_REQUESTS) for _ in range(RUNS)]
        yield "modelward runner", *_rates(runs)
        for name, tool in tools.TOOLS.items():
            yield name, *_cells(3, _rates_of, machine, url, tool)


def stacks(machine: Machine) -> Rows:
    """The runner on other HTTP clients."""
    yield "client", "requests per second and core", f"p99 send delay at {_STACK_RATE:,}/s"
    with machine.server("at-once") as url:
        for name in ("", *STACKS):
            requests = _STACK_REQUESTS.get(name, 20_000)
            closed = [tools.ours(machine, url, _CALLERS, requests, name) for _ in range(RUNS)]
            opened = [_open(machine, url, _STACK_RATE, 3 * _STACK_RATE, name) for _ in range(RUNS)]
            rate = median(each.per_core for each in closed)
            delay = median(told.send_delay for told, _ in opened)
            yield name or "the runner's own", f"{rate:,.0f}", _millis(delay)


def quantiles(machine: Machine) -> Rows:
    """Latencies that the server injects, and what tools make of them."""
    shares = [f"p{float(share * 100):g}" for share in SHARES]
    yield "server", "tool", *shares, *(f"error of {share}" for share in shares)
    for mode in ("delays", "stall"):
        requests = _TRUE_RATE * _TRUE_SECONDS
        truth = Truth(_TRUE_RATE, requests, requests // 10, stalls=mode == "stall").quantiles()
        name = "stalls for 2 s" if mode == "stall" else "steady"
        yield name, "**truth**", *map(_millis, truth), *[""] * len(SHARES)
        yield (
            name,
            f"modelward runner, {_TRUE_RATE}/s",
            *_errors([_true(machine, mode) for _ in range(RUNS)], truth),
        )
        for tool_name, tool in tools.TOOLS.items():
            cells = _cells(2 * len(SHARES), _errors_of, machine, tool, mode, truth)
            yield name, f"{tool_name}, {_TRUE_CALLERS} callers", *cells


def memory(machine: Machine) -> Rows:
    """What a million requests take, and answers that never end."""
    yield "load", "after a tenth", "at the end", "at most"
    with machine.server("at-once") as url:
        _, ran = tools.sent(machine, url, tools.UNREACHED, _MILLION, callers=_CALLERS)
        yield f"{_MILLION:,} requests", *_memory(ran)
    with machine.server("endless") as url:
        _, ran = _open(machine, url, _ENDLESS_RATE, _ENDLESS_RATE * _ENDLESS_SECONDS)
        yield f"{_ENDLESS_RATE}/s to a server whose answers never end", *_memory(ran)


PARTS: dict[str, Callable[[Machine], Rows]] = {
    "ceiling": ceiling,
    "side-by-side": side_by_side,
    "quantiles": quantiles,
    "memory": memory,
    "stacks": stacks,
}
"""By name."""


def _open(
    machine: Machine, url: str, rate: int, requests: int, stack: str = ""
) -> tuple[tools.Sent, Ran]:
    return tools.sent(machine, url, str(rate), requests, stack=stack)


def _cells(
    number: int, measure: Callable[..., tuple[str, ...]], *arguments: object
) -> tuple[str, ...]:
    """Return what was measured as so many cells, or why a tool can't be had."""
    try:
        return measure(*arguments)
    except tools.NotHadError as error:
        return f"not had: {error}", *[""] * (number - 1)


def _rates_of(machine: Machine, url: str, tool: tools.Tool) -> tuple[str, ...]:
    return _rates([tool(machine, url, _CALLERS, _SECONDS) for _ in range(RUNS)])


def _rates(runs: Sequence[tools.Measured]) -> tuple[str, str, str]:
    rate, busy = median(run.rate for run in runs), median(run.busy for run in runs)
    return f"{rate:,.0f}", f"{busy:.0%}", f"{median(run.per_core for run in runs):,.0f}"


def _true(machine: Machine, mode: str) -> list[float]:
    with machine.server(mode) as url:
        return _open(machine, url, _TRUE_RATE, _TRUE_RATE * _TRUE_SECONDS)[0].quantiles


def _errors_of(
    machine: Machine, tool: tools.Tool, mode: str, truth: list[float]
) -> tuple[str, ...]:
    found = []
    for _ in range(RUNS):
        with machine.server(mode) as url:
            found.append(tool(machine, url, _TRUE_CALLERS, _TRUE_SECONDS).quantiles)
    return _errors(found, truth)


def _errors(runs: Sequence[Sequence[float]], truth: Sequence[float]) -> tuple[str, ...]:
    """Return medians of quantiles, and by how much each is off."""
    found = [median(each) for each in zip(*runs, strict=True)]
    errors = (f"{value / true - 1:+.1%}" for value, true in zip(found, truth, strict=True))
    return *map(_millis, found), *errors


def _memory(ran: Ran) -> tuple[str, str, str]:
    samples = ran.samples
    seen = samples[len(samples) // 10].memory, samples[-1].memory, ran.peak
    return tuple(f"{mebibytes:.0f} MiB" for mebibytes in seen)  # type: ignore[return-value]


def _millis(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms" if seconds < 0.01 else f"{seconds * 1000:,.1f} ms"
