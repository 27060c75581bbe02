"""A model for KServe's server that doubles numbers, by V1 and by V2.

python double.py --model_name m --http_port PORT --grpc_port PORT
"""

import argparse

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server


class Double(Model):
    """Doubles: instances by V1, the first tensor by V2."""

    def __init__(self, name):
        super().__init__(name)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        """Return the doubles."""
        if not isinstance(payload, InferRequest):
            return {"predictions": [2 * instance for instance in payload["instances"]]}
        doubled = 2 * payload.inputs[0].as_numpy()
        output = InferOutput("y", list(doubled.shape), payload.inputs[0].datatype)
        binary = payload.parameters and payload.parameters.get("binary_data_output")
        output.set_data_from_numpy(np.asarray(doubled), binary_data=bool(binary))
        return InferResponse(payload.id or "none", self.name, [output])


class Loading(Double):
    """Never gets ready."""

    def __init__(self, name):
        super().__init__(name)
        self.ready = False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    args, _ = parser.parse_known_args()
    ModelServer(workers=1).start([Double(args.model_name), Loading("loading")])
