"""What the operator wrote in a namespace, from the API server's audit log."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AGENT = '"userAgent":"modelward/'
_WRITING = frozenset({"create", "update", "patch", "delete"})


@dataclass(frozen=True)
class Written:
    """One write that the API server carried out."""

    verb: str
    resource: str
    """With its subresource: modeldeployments/status."""
    name: str

    @property
    def is_status(self) -> bool:
        """Whether it only tells; how often it does depends on what it happens to see."""
        return self.resource.endswith("/status")

    @property
    def loop(self) -> str:
        """Which of the operator's two loops wrote it; they don't wait for each other."""
        about_run = self.resource == "events" and "-" in self.name
        is_run = self.resource in {"jobs", "benchmarkruns/status"} or about_run
        return "benchmark" if is_run else "release"


class AuditTail:
    """Follows the audit log from where it ends now."""

    def __init__(self, log: Path, namespace: str) -> None:
        self._log = log.open("rb")
        self._log.seek(0, 2)
        self._rest = b""
        self._where = f'"namespace":"{namespace}"'

    def new(self) -> list[Written]:
        """Return the writes since the last call, in their order."""
        *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
        mine = (line for line in map(bytes.decode, lines) if AGENT in line and self._where in line)
        return [write for line in mine if (write := _written(json.loads(line)))]

    def close(self) -> None:
        self._log.close()


def _written(entry: dict[str, Any]) -> Written | None:
    if entry["verb"] not in _WRITING or entry["responseStatus"]["code"] >= 400:
        return None
    where = entry["objectRef"]
    resource = "/".join(filter(None, (where["resource"], where.get("subresource"))))
    return Written(entry["verb"], resource, where["name"].partition(".")[0])
