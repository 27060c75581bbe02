"""The story server over gRPC: python -m server.overgrpc.

Speaks the Open Inference Protocol and takes tensors as raw contents only. Of other models than its
own it knows nothing.
"""

import asyncio
import json
import os
import random
import signal
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from modelward.protocols.wire import open_inference_pb2 as pb

from .behaviour import MODEL, Behaviour, predict

PORT = 8080
SERVICE = "inference.GRPCInferenceService"
Answer = Callable[[Any, Any], Awaitable[Message]]
Context = aio.ServicerContext[Message, Message]


class Model:
    """One version of a model."""

    def __init__(self, version: str, behaviour: Behaviour) -> None:
        self._version = version
        self._behaviour = behaviour
        self._chance = random.Random(version)

    async def ready(self, asked: pb.ModelRequest, _: Context) -> pb.ModelReadyResponse:
        """Tell whether a model is ready."""
        return pb.ModelReadyResponse(ready=asked.name == MODEL and self._behaviour.ready)

    async def metadata(self, asked: pb.ModelRequest, _: Context) -> pb.ModelMetadataResponse:
        """Tell what is known of the model."""
        return pb.ModelMetadataResponse(name=asked.name, versions=[self._version])

    async def infer(self, asked: pb.ModelInferRequest, context: Context) -> pb.ModelInferResponse:
        """Answer a request for a prediction."""
        if asked.model_name != MODEL or len(asked.raw_input_contents) != len(asked.inputs):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "raw contents, and of my model")
        (number,) = struct.unpack("<q", asked.raw_input_contents[0])
        answer = pb.ModelInferResponse(model_name=MODEL, model_version=self._version)
        answer.outputs.add(name="number", datatype="INT64", shape=[1])
        predicted = predict(self._behaviour, number, self._chance)
        answer.raw_output_contents.append(struct.pack("<q", predicted))
        return answer


def server(model: Model) -> aio.Server:
    """Return a server of the model, not started."""
    handlers = {
        "ModelReady": _handler(model.ready, pb.ModelRequest),
        "ModelMetadata": _handler(model.metadata, pb.ModelRequest),
        "ModelInfer": _handler(model.infer, pb.ModelInferRequest),
    }
    made = aio.server()
    made.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    return made


def _handler(answer: Answer, asked: type[Message]) -> "grpc.RpcMethodHandler[Message, Message]":
    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=asked.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


async def serve(model: Model) -> None:
    """Serve until SIGTERM."""
    running = server(model)
    running.add_insecure_port(f"[::]:{PORT}")
    await running.start()
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    await told_to_stop.wait()
    await running.stop(grace=2)


if __name__ == "__main__":
    behaviour = Behaviour(**json.loads(os.environ.get("BEHAVIOUR", "{}")))
    asyncio.run(serve(Model(os.environ.get("VERSION", "unknown"), behaviour)))
