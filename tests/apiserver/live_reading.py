"""Asking a real Prometheus about pods that count, and what these counted in truth."""

import asyncio

from modelward.benchmark.live.counting import to_millis
from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import Unread
from modelward.cluster import clock
from modelward.cluster.prometheus import Prometheus, PrometheusSettings
from tests.apiserver.counting_pods import CountingPod, CountingPods

REVISION = "fraud-x7f9k2m4q1"


def client(url: str, **changes: object) -> Prometheus:
    """Return the operator's client, with the administrator's settings."""
    return Prometheus(PrometheusSettings.model_validate({"url": url} | changes))


async def read(prometheus: Prometheus, *selectors: str, namespace: str = "ml") -> Reading | Unread:
    """Read the last five minutes, and close the client."""
    now = to_millis(clock.now())
    try:
        return await prometheus.read(namespace, [REVISION], selectors, (now - 300_000, now))
    finally:
        await prometheus.close()


async def until_scraped(fleet: CountingPods, times: int) -> None:
    """Wait until each pod was scraped so often."""
    for _ in range(1_200):
        await asyncio.sleep(0.05)
        if all(len(pod.at_scrapes) >= times for pod in fleet.pods.values()):
            await asyncio.sleep(0.5)  # until the last scrape is stored
            return
    raise AssertionError("Prometheus does not scrape")


def scrapes_of(reading: Reading, pod: CountingPod) -> list[tuple[int, float]]:
    """Return the scrapes of a pod that Prometheus has stored."""
    return [at for series in reading.up if series.pod == pod.name for at in series.samples]


def truth(pod: CountingPod, scrapes: int) -> tuple[int, int]:
    """Requests until the scrape that Prometheus had stored when it was asked."""
    counted_until = pod.at_scrapes[scrapes - 1] - pod.at_scrapes[0]
    return counted_until.total(), counted_until.total() - counted_until["200"]
