"""How long the jobs of a benchmark pod may take: each its own upTo, which no container knows.

A Job's deadline is for the whole pod, and the Job controller takes the pod away with what it could
tell. So the operator ends an attempt whose job is over its time, and names the job.
"""

from collections.abc import Iterable
from datetime import datetime

from modelward.api.jobs import Job
from modelward.api.values import parse_duration
from modelward.benchmark.snapshot import RunJob


def deadlines(jobs: Iterable[Job], attempt: RunJob) -> dict[str, datetime]:
    """Return until when each job that runs in an attempt may run, by its name."""
    limits = {job.name: parse_duration(job.up_to) for job in jobs}
    return {
        name: since + limits[name]
        for pod in attempt.pods
        for name, since in pod.running.items()
        if name in limits
    }


def over_time(jobs: Iterable[Job], attempt: RunJob, now: datetime) -> str | None:
    """Say which job of an attempt has run for longer than it may; None where none has."""
    declared = {job.name: job for job in jobs}
    for name, until in deadlines(declared.values(), attempt).items():
        if now >= until:
            return (
                f"job {name} ran for longer than its upTo, {declared[name].up_to}: raise it in "
                "spec.jobs, or let the job measure less"
            )
    return None
