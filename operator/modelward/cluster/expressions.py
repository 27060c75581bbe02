"""Expressions that tenants write, evaluated where namespaces are kept apart.

A selector ends with a brace, and what is added before it narrows it. An expression has parts that
only its server's own parser finds, and a second parser that reads one of them otherwise would open
all series to a tenant. So nothing is added here: expressions go to an address that enforces the
labels itself, prom-label-proxy for one, and to no other. Before each, that address is asked for all
of `up`: one that shows series without the demanded labels enforces nothing, and one that shows none
tells nothing. Neither is used.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from modelward.benchmark.live.scalars import Scalar, scalar
from modelward.cluster.prometheus import FAILURES, ExpressionSettings, Prometheus, pods_of

PODS = "$pods"

_NOT_CONFIGURED = Scalar(
    reason="NotConfigured",
    message="this operator evaluates no expressions: whoever runs it names an address that keeps "
    "namespaces apart (expressions, see docs/operations.md)",
)
_NOT_ENFORCED = Scalar(
    reason="NotEnforced",
    message="the address for expressions shows series of others: whoever runs the operator has it "
    "enforce the labels, see docs/operations.md",
)
_NOTHING_SHOWN = Scalar(
    reason="NoSeries",
    message="the address for expressions shows no series of up in this namespace, so that nothing "
    "tells whether it keeps namespaces apart: see docs/operations.md",
)


async def evaluate(
    prometheus: Prometheus, namespace: str, replica_set: str, expressions: Iterable[str], at: int
) -> dict[str, Scalar]:
    """Return what each expression came to, at a time in milliseconds since 1970.

    All of them together have the time of one reading.
    """
    asked, where = sorted(set(expressions)), prometheus.settings.expressions
    if where is None or not asked:
        return dict.fromkeys(asked, _NOT_CONFIGURED)
    found: dict[str, Scalar] = {}
    try:
        async with asyncio.timeout(prometheus.settings.timeout_seconds):
            unsafe = await _unsafe(prometheus, where, namespace, at)
            if unsafe:
                return dict.fromkeys(asked, unsafe)
            for each in asked:
                query = each.replace(PODS, pods_of([replica_set]))
                found[each] = await _value(prometheus, where, namespace, query, at)
    except FAILURES as error:
        unread = prometheus.unread(error)
        rest = Scalar(reason=unread.reason, message=unread.message)
        found = dict.fromkeys(asked, rest) | found
    return found


async def _value(
    prometheus: Prometheus, where: ExpressionSettings, namespace: str, query: str, at: int
) -> Scalar:
    try:
        data = await _ask(prometheus, where, namespace, query, at)
        return scalar(data["resultType"], data["result"])
    except TimeoutError:
        raise
    except FAILURES as error:
        unread = prometheus.unread(error)
        return Scalar(reason=unread.reason, message=unread.message)


async def _unsafe(
    prometheus: Prometheus, where: ExpressionSettings, namespace: str, at: int
) -> Scalar | None:
    """Return why the address is not used; None where all series shown have the demanded labels."""
    demanded = prometheus.demanded(namespace)
    query = f"group by ({', '.join(demanded)}) (up)"
    data = await _ask(prometheus, where, namespace, query, at)
    shown = [each["metric"] for each in data["result"]]
    if not shown:
        return _NOTHING_SHOWN
    return None if all(labels == demanded for labels in shown) else _NOT_ENFORCED


async def _ask(
    prometheus: Prometheus, where: ExpressionSettings, namespace: str, query: str, at: int
) -> dict[str, Any]:
    """Ask so that a slow expression ends on the server, too."""
    form = {
        "query": query,
        "time": f"{at / 1000:.3f}",
        "timeout": f"{prometheus.settings.timeout_seconds:g}s",
    }
    parameters = {where.namespace_parameter: namespace}
    return await prometheus.ask(where.url, namespace, form, parameters)
