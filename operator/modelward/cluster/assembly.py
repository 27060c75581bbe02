"""The operator's parts, put together: two loops on one store and one adapter."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from modelward.benchmark.decide import decide as decide_run
from modelward.cluster import clock
from modelward.cluster.act import Actor
from modelward.cluster.api import Api
from modelward.cluster.documents import Key
from modelward.cluster.inventory import Inventory
from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT, OURS
from modelward.cluster.loop import Loop
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.datasets import Datasets
from modelward.cluster.observe.deployments import DeploymentObserver
from modelward.cluster.observe.live import LiveReader
from modelward.cluster.observe.runs import Runner, RunObserver
from modelward.cluster.observe.unreadable import Unreadable, explain
from modelward.cluster.prometheus import Prometheus
from modelward.cluster.queue import WorkQueue
from modelward.cluster.refusals import Refusals
from modelward.cluster.requests import Requests
from modelward.cluster.resync import Resync
from modelward.cluster.store import Store
from modelward.release.decide import decide as decide_release
from modelward.writes import Plan

STUCK_SECONDS = 300.0
"""A round that takes longer than this, ten times a request's time-out, will never end."""

WATCH_SECONDS = 600.0
"""A watch that nobody has asked for in this time, twice its longest life, is forgotten by Kopf."""

S = TypeVar("S")


@dataclass(frozen=True)
class Assembly:
    """Everything that runs beside Kopf."""

    store: Store
    queues: dict[str, WorkQueue[Key]]
    """By the kind of their keys."""
    loops: Sequence[Loop[Any]]
    resync: Resync
    requests: Requests
    live: LiveReader
    """Closed by whoever runs the parts."""
    ending: asyncio.Event
    """Set once the operator was told to end."""

    def wake(self, key: Key) -> None:
        """Ask for a look at a resource as soon as possible."""
        self.queues[key.kind].add(key)

    def stuck(self) -> str | None:
        """Say what will never go on by itself, if anything: a round, or a watch.

        A restart would help then. An API server that doesn't answer is no such thing.
        """
        for kind, queue in self.queues.items():
            if queue.oldest > STUCK_SECONDS:
                return f"a round for a {kind} has taken {queue.oldest:.0f} s"
        return self.requests.forgotten(WATCH_SECONDS)

    def unready(self) -> str | None:
        """Say what keeps the operator from deciding, if anything does."""
        if self.ending.is_set():
            return "the operator ends"
        return None if self.resync.filled.is_set() else "the cache is being filled"

    def work(self, workers: int) -> list[Coroutine[Any, Any, None]]:
        """Return what must run: the check of the cache, then `workers` for each loop."""
        working = (self._work(loop) for loop in self.loops for _ in range(workers))
        return [self.resync.run(), *working]

    def end(self) -> None:
        """Hand out no more keys: the workers end with the round that each is at."""
        self.ending.set()
        for queue in self.queues.values():
            queue.shut_down()

    async def _work(self, loop: Loop[Any]) -> None:
        await self.resync.filled.wait()
        await loop.work()


def assemble(
    api: Api,
    metrics: Metrics,
    requests: Requests,
    runner: Runner,
    *,
    prometheus: Prometheus | None = None,
    namespaces: Sequence[str | None] = (None,),
    resync_seconds: float = 600.0,
) -> Assembly:
    """Put the operator together. Must be called within the event loop that it will run in."""
    queues = {kind.name: _queue(kind.name, metrics) for kind in OURS}
    store = Store(lambda key: queues[key.kind].add(key))
    metrics.read_at_scrape(Inventory(store, requests))
    refusals = Refusals(clock.now)

    def wake_after(key: Key, seconds: float) -> None:
        queues[key.kind].add_after(key, seconds)

    host = socket.gethostname()
    act = Actor(api, store, refusals, clock.now, host, wake_after, metrics.happened).carry_out
    datasets = Datasets(api, time.monotonic)
    deployments = DeploymentObserver(store, datasets, refusals, clock.now)
    live = LiveReader(prometheus, lambda key: queues[key.kind].add(key), clock.now, metrics)
    runs = RunObserver(store, api, refusals, clock.now, runner, live)
    loops = (
        _loop(MODEL_DEPLOYMENT.name, queues, deployments.observe, decide_release, act, metrics),
        _loop(BENCHMARK_RUN.name, queues, runs.observe, decide_run, act, metrics),
    )
    resync = Resync(
        api=api,
        store=store,
        metrics=metrics,
        wake_after=wake_after,
        namespaces=namespaces,
        period=resync_seconds,
    )
    return Assembly(store, queues, loops, resync, requests, live, ending=asyncio.Event())


def _queue(kind: str, metrics: Metrics) -> WorkQueue[Key]:
    observer = metrics.queue_observer(kind)
    queue = WorkQueue[Key](asyncio.get_running_loop(), observer=observer)
    metrics.measure_queue(kind, queue)
    return queue


def _loop(
    kind: str,
    queues: dict[str, WorkQueue[Key]],
    observe: Callable[[Key], Coroutine[Any, Any, S | Unreadable | None]],
    decide: Callable[[S], Plan],
    act: Callable[[Key, Plan], Coroutine[Any, Any, None]],
    metrics: Metrics,
) -> Loop[S | Unreadable]:
    def decide_or_explain(seen: S | Unreadable) -> Plan:
        return explain(seen) if isinstance(seen, Unreadable) else decide(seen)

    return Loop(kind, queues[kind], observe, decide_or_explain, act, metrics)
