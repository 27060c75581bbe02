"""How to reach the API server: from a kubeconfig, or as a pod of its cluster."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import kopf
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from modelward import __version__

_IDLE_CONNECTION_SECONDS = 75
"""Below the 90 s after which kube-apiserver closes an idle connection."""


class ConfigurationError(Exception):
    """There is no usable way to the API server."""


async def configure(kubeconfig: Path | None, context: str | None) -> Configuration:
    """Return where the API server is and who we are.

    Without a kubeconfig it is the service account of the pod that this runs in; outside of a
    cluster it is what kubectl would use.
    """
    configuration = Configuration()
    in_cluster = "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ
    try:
        if kubeconfig is None and context is None and in_cluster:
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        else:
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig) if kubeconfig else None,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
    except ConfigException as error:
        raise ConfigurationError(str(error)) from error
    return configuration


class _PatientConnections(RESTClientObject):
    """Keeps idle connections, so that a write after a quiet minute needs no TLS handshake."""

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            limit=self.maxsize,
            ssl=self.ssl_context,
            keepalive_timeout=_IDLE_CONNECTION_SECONDS,
        )


def new_client(configuration: Configuration) -> ApiClient:
    """Return a client with connections of its own; close it in the end."""
    client = ApiClient(configuration)
    client.user_agent = f"modelward/{__version__}"
    client.rest_client = _PatientConnections(configuration)
    return client


@dataclass(frozen=True, kw_only=True)
class _Session(kopf.AiohttpSession):
    """A session of ours for Kopf, so that its requests are traced like the others.

    Two of the same credentials are equal: by that Kopf sees that refused ones came back.
    """

    aiohttp_session: aiohttp.ClientSession = field(compare=False)
    credentials: kopf.ConnectionInfo


async def kopf_login(configuration: Configuration) -> kopf.AiohttpSession:
    """Return a session with the same credentials for Kopf, which asks again when refused."""
    info = await _kopf_credentials(configuration)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
        headers=info.as_http_headers(),
        proxy=info.proxy_url,
        trust_env=info.trust_env,
        trace_configs=configuration.trace_configs,
    )
    return _Session(server=info.server, aiohttp_session=session, credentials=info)


async def _kopf_credentials(configuration: Configuration) -> kopf.ConnectionInfo:
    header = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    scheme, _, token = (header or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
        trust_env=True,  # as the kubernetes client has it
    )
