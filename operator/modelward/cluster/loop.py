"""The loop: take a key, observe, decide, act. One writer per key, as many keys as workers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from modelward.cluster.act import OutdatedError
from modelward.cluster.documents import Key
from modelward.cluster.errors import ApiError, NotYetError
from modelward.cluster.logs import about, in_release
from modelward.cluster.metrics import Metrics
from modelward.cluster.queue import WorkQueue
from modelward.writes import Plan

log = logging.getLogger(__name__)

NOT_YET_SECONDS = 1.0

S = TypeVar("S")


@dataclass(frozen=True)
class Loop(Generic[S]):
    """Brings the resources of one kind to where they are wanted, again and again."""

    kind: str
    queue: WorkQueue[Key]
    observe: Callable[[Key], Awaitable[S | None]]
    """Builds the snapshot; None where there is nothing to decide, as the resource is gone."""
    decide: Callable[[S], Plan]
    """Pure."""
    act: Callable[[Key, Plan], Awaitable[None]]
    metrics: Metrics

    async def work(self) -> None:
        """Work until the queue is shut down. Several of these may run side by side."""
        while (key := await self.queue.get()) is not None:
            try:
                with about(key):
                    await self._look_after(key)
            finally:
                self.queue.done(key)

    async def _look_after(self, key: Key) -> None:
        """Do one round for one resource; whatever fails is tried again after a back-off."""
        loop = asyncio.get_running_loop()
        began, result = loop.time(), "success"
        try:
            plan = await self._round(key)
        except OutdatedError as reason:
            result = "outdated"
            delay = self.queue.retry(key)
            log.info("Looking again in %.2f s: %s.", delay, reason)
        except NotYetError as error:
            result = "refused"
            self.queue.add_after(key, NOT_YET_SECONDS)
            log.info("Trying again in %.0f s: %s", NOT_YET_SECONDS, error)
        except ApiError as error:
            result = "refused"
            delay = self.queue.retry(key, at_least=error.retry_after)
            log.warning("Trying again in %.2f s: %s", delay, error)
        except Exception:
            # One resource that can't be handled must not keep the others from being looked after.
            result = "error"
            delay = self.queue.retry(key)
            log.exception("A round failed; trying again in %.2f s.", delay)
        else:
            self.queue.forget(key)
            if plan.wake_after is not None:
                self.queue.add_after(key, plan.wake_after.total_seconds())
        self.metrics.round(self.kind, result, loop.time() - began)

    async def _round(self, key: Key) -> Plan:
        snapshot = await self.observe(key)
        if snapshot is None:
            return Plan()
        plan = self.decide(snapshot)
        in_release(plan.subject)
        await self.act(key, plan)
        return plan
