"""One client: calls a URL on a fixed schedule and counts what a user would have noticed.

    python -m clients.load --url http://fraud.ml.svc:8080/v2/models/fraud/infer \
        --rows rows.jsonl --rate 50 --connections kept --at-least 3000

Once a second, and at the end, it prints its report so far as one line of JSON (see `Report`). It
ends after SIGTERM, once --at-least requests are sent, or after --at-most-seconds.

It runs in a pod from a ConfigMap, so it needs the standard library alone. It speaks HTTP on
sockets of its own, because client libraries hide what is counted here: which connection a
request went out on, and whether the server had read it when it closed that one.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from .connections import Address, AnswerError, ClosedBetweenRequestsError, Connection
from .report import Report

TIMEOUT_SECONDS = 2.0
DIAL_SECONDS = 0.9
"""A connection that is not there by then is dialled anew: before TCP itself tries again."""
_ROUTED_WITHIN_SECONDS = 30.0


class Caller:
    """Sends requests on new connections, or on kept ones."""

    def __init__(self, address: Address, keep: bool, report: Report) -> None:
        self.address = address
        self._keep = keep
        self._idle: list[Connection] = []
        self._report = report

    async def call(self, request: bytes, version_field: str) -> None:
        """Send one request and count how it went."""
        started = time.perf_counter()
        self._report.sent += 1
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                version = await self._ask(request, version_field)
        except TimeoutError:
            self._report.count_failure(f"no answer within {TIMEOUT_SECONDS:g} s")
        except (AnswerError, OSError) as error:
            self._report.count_failure(str(error) or type(error).__name__)
        else:
            self._report.count_answer(version, time.perf_counter() - started)

    async def _ask(self, request: bytes, version_field: str) -> str:
        while connection := self._take_idle():
            try:
                return await self._ask_on(connection, request, version_field)
            except ClosedBetweenRequestsError:
                self._report.reopened += 1
        return await self.ask_anew(request, version_field)

    async def ask_anew(self, request: bytes, version_field: str) -> str:
        """Ask on a new connection; return the version. Raises AnswerError or OSError."""
        return await self._ask_on(await self._dial(), request, version_field)

    async def _dial(self) -> Connection:
        """Connect, from another port where the first one leads nowhere, as careful clients do."""
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                return await Connection.open(self.address)
        except TimeoutError:
            self._report.redialled += 1
            return await Connection.open(self.address)

    async def _ask_on(self, connection: Connection, request: bytes, version_field: str) -> str:
        with contextlib.ExitStack() as unless_kept:
            unless_kept.callback(connection.close)
            answer = await connection.ask(request)
            if answer.status >= 400:
                raise AnswerError(f"HTTP status {answer.status}")
            version = answer.member(version_field)
            if self._keep and answer.keeps_connection:
                unless_kept.pop_all()
                self._idle.append(connection)
        return version

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed_by_server():
                return connection
            connection.close()
            self._report.reopened += 1
        return None


def requests(url: str, rows: Path, protocol: str, keep: bool) -> Iterator[bytes]:
    """Yield ready-made HTTP requests, the rows one after the other and again from the start."""
    target = urlsplit(url)
    made = []
    for line in rows.read_text().splitlines():
        inputs = json.loads(line)["inputs"]
        body = json.dumps({"inputs": inputs} if protocol == "v2" else inputs).encode()
        head = (
            f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return itertools.cycle(made)


async def run(options: argparse.Namespace) -> None:
    """Call on schedule until told to stop; print reports on the way."""
    keep = options.connections == "kept"
    report = Report(client=options.name, connections=options.connections)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    caller = Caller(await Address.resolve(options.url), keep, report)
    payloads = requests(options.url, options.rows, options.protocol, keep)
    scout = Caller(caller.address, keep=False, report=Report(options.name, "new"))
    report.waited = await until_routed(scout, next(payloads), options.version_field)
    reporter = asyncio.create_task(_print_every_second(report))
    async with asyncio.TaskGroup() as calls:
        async for _ in _schedule(options, stop, report):
            calls.create_task(caller.call(next(payloads), options.version_field))
    reporter.cancel()
    report.done = True
    print(report.to_json(), flush=True)


async def until_routed(caller: Caller, request: bytes, version_field: str) -> float:
    """Call until a new connection is answered once, half a minute at most; return the seconds.

    kube-proxy routes a Service's first endpoint up to a second after it is ready. Until then it
    refuses connections, and one that is opened between its commits of the filter and the nat
    table is remembered as not translated and never answered. That is how a Service begins,
    whoever made it, so a client that is about to count what a release does waits for it.
    """
    started = time.perf_counter()
    while (waited := time.perf_counter() - started) < _ROUTED_WITHIN_SECONDS:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await caller.ask_anew(request, version_field)
        except AnswerError:
            break  # of no use, but an answer: what follows counts
        except (OSError, TimeoutError):
            await asyncio.sleep(0.05)
        else:
            break
    return waited


async def _schedule(
    options: argparse.Namespace, stop: asyncio.Event, report: Report
) -> AsyncIterator[int]:
    """Yield when a request is due, whether or not earlier ones were answered."""
    started = time.perf_counter()
    for number in itertools.count():
        due = number / options.rate
        if due >= options.at_most_seconds or (stop.is_set() and number >= options.at_least):
            return
        now = time.perf_counter() - started
        if now < due:
            await asyncio.sleep(due - now)
        report.count_lateness(time.perf_counter() - started - due)
        yield number


async def _print_every_second(report: Report) -> None:
    while True:
        await asyncio.sleep(1)
        print(report.to_json(), flush=True)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="load")
    parser.add_argument("--url", required=True)
    parser.add_argument("--rows", type=Path, required=True, help="golden rows, as JSON lines")
    parser.add_argument("--protocol", choices=("v2", "http"), default="v2")
    parser.add_argument("--version-field", default="model_version", help="which version answered")
    parser.add_argument("--connections", choices=("new", "kept"), required=True)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--at-least", type=int, default=0, help="requests, before SIGTERM counts")
    parser.add_argument("--at-most-seconds", type=float, default=900.0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
