"""Operators that differ in one thing: python -m tests.e2e.variants NAME operator ...

What comes after the name are the operator's own arguments.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from modelward.benchmark import job
from modelward.cli.main import main
from modelward.cluster import api, watch
from modelward.cluster.api import Api
from modelward.release import decide, policies, render
from modelward.writes import Document

PACE_SECONDS = 0.1
OTHER_LABEL = "example.com/other-rendering"


def paced() -> None:
    """Rest after each write, so that it can be killed before the next one."""
    send: Callable[..., Any] = Api._send

    async def slowly(self: Api, verb: str, *arguments: object, **options: object) -> Document:
        answer: Document = await send(self, verb, *arguments, **options)
        if verb not in {"get", "list", "discover"}:
            await asyncio.sleep(PACE_SECONDS)
        return answer

    Api._send = slowly  # type: ignore[method-assign]


def renders_differently() -> None:
    """Another preStop, another probe and one more label, as a later release might have them."""
    labels = render.revision_labels
    render.PRE_STOP_SECONDS = 1
    render.revision_labels = lambda *given: labels(*given) | {OTHER_LABEL: "true"}
    render.readiness_probe = lambda deployment: {
        "tcpSocket": {"port": deployment.spec.serving.port},
        "periodSeconds": 3,
    }


def is_impatient() -> None:
    """Look again after seconds at what the cluster's surroundings refused."""
    policies.TRY_AGAIN = "3s"
    decide.REFUSAL_STANDS = timedelta(seconds=3)


def is_watchful() -> None:
    """Take what says nothing for seconds for dead, not only after a minute."""
    watch.SILENCE_SECONDS = 2.0
    watch.REQUEST_SECONDS = 2.0
    api.TIMEOUT = aiohttp.ClientTimeout(total=2)
    api.SURVEY_TIMEOUT = aiohttp.ClientTimeout(sock_read=2)


def has_a_forging_runner() -> None:
    """Benchmark pods run tests/e2e/forger.py, as if somebody had replaced the runner's image."""
    program = (Path(__file__).parent / "forger.py").read_text()
    job.COMMAND = ("python", "-c", program)  # type: ignore[assignment]


VARIANTS = {
    variant.__name__: variant
    for variant in (paced, renders_differently, is_impatient, is_watchful, has_a_forging_runner)
}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
