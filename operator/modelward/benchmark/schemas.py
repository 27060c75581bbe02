"""The contract with benchmark pods as JSON schemas, for people's own images.

`python -m modelward.benchmark.schemas FOLDER` writes them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from modelward.benchmark.contract import RunnerPlan, RunnerResult
from modelward.benchmark.jobcontract import JobResult

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of plan and result by file name."""
    models: dict[str, type[BaseModel]] = {
        "plan": RunnerPlan,
        "result": RunnerResult,
        "job-result": JobResult,
    }
    return {
        f"{name}.schema.json": {
            "$schema": DIALECT,
            **_untitled(model.model_json_schema(mode="serialization")),
        }
        for name, model in models.items()
    }


def main(folder: Path) -> None:
    """Write the schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def _untitled(node: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Leave out the titles, which only repeat the members' names."""
    if isinstance(node, list):
        return [_untitled(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _untitled(value) for key, value in node.items() if key != "title"}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
