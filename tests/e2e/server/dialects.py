"""The story server in two more protocols: python -m server.dialects.

V1, as TensorFlow Serving and KServe speak it, and the OpenAI API's chat, streamed word by word. Of
other models than its own it knows nothing.
"""

import asyncio
import json

from aiohttp import web

from .app import Server, main
from .behaviour import MODEL, said

WORD_SECONDS = 0.005


class Dialects(Server):
    """One version of a model that is asked by V1 or by the OpenAI API."""

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/models", self.models),
                web.get(f"/v1/models/{MODEL}", self.state),
                web.post(f"/v1/models/{MODEL}:predict", self.predict_all),
                web.post("/v1/chat/completions", self.chat),
                web.put("/behaviour", self.behave),
            ]
        )
        return app

    async def state(self, _: web.Request) -> web.Response:
        """Tell the state of the model in V1."""
        ready = self._behaviour.ready
        return web.json_response({"name": MODEL, "ready": ready}, status=200 if ready else 503)

    async def models(self, _: web.Request) -> web.Response:
        """List the models of the OpenAI API; while it loads there is no answer but 503."""
        if not self._behaviour.ready:
            return web.Response(status=503)
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def predict_all(self, request: web.Request) -> web.Response:
        """Answer a request of V1."""
        instances = (await request.json())["instances"]
        await asyncio.sleep(self._behaviour.latency)
        return web.json_response({"predictions": [self._predict(i["number"]) for i in instances]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer a chat as a stream of words; `latency` is the time to the first one."""
        asked = await request.json()
        if asked["model"] != MODEL or not asked.get("stream"):
            raise web.HTTPNotFound(text=json.dumps({"error": {"message": "no such model"}}))
        number = int(asked["messages"][-1]["content"].split()[-1])
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await asyncio.sleep(self._behaviour.latency)
        first, *words = said(self._predict(number)).split()
        for word in (first, *(f" {word}" for word in words)):
            await stream.write(_event({"delta": {"content": word}}))
            await asyncio.sleep(WORD_SECONDS)
        await stream.write(_event({"delta": {}, "finish_reason": "stop"}))
        await stream.write(b"data: [DONE]\n\n")
        await stream.write_eof()
        return stream


def _event(choice: dict[str, object]) -> bytes:
    chunk = {
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, **choice}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


if __name__ == "__main__":
    main(Dialects)
