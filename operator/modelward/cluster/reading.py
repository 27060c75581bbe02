"""Reads one BenchmarkRun and its log with the rights of whoever asks, as kubectl would."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp
from kubernetes.aio.client import ApiClient, CoreV1Api
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException, list_kube_config_contexts

from modelward.api.names import RUNNER_CONTAINER
from modelward.cluster.api import Api
from modelward.cluster.connection import ConfigurationError, configure, new_client
from modelward.cluster.errors import ApiError
from modelward.cluster.kinds import BENCHMARK_RUN
from modelward.writes import Document

_JOB_NAME_LABEL = "batch.kubernetes.io/job-name"
_MOST_LOG_BYTES = 4 * 1024 * 1024


class UnreadableError(Exception):
    """What was asked for can't be read; the message says what and why."""


@dataclass(frozen=True)
class Where:
    """A BenchmarkRun of a cluster, and how to get there."""

    name: str
    namespace: str | None
    """None: that of the kubeconfig's context."""
    kubeconfig: Path | None
    context: str | None


@dataclass(frozen=True)
class Read:
    """A BenchmarkRun, and the log of its last attempt."""

    run: Document
    log: str | None
    why_no_log: str = ""


async def read(where: Where) -> Read:
    """Return a run and its log; a log that is gone or forbidden is left out.

    Raises UnreadableError.
    """
    try:
        configuration = await configure(where.kubeconfig, where.context)
    except ConfigurationError as error:
        raise UnreadableError(f"no way to a cluster: {error}") from error
    namespace = where.namespace or await _namespace(where)
    async with new_client(configuration) as client:
        what = f"BenchmarkRun {where.name} in namespace {namespace}"
        try:
            run = await Api(client).get(BENCHMARK_RUN, namespace, where.name)
        except ApiError as error:
            raise UnreadableError(f"{what} can't be read: {error}") from error
        if run is None:
            raise UnreadableError(f"there is no {what}")
        try:
            return Read(run, await _log(client, run, namespace))
        except (ApiException, aiohttp.ClientError, OSError) as error:
            return Read(run, None, f"the log can't be read: {_why(error)}")


async def _log(client: ApiClient, run: Document, namespace: str) -> str | None:
    """Return the log of the attempt that counts, or else of the last one."""
    attempts = (run.get("status") or {}).get("attempts") or []
    counts = [each for each in attempts if each.get("outcome") == "Accepted"] or attempts
    if not counts:
        return None
    core = CoreV1Api(client)
    selector = f"{_JOB_NAME_LABEL}={counts[-1]['job']}"
    pods = await core.list_namespaced_pod(namespace, label_selector=selector)
    names = [pod.metadata.name for pod in pods.items if pod.metadata and pod.metadata.name]
    if not names:
        return None
    text: str = await core.read_namespaced_pod_log(
        names[0],
        namespace,
        container=RUNNER_CONTAINER,
        limit_bytes=_MOST_LOG_BYTES,
    )
    return text


async def _namespace(where: Where) -> str:
    """Return the namespace of the kubeconfig's context."""
    try:
        contexts, active = list_kube_config_contexts(  # type: ignore[no-untyped-call]
            str(where.kubeconfig) if where.kubeconfig else None
        )
    except ConfigException:
        return "default"
    named = [each for each in contexts if each["name"] == where.context]
    context = named[0] if named else active
    return str((context.get("context") or {}).get("namespace") or "default")


def _why(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"{error.status} {error.reason}"
    return str(error) or type(error).__name__
