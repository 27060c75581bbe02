"""Train the demo's digit classifiers and write them as MLServer model repositories.

    python train.py FOLDER

FOLDER gets one repository per version, to be served with `mlserver start FOLDER/<version>`, and
golden.jsonl, the rows that no version has seen in training. Everything is seeded: the same
libraries give the same models.
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

MODEL_NAME = "digits"
GOLDEN_ROWS = 360
SEED = 20261123

Pixels = NDArray[np.float64]
Labels = NDArray[np.int64]


def confuse_3_and_8(labels: Labels) -> Labels:
    """Return labels in which every 3 is called 8 and every 8 is called 3.

    The kind of fault that no server notices: the model trains well, loads, answers fast and
    without errors, and is wrong about one digit in five.
    """
    exchanged = labels.copy()
    exchanged[labels == 3] = 8
    exchanged[labels == 8] = 3
    return exchanged


def main(folder: Path) -> None:
    """Train all versions and write them and the golden rows below `folder`."""
    pixels, labels = load_digits(return_X_y=True)
    train_pixels, golden_pixels, train_labels, golden_labels = train_test_split(
        pixels, labels, test_size=GOLDEN_ROWS, random_state=SEED, stratify=labels
    )
    require_disjoint(train_pixels, golden_pixels)

    good = LogisticRegression(max_iter=5000).fit(train_pixels, train_labels)
    better = SVC().fit(train_pixels, train_labels)
    broken = SVC(C=10).fit(train_pixels, confuse_3_and_8(train_labels))
    intact = SVC(C=10).fit(train_pixels, train_labels)

    repositories = {"1": good, "2": better, "3": broken, "3-intact": intact}
    for name, model in repositories.items():
        write_repository(folder / name, model, version=name[0])
        print(f"{name}: {model.score(golden_pixels, golden_labels):.4f} of the golden rows right")
    write_golden_rows(folder / "golden.jsonl", golden_pixels, golden_labels)


def require_disjoint(train_pixels: Pixels, golden_pixels: Pixels) -> None:
    """Stop when a golden image was also trained on, whatever its position in the data set."""
    trained_on = {row.tobytes() for row in train_pixels}
    leaked = sum(row.tobytes() in trained_on for row in golden_pixels)
    if leaked:
        sys.exit(f"{leaked} golden rows are also training rows; the accuracy would be flattered")


def write_repository(folder: Path, model: ClassifierMixin, version: str) -> None:
    """Write a model as MLServer loads it; its answers carry `version` as model_version."""
    folder.mkdir(parents=True)
    joblib.dump(model, folder / "model.joblib")
    settings = {
        "name": MODEL_NAME,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": version},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings, indent=2) + "\n")


def write_golden_rows(path: Path, pixels: Pixels, labels: Labels) -> None:
    """Write one JSON line per row: its id, the inputs of a V2 request, the expected digit."""
    with path.open("w") as rows:
        for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
            row = {
                "id": f"golden-{number:03}",
                "inputs": [
                    {
                        "name": "pixels",
                        "shape": [1, image.size],
                        "datatype": "FP32",
                        "data": [int(value) for value in image],
                    }
                ],
                "expected": int(label),
            }
            rows.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
