"""How to reach the API server: from a kubeconfig, or as a pod of its cluster."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import kopf
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from yarl import URL

from modelward import __version__
from modelward.cluster.stream import WatchResponse

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
    configuration.proxy = configuration.proxy or _proxy(configuration.host)
    # Otherwise aiohttp looks for proxies, and for a password in ~/.netrc, at every request.
    configuration.client_session_kwargs = {"trust_env": False}
    return configuration


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for this address, if any."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


class _PatientConnections(RESTClientObject):
    """Keeps idle connections, so that a write after a quiet minute needs no TLS handshake."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self.pool_manager = self._create_pool_manager()

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


class Connection:
    """Requests by the kubernetes client's connections, TLS and credentials.

    Its own way from a call to a request walks through every body and header, and takes longer than
    all the rest of a request of ours.
    """

    def __init__(self, client: ApiClient) -> None:
        """The caller closes the client."""
        configuration = client.configuration
        self._client = client
        assert client.rest_client.pool_manager is not None
        self._session = client.rest_client.pool_manager
        self._host = configuration.host
        self._options: dict[str, Any] = {}
        if configuration.tls_server_name:
            self._options["server_hostname"] = configuration.tls_server_name
        if configuration.proxy:
            self._options["proxy"] = configuration.proxy

    async def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
        limits: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        """Send a request; the caller reads the response to its end, or closes it.

        Raises aiohttp's and the operating system's own errors.
        """
        told = {"User-Agent": self._client.user_agent, **headers}
        await self._client.update_params_for_auth(told, [], ["BearerToken"], path, method, body)
        text = f"{self._host}{path}?{urlencode(query)}" if query else self._host + path
        return await self._session.request(
            method,
            URL(text, encoded=True),
            data=body,
            headers=told,
            timeout=limits,
            **self._options,
        )


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
        response_class=WatchResponse,
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
    )
