"""The operator process: started, kept running, stopped."""

import asyncio
import copy
import logging
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import kopf
from kubernetes.aio.client import Configuration

from modelward import __version__
from modelward.cluster import connection, ending, logs, watch
from modelward.cluster.api import Api
from modelward.cluster.assembly import Assembly, assemble
from modelward.cluster.errors import ApiError
from modelward.cluster.health import endpoints
from modelward.cluster.kinds import OURS
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.runs import Runner
from modelward.cluster.own_image import PodName, own_image
from modelward.cluster.prometheus import Prometheus, SettingsError, read_settings
from modelward.cluster.requests import Requests

log = logging.getLogger(__name__)

CRD_SECONDS = 2.0
"""How often a CRD that is missing is looked for."""
END_SECONDS = 5.0
"""How long the tasks may take to end."""


@dataclass(frozen=True)
class Options:
    """How an operator is run."""

    runner_image: str | None
    """Image of benchmark pods; None: the image of our own pod."""
    runner_pull_policy: str
    pod: PodName | None
    """The pod that this runs in, if any."""
    kubeconfig: Path | None
    context: str | None
    namespaces: tuple[str, ...]
    """Namespaces to look after; none means the whole cluster."""
    host: str
    port: int
    workers: int
    """Resources of each kind that are looked after at the same time."""
    resync_seconds: float
    log_level: str
    prometheus: Path | None
    """File that says where Prometheus is; one that isn't there is as none."""


def main(options: Options) -> int:
    """Run the operator until it is told to stop; return the exit code."""
    logs.set_up(options.log_level)
    try:
        asyncio.run(_operate(options))
    except (asyncio.CancelledError, KeyboardInterrupt):
        log.info("Ended before there was anything to finish.")
    except connection.ConfigurationError as error:
        log.error("No way to the API server: %s", error)
        return 1
    except SettingsError as error:
        log.error("The settings of Prometheus can't be used: %s", error)
        return 1
    except Exception:
        log.exception("The operator ends; whatever it was doing, the next one continues.")
        return 1
    else:
        log.info("Ended.")
    return 0


async def _operate(options: Options) -> None:
    ending.on_signal(cast("asyncio.Task[None]", asyncio.current_task()).cancel)
    configuration = await connection.configure(options.kubeconfig, options.context)
    metrics = Metrics()
    requests = Requests(metrics)
    configuration.trace_configs = [requests.trace(watches=False)]
    async with connection.new_client(configuration) as client:
        api = Api(client)
        assembly = assemble(
            api,
            metrics,
            requests,
            await _runner(options, api),
            prometheus=_prometheus(options),
            namespaces=options.namespaces or (None,),
            resync_seconds=options.resync_seconds,
        )
        async with endpoints(
            options.host,
            options.port,
            live=assembly.stuck,
            ready=assembly.unready,
            metrics=metrics,
        ) as port:
            where = ", ".join(options.namespaces) or "the whole cluster"
            log.info("Modelward %s looks after %s.", __version__, where, extra={"port": port})
            await served(api)
            await _run(options, configuration, assembly)


async def _runner(options: Options, api: Api) -> Runner:
    if options.runner_image:
        return Runner(options.runner_image, options.runner_pull_policy)
    return await own_image(api, options.pod, options.runner_pull_policy)


def _prometheus(options: Options) -> Prometheus | None:
    settings = read_settings(options.prometheus) if options.prometheus else None
    if settings is None:
        log.info("Gates on users' requests can't be measured: no Prometheus is configured.")
        return None
    log.info("Gates on users' requests are measured by the Prometheus at %s.", settings.url)
    return Prometheus(settings)


async def served(api: Api) -> None:
    """Wait for our CRDs. Kopf would leave out a kind that is missing, and decide without it."""
    for kind in OURS:
        while True:
            try:
                if await api.serves(kind):
                    break
                log.warning("Waiting for the CRD of %s: apply the folder crds/.", kind.name)
            except ApiError as error:
                log.warning("Waiting for the API server: %s", error)
            await asyncio.sleep(CRD_SECONDS)


async def _run(options: Options, configuration: Configuration, assembly: Assembly) -> None:
    """Run all tasks until a signal comes, or until one ends, which is an error.

    Kopf ends at errors that only a fresh start mends: an ERROR event but 410, or a watch that is
    refused with 410. So do we: the next process reads everything.
    """
    # Kopf's operator() would wait for all of its tasks when one has failed, and its watches may
    # then wait for a login that no task of it does any more.
    watching = await _spawn_kopf(options, configuration, assembly)
    told = asyncio.Event()
    ending.on_signal(told.set)  # in place of what Kopf has just set
    signalled = asyncio.create_task(told.wait())
    check, *workers = [asyncio.create_task(each) for each in assembly.work(options.workers)]
    tasks = (signalled, *watching, check, *workers)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {signalled}:
            task.result()
            raise RuntimeError("A task of the operator has ended by itself.")
        log.info("Told to end: finishing the rounds in progress.")
        await ending.finish_rounds(assembly, workers)
    finally:
        _end_for_sure()
        await assembly.live.close()
        await ending.cancel(tasks)


async def _spawn_kopf(
    options: Options, configuration: Configuration, assembly: Assembly
) -> Sequence[asyncio.Task[Any]]:
    kopfs = copy.copy(configuration)
    kopfs.trace_configs = [assembly.requests.trace(watches=True)]
    tasks = await kopf.spawn_tasks(
        registry=watch.registry(kopfs, assembly.store, assembly.resync.ask),
        settings=watch.settings(),
        memories=watch.NoMemories(),
        # Kopf would make one of the user's name, and a container's user has none.
        identity=cast("Any", socket.gethostname()),
        clusterwide=not options.namespaces,
        namespaces=options.namespaces,
    )
    return [*tasks]


def _end_for_sure() -> None:
    """End the process soon, even where a task doesn't let itself be cancelled."""
    timer = threading.Timer(END_SECONDS, os._exit, [1])
    timer.daemon = True
    timer.start()
