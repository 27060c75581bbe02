"""How each serving protocol is asked, one module for each."""

from collections.abc import Callable, Mapping

from modelward.benchmark.contract import PlanSubject
from modelward.runner.protocols import http, v2
from modelward.runner.protocols.base import Protocol

PROTOCOLS: Mapping[str, Callable[[PlanSubject], Protocol]] = {
    "http": http.protocol,
    "v2": v2.protocol,
}


def protocol_of(subject: PlanSubject) -> Protocol:
    """Return how a subject is asked. Raises ValueError where the plan does not say enough."""
    return PROTOCOLS[subject.protocol](subject)


__all__ = ["PROTOCOLS", "Protocol", "protocol_of"]
