"""The story server: python -m server.app, told by the environment how to behave.

VERSION is what it calls itself in answers, BEHAVIOUR the JSON of a Behaviour. A PUT of other
members to /behaviour changes it while it runs. Speaks v2 and plain HTTP (POST /predict), and
tells Prometheus at /metrics what it was asked.
"""

import asyncio
import json
import os
import random
import signal
from dataclasses import replace

from aiohttp import web

from .behaviour import Behaviour, Failures, asked_by_users, predict
from .metrics import RequestMetrics

PORT = 8080
FAREWELL_SECONDS = 1.0
"""How long the answers after SIGTERM say "Connection: close": aiohttp drops a request that it has
read from a kept connection when it closes that in the same moment."""


class Server:
    """One version of a model."""

    def __init__(self, version: str, behaviour: Behaviour) -> None:
        self._version = version
        self._behaviour = behaviour
        self._chance = random.Random(version)
        self._failures = Failures(self._chance)
        self._draining = False
        self._metrics = RequestMetrics()

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(middlewares=[self._metrics.count])
        app.add_routes(
            [
                web.get("/ready", self.ready),
                web.get("/v2/models/{name}/ready", self.ready),
                web.post("/v2/models/{name}/infer", self.infer),
                web.post("/predict", self.predict),
                web.put("/behaviour", self.behave),
                web.get("/metrics", self._metrics.render),
            ]
        )
        return app

    async def ready(self, _: web.Request) -> web.Response:
        """Answer the readiness probe."""
        return web.Response(status=200 if self._behaviour.ready else 503)

    async def infer(self, request: web.Request) -> web.Response:
        """Answer a request of the Open Inference Protocol."""
        number = (await request.json())["inputs"][0]["data"][0]
        output = {"name": "number", "shape": [1], "datatype": "INT64"}
        return await self._answer(
            request,
            {
                "model_name": request.match_info["name"],
                "model_version": self._version,
                "outputs": [output | {"data": [self._predict(number)]}],
            },
        )

    async def predict(self, request: web.Request) -> web.Response:
        """Answer a plain request."""
        number = (await request.json())["number"]
        answer = {"model_version": self._version, "prediction": self._predict(number)}
        return await self._answer(request, answer)

    async def behave(self, request: web.Request) -> web.Response:
        """Change the behaviour."""
        self._behaviour = replace(self._behaviour, **await request.json())
        return web.Response(text=f"{self._behaviour}\n")

    def _predict(self, number: int) -> int:
        return predict(self._behaviour, number, self._chance)

    async def _answer(self, request: web.Request, body: dict[str, object]) -> web.Response:
        await asyncio.sleep(self._behaviour.latency)
        rate = self._behaviour.error_rate
        if asked_by_users(request.host):
            rate = max(rate, self._behaviour.users_error_rate)
        failed = self._failures.next(rate, self._behaviour.burst)
        answer = web.json_response({"error": "as told"} if failed else body)
        if failed:
            answer.set_status(500)
        if self._draining:
            answer.force_close()
        return answer

    async def serve(self) -> None:
        """Serve until SIGTERM, then take no connections and bid farewell on the kept ones."""
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=2)
        await runner.setup()
        site = web.TCPSite(runner, port=PORT)
        await site.start()
        told_to_stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
        await told_to_stop.wait()
        await site.stop()
        self._draining = True
        await asyncio.sleep(FAREWELL_SECONDS)
        await runner.cleanup()


def main(kind: type[Server] = Server) -> None:
    """Serve until SIGTERM."""
    behaviour = Behaviour(**json.loads(os.environ.get("BEHAVIOUR", "{}")))
    asyncio.run(kind(os.environ.get("VERSION", "unknown"), behaviour).serve())


if __name__ == "__main__":
    main()
