"""Tells "can't be reached" from "answers badly".

What the environment blocks says nothing about the model. So before anything is counted somebody
must have answered, however badly.
"""

import asyncio
import logging
from urllib.parse import urlsplit

from modelward.runner.address import Address
from modelward.runner.client import Client
from modelward.runner.tls import NO_HANDSHAKE, NO_TLS, NOT_TRUSTED, OTHER_NAME, OUT_OF_DATE

REACH_SECONDS = 10.0
_PAUSE_SECONDS = 0.5
_LASTING = frozenset({NOT_TRUSTED, OTHER_NAME, OUT_OF_DATE, NO_TLS})
"""What waiting does not mend."""
_log = logging.getLogger(__name__)

_IN_A_CLUSTER = {
    "name not resolved": "look at the Service of the revision, and whether a NetworkPolicy lets "
    "benchmark pods reach the cluster's DNS",
    "connection refused": "look at the Service's endpoints and serving.port, and whether the pod "
    "listens on all addresses",
    "no connection in time": "look at NetworkPolicies: pods labelled modelward.dev/run need "
    "egress, and the model's pods ingress from them",
    "connection closed before the answer": "look at a service mesh: with strict mTLS the "
    "benchmark pod needs its sidecar, see benchmarkPod.labels and .annotations",
}
_OVER_TLS = {
    NOT_TRUSTED: "say --ca-file FILE with the certificate of the authority that signed it, or the "
    "server's own; openssl s_client -showcerts -connect HOST:PORT prints those that it sends",
    OTHER_NAME: "ask it by a name that its certificate is for: openssl s_client -connect HOST:PORT "
    "</dev/null | openssl x509 -noout -ext subjectAltName prints them",
    OUT_OF_DATE: "renew the server's certificate, or set the clocks right",
    NO_TLS: "say http:// if the server speaks plain HTTP there, or the port where it speaks TLS",
    NO_HANDSHAKE: "the server ended it: it may want a client's certificate, which is not sent, or "
    "speak an older TLS",
}
_ELSEWHERE = {
    "name not resolved": "look at the host in the address",
    "connection refused": "look whether a server listens at that host and port",
    "no connection in time": "look at the address, and at firewalls on the way",
}


class UnreachableError(Exception):
    """Nobody answers; the message says where, how it fails and what to look at."""


async def reach(client: Client) -> None:
    """Return as soon as somebody answers, and where there is readiness, is ready.

    A server that goes on answering that it is not ready is reached all the same: its answers are
    measured. Raises UnreachableError when nobody has answered after ten seconds, or
    its certificate can't be believed.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REACH_SECONDS
    while True:
        answer, is_ready = await client.ready()
        if is_ready:
            return
        if loop.time() + _PAUSE_SECONDS < deadline and answer.problem not in _LASTING:
            await asyncio.sleep(_PAUSE_SECONDS)
        elif answer.status or answer.problem == "no answer in time":
            told = {"of": client.name, "asked": client.dialogue.ready.path, "status": answer.status}
            _log.warning("the model is not ready, and is measured all the same", extra=told)
            return
        else:
            problem = answer.problem or "no answer"
            raise UnreachableError(
                f"{client.name} at {client.base} can't be reached: {problem}; "
                f"{hint(problem, client.base)}"
            )


def hint(problem: str, base: str) -> str:
    """Return what to look at; a Service's address has .svc at its end."""
    if problem in _OVER_TLS:
        return _OVER_TLS[problem].replace("HOST:PORT", Address.of(base).target)
    if (urlsplit(base).hostname or "").endswith(".svc"):
        other = "look at the Service, NetworkPolicies and a service mesh"
        return _IN_A_CLUSTER.get(problem, other)
    other = "look whether that is the server's port, and serving.protocol what it speaks there"
    return _ELSEWHERE.get(problem, other)
