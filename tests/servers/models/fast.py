"""An application of FastAPI that doubles numbers: uvicorn fast:app."""

from fastapi import FastAPI
from pydantic import BaseModel


class Inputs(BaseModel):
    """What a row holds."""

    x: int


app = FastAPI()


@app.post("/predict")
def predict(inputs: Inputs) -> dict[str, int]:
    """Return the double."""
    return {"prediction": 2 * inputs.x}
