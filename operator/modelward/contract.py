"""For a job of your own (spec.jobs): reads its plan, and leaves its result. Copy it, or import it.

It needs Python 3.10 and its standard library alone.

    from contract import Plan, dispersion_of, requests

    plan = Plan.read()
    ...measure plan.target, and count bad requests in equal stretches of time...
    clumped = dispersion_of(bad_ones)
    plan.write_result({"errors": requests(1200, 3, clumped), "perplexity": "12.5"})

What a KPI measures is said in the resource: rows(...), requests(...), or a value in the unit of
its limit, as text. Leave out what could not be measured, and say why in `message`. Exit with 0: any
other code means that there is no result, and the operator tries again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

MAX_BYTES = 2_048
CLAIMS = "/var/lib/modelward/claims"
"""Folder with the volumes of data sets on claims, each below the data set's name."""
# The rest is how the operator calibrates, too (modelward.judge.calibration).
_STRETCHES = 60
_BATCHES = 15
_ENOUGH = 10
_CLUMPED = Fraction(3, 2)
_MARGIN = Fraction(5, 4)
_MARGIN_OF_CLUMPED = Fraction(3, 2)
_LEAST = 126


class Plan:
    """What the job is asked."""

    def __init__(self, document: dict[str, Any], job: str) -> None:
        """`document` is the plan of the benchmark pod, `job` the name in spec.jobs."""
        self.document = document
        self.job = job
        asked = {each["name"]: each for each in document.get("jobs") or ()}
        self.kpis: dict[str, dict[str, Any]] = {kpi["name"]: kpi for kpi in asked[job]["kpis"]}
        """By name: measures, atMost, atLeast, expected, versus, worseByAtMost, effect."""
        self._used: dict[str, str] = {}

    @classmethod
    def read(cls) -> Plan:
        """Return the plan of this pod."""
        text = Path(os.environ["MODELWARD_PLAN"]).read_text(encoding="utf-8")
        return cls(json.loads(text), os.environ["MODELWARD_JOB"])

    @property
    def target(self) -> str:
        """Where the version answers, without a path."""
        return str(self.document["subject"]["url"])

    @property
    def baseline(self) -> str | None:
        """Where the stable version answers, for KPIs versus stable; None where there are none."""
        url = (self.document.get("baseline") or {}).get("url")
        return None if url is None else str(url)

    @property
    def model(self) -> str:
        """The model's name as its server knows it."""
        return str(self.document["subject"]["modelName"])

    def dataset(self, name: str) -> Path:
        """Return the file of a data set. The result tells what was found in it.

        Raises ValueError for one behind a URI: that is fetched after the jobs.
        """
        asked = {each["name"]: each for each in self.document.get("datasets") or ()}[name]
        if asked.get("uri"):
            raise ValueError(f"data set {name} is not mounted: {asked['uri']} is fetched later")
        path = Path(os.environ["MODELWARD_PLAN"]).parent / "datasets" / name
        if asked.get("claimPath"):
            path = Path(CLAIMS) / name / str(asked["claimPath"])
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
        self._used[name] = digest.hexdigest()[:16]
        return path

    def write_result(self, kpis: dict[str, Any], message: str = "") -> None:
        """Leave the result: by KPI what rows() or requests() return, or a value as text.

        Raises ValueError for a KPI that the job was not asked for, and where it is too long.
        """
        unknown = sorted(kpis.keys() - self.kpis.keys())
        if unknown:
            known = ", ".join(sorted(self.kpis))
            raise ValueError(f"this job is not asked for {unknown[0]}, only for {known}")
        result = {
            "v": 1,
            "nonce": self.document["nonce"],
            "revision": self.document["subject"]["revision"],
            "job": self.job,
            "datasets": self._used,
            "kpis": {k: v if isinstance(v, dict) else {"value": str(v)} for k, v in kpis.items()},
            "message": message[:300],
        }
        text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            raise ValueError(f"the result is longer than {MAX_BYTES} bytes: shorten the message")
        Path(os.environ["MODELWARD_RESULT"]).write_text(text, encoding="utf-8")


def rows(total: int, right: int) -> dict[str, int]:
    """Return what was counted of rows: all of them, and those that were answered rightly."""
    return {"rows": total, "right": right}


def requests(total: int, bad: int, dispersion: int | None = None) -> dict[str, int]:
    """Return what was counted of requests; `dispersion` as dispersion_of() returns it.

    Without it an assumed one counts: that is enough to pass, and never to fail.
    """
    counted = {"requests": total, "bad": bad}
    return counted if dispersion is None else {**counted, "dispersion": dispersion}


def compared(bad: list[int], baseline_bad: list[int], total: int) -> dict[str, int]:
    """Return what was counted for a KPI versus stable: of `total` requests to each, the bad ones.

    In the same equal stretches of time: send both the same requests, by turns or at the same time.
    """
    errors = [one + other for one, other in zip(bad, baseline_bad, strict=True)]
    differences = [one - other for one, other in zip(bad, baseline_bad, strict=True)]
    known = {
        "dispersion": dispersion_of(bad),
        "dispersionOfShares": _dispersion(differences, errors),
    }
    return {
        "requests": total,
        "bad": sum(bad),
        "baselineBad": sum(baseline_bad),
        **{name: measured for name, measured in known.items() if measured is not None},
    }


def dispersion_of(bad: list[int]) -> int | None:
    """Return how clumped bad requests were, from their numbers in equal stretches of time.

    In hundredths, as the operator's own calibration measures it: the largest ratio of variance to
    mean, of 1, 2, 4, ... stretches together, with a margin. None for fewer than 60 stretches, and
    where too few were bad, and lay apart: then nothing is known. Where few were bad but in clumps,
    it is what those show, because what is assumed instead would make light of them. The operator
    goes on calibrating until ten clumps were bad; a job should measure for as long.
    """
    return _dispersion(bad, bad)


def _dispersion(sums: list[int], events: list[int]) -> int | None:
    """Return the dispersion of sums to which so many events added in each stretch."""
    if len(sums) < _STRETCHES:
        return None
    seen, ratio = sum(events), Fraction(1)
    while len(sums) >= _BATCHES:
        ratio = max(ratio, _variance_over_mean(sums, events))
        sums, events = _paired(sums), _paired(events)
    looks_independent = ratio < _CLUMPED
    if looks_independent and seen < _ENOUGH * ratio:
        return None
    margin = _MARGIN if looks_independent else _MARGIN_OF_CLUMPED
    return min(max(_LEAST, math.ceil(100 * margin * ratio)), 99_999)


def _paired(stretches: list[int]) -> list[int]:
    return [one + other for one, other in zip(stretches[::2], stretches[1::2], strict=False)]


def _variance_over_mean(sums: list[int], events: list[int]) -> Fraction:
    count, total, seen = len(sums), sum(sums), sum(events)
    if seen == 0:
        return Fraction(0)
    return Fraction(count * sum(each * each for each in sums) - total * total, (count - 1) * seen)
