"""The check of the cache, against a real API server and a cache that has lost something."""

import asyncio
import functools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from modelward.cluster.api import Api
from modelward.cluster.connection import configure, new_client
from modelward.cluster.documents import Key, uid
from modelward.cluster.kinds import MODEL_DEPLOYMENT, SERVICE, WATCHED
from modelward.cluster.metrics import Metrics
from modelward.cluster.resync import Resync
from modelward.cluster.store import Store
from tests.apiserver.kube import Kube
from tests.apiserver.samples import make_deployment
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver


@dataclass
class Bench:
    """A store that is filled by hand, and the check of it."""

    resync: Resync
    store: Store
    woken: list[Key]


@pytest.fixture
async def bench(served: Cluster, namespace: str) -> AsyncIterator[Bench]:
    async with new_client(await configure(served.kubeconfig, None)) as client:
        woken = list[Key]()
        store = Store(woken.append)
        resync = Resync(
            api=Api(client),
            store=store,
            metrics=Metrics(),
            wake_after=lambda *_: None,
            namespaces=(namespace,),
            period=0.0,
            patience=0.0,
        )
        # Just after the start, the API server's own caches are still being filled.
        for kind in WATCHED:
            filled = functools.partial(resync.is_filled, kind, namespace)
            await until(filled, f"the API server to tell what exists of {kind.plural}")
        yield Bench(resync, store, woken)


async def test_the_cache_is_filled_when_it_knows_all_that_exists(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    assert await bench.resync.is_filled(MODEL_DEPLOYMENT, namespace)
    stored = await make_deployment(kube, namespace)
    assert not await bench.resync.is_filled(MODEL_DEPLOYMENT, namespace)
    bench.store.learn(MODEL_DEPLOYMENT, stored)
    assert await bench.resync.is_filled(MODEL_DEPLOYMENT, namespace)


async def test_an_object_that_the_watch_never_told_of_is_found_and_looked_at(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    stored = await make_deployment(kube, namespace)
    await bench.resync.check()
    found = bench.store.get(MODEL_DEPLOYMENT, namespace, "fraud")
    assert found is not None
    assert uid(found) == uid(stored)
    assert bench.woken == [Key("ModelDeployment", namespace, "fraud")]


async def test_an_update_that_the_watch_lost_is_found(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    bench.store.learn(MODEL_DEPLOYMENT, await make_deployment(kube, namespace))
    bench.woken.clear()
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", {"spec": {"replicas": 7}})
    await bench.resync.check()
    found = bench.store.get(MODEL_DEPLOYMENT, namespace, "fraud")
    assert found is not None
    assert found["spec"]["replicas"] == 7
    assert bench.woken == [Key("ModelDeployment", namespace, "fraud")]


async def test_an_object_that_went_unnoticed_is_forgotten(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    stored = await make_deployment(kube, namespace)
    bench.store.learn(MODEL_DEPLOYMENT, stored)
    await kube.delete(MODEL_DEPLOYMENT, namespace, "fraud")
    bench.woken.clear()
    await bench.resync.check()
    assert bench.store.get(MODEL_DEPLOYMENT, namespace, "fraud") is None
    assert bench.woken == [Key("ModelDeployment", namespace, "fraud")]


async def test_an_object_made_after_the_list_is_kept(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    stored = await make_deployment(kube, namespace)
    newer = {**stored, "metadata": {**stored["metadata"], "resourceVersion": str(2**60)}}
    bench.store.learn(SERVICE, newer)
    await bench.resync.check()
    assert bench.store.get(SERVICE, namespace, "fraud") is not None


async def test_a_correct_cache_is_left_as_it_is_and_nothing_is_looked_at_at_once(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    bench.store.learn(MODEL_DEPLOYMENT, await make_deployment(kube, namespace))
    bench.woken.clear()
    await bench.resync.check()
    assert bench.woken == []


async def test_a_check_that_is_asked_for_does_not_wait_for_the_period(
    bench: Bench, kube: Kube, namespace: str
) -> None:
    bench.resync.period = 3600.0
    stored = await make_deployment(kube, namespace)
    bench.store.learn(MODEL_DEPLOYMENT, stored)
    task = asyncio.create_task(bench.resync.run())
    try:
        await bench.resync.filled.wait()
        await kube.delete(MODEL_DEPLOYMENT, namespace, "fraud")
        bench.resync.ask()

        async def forgotten() -> bool:
            return bench.store.get(MODEL_DEPLOYMENT, namespace, "fraud") is None

        await until(forgotten, "the cache to be mended")
    finally:
        task.cancel()
