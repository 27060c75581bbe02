"""A revision that is measured: the candidate, or stable."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from modelward.benchmark.contract import PlanSubject, RunnerPlan
from modelward.runner import report
from modelward.runner.client import Client
from modelward.runner.exam import Examinee
from modelward.runner.gentle import Gentle
from modelward.runner.load import Target
from modelward.runner.rows import Dataset, Table, asked
from modelward.runner.tls import Trust


@dataclass(frozen=True)
class Side:
    """Whom to ask, and what, in its protocol."""

    client: Client
    datasets: dict[str, Dataset]
    gentle: Gentle | None
    """Where users are served by it, too: when it may be asked a row."""

    @classmethod
    async def enter(
        cls,
        clients: AsyncExitStack,
        plan: RunnerPlan,
        tables: dict[str, Table],
        subject: PlanSubject,
        name: str,
        trust: Trust,
    ) -> Self:
        """Return a side whose client lives as long as `clients`; `name` is for people."""
        spoken, seconds = subject.dialogue, float(report.request_seconds(plan))
        datasets = asked(plan, tables, spoken)
        client = Client(subject.url, spoken, seconds, name, trust)
        serves_users = subject is plan.baseline and not subject.closed
        gentle = Gentle() if serves_users else None
        return cls(await clients.enter_async_context(client), datasets, gentle)

    def examinee(self, dataset: str, sampled: bool) -> Examinee:
        """Return it as one that is asked the rows of a data set."""
        return Examinee(self.client, self.datasets[dataset], sampled=sampled, gentle=self.gentle)

    def target(self, dataset: str) -> Target:
        """Return it as one that is sent the rows of a data set."""
        return Target(self.client, self.datasets[dataset].payload())
