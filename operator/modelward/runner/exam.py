"""Asks the rows of a data set, and has the metrics of all KPIs on it count the answers."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.counts import ClassCounts, Counts, ExamCounts, PairedExamCounts
from modelward.benchmark.plankpi import ASKED_TWICE, Repeats
from modelward.protocols.base import Request
from modelward.runner.client import Answer, Client
from modelward.runner.gentle import Gentle
from modelward.runner.marking import Marking, shown
from modelward.runner.metrics import Reading, RowSet, readings
from modelward.runner.reach import reach
from modelward.runner.rows import Dataset, Question

_CONCURRENCY = 4
_PASSES = 10
_LEAST_DRAWS = 1_000
_PAUSE_SECONDS = 0.1
_log = logging.getLogger(__name__)


@dataclass
class Examinee:
    """One revision that is asked the rows."""

    client: Client
    dataset: Dataset
    """The rows as its protocol asks them."""
    differing: list[str] = field(default_factory=list)
    """Of each row whose second answer differs, what it was answered both times."""
    sampled: bool = False
    """True where rows are drawn with replacement."""
    gentle: Gentle | None = None
    """Where users are served by it, too: when it may be asked."""

    def question(self, i: int) -> Question:
        """Return what is asked as number `i`."""
        return self.dataset.drawn(i) if self.sampled else self.dataset.questions[i]

    async def ask(self, i: int) -> Answer:
        """Return the answer to a row; where nobody is reached, ask until somebody is."""
        request = self.question(i).request
        while (answer := await self._predict(request)).unreached:
            await reach(self.client)
            await asyncio.sleep(_PAUSE_SECONDS)
        return answer

    async def _predict(self, request: Request) -> Answer:
        async with self.gentle.turn() if self.gentle else nullcontext():
            return await self.client.predict(request)

    def compare(self, i: int, one: Answer, other: Answer, read_by: Iterable[Reading]) -> None:
        """Note how two good answers to one row differ; failed ones tell nothing here."""
        if one.problem or other.problem:
            return
        for reading in read_by:
            first, second = reading.of(self.dataset, one), reading.of(self.dataset, other)
            if not reading.same(first, second):
                self.differing.append(
                    f"row {self.question(i).row.id} was answered {shown(first)}, then "
                    f"{shown(second)} by {self.client.name}"
                )
                return


class Exam:
    """The exam of one data set, taken by the candidate and, where compared, by stable as well."""

    def __init__(
        self,
        candidate: Examinee,
        baseline: Examinee | None,
        kpis: Sequence[PlanKpi],
        starts: Sequence[Counts | None],
        is_over: Callable[["Exam"], bool] = lambda _: False,
    ) -> None:
        """`starts` are the counts of rows that were read before, the first ones in their order.

        After each row `is_over` tells whether the rows so far are enough. Raises ValueError for
        a start that isn't of this exam, DatasetInvalidError for a prediction that is no JMESPath.
        """
        self.candidate = candidate
        self.baseline = baseline
        self._examinees = [candidate] if baseline is None else [candidate, baseline]
        questions = candidate.dataset.questions
        self.rows = len(questions)
        """All rows that there are."""
        rows = RowSet(self.rows, candidate.sampled, lambda: (q.row for q in questions))
        each = zip(kpis, readings(kpis), starts, strict=True)
        self.markings = {kpi.name: Marking(kpi, read, rows, start) for kpi, read, start in each}
        self.read = _rows_read(starts, self.rows)
        """Rows that were asked and counted."""
        self.repeats: Repeats | None = None
        """What came of asking rows twice, where that was done."""
        self._ahead: dict[int, list[Answer]] = {}
        """Answers to rows before which one is not answered yet."""
        self._is_over = is_over
        self._over = False

    @property
    def sampled(self) -> bool:
        """True where rows are drawn with replacement."""
        return self.candidate.sampled

    def waits_for(self, kpi: str) -> bool:
        """Tell whether more rows may tell something of a KPI without a verdict.

        What is only shown is drawn as often as its exam has rows, where a sample came of that:
        nobody declared one, and what gates must not wait for it.
        """
        marking = self.markings.get(kpi)
        if marking is None or marking.unfit:
            return False
        asked = marking.kpi
        return asked.effect == "gate" or not asked.answers_differ or self.read < self.rows

    async def take(self) -> None:
        """Ask every row once, the first twenty twice; go on with the KPIs whose answers repeat.

        The others have no marking from then on: what was counted for them tells nothing.

        Rows count in their order, not in that of the answers: the quick ones would come first.

        Of a sample, rows are drawn and asked until that is enough, on average at most ten times.
        An exam that was begun before goes on after the last row that counted then.
        A failed request is a wrong answer, unless nobody could be reached: then it is asked again
        as soon as somebody can. Raises UnreachableError.
        """
        if self.read == 0 and not self.sampled:
            await self._ask_twice(range(min(ASKED_TWICE, self.rows)))
        if self.markings:
            most = max(_PASSES * self.rows, _LEAST_DRAWS) if self.sampled else self.rows
            await self._ask(range(self.read, most), count=True)
        self._tell()

    async def _ask_twice(self, rows: range) -> None:
        answers, again = await self._ask(rows), await self._ask(rows)
        distinct = {marking.reading.text: marking.reading for marking in self.markings.values()}
        for i in rows:
            for examinee, one, other in zip(self._examinees, answers[i], again[i], strict=True):
                examinee.compare(i, one, other, distinct.values())
        stables = len(self.baseline.differing) if self.baseline else 0
        self.repeats = Repeats(len(rows), len(self.candidate.differing), stables)
        self._leave_out_what_differs(self.repeats)
        for i in rows:
            self._count(i, answers[i])

    def _leave_out_what_differs(self, found: Repeats) -> None:
        self.markings = {
            name: marking
            for name, marking in self.markings.items()
            if not found.concerns(versus=marking.kpi.versus is not None)
        }
        if not any(marking.kpi.versus for marking in self.markings.values()):
            self._examinees = [self.candidate]

    async def _ask(self, rows: range, count: bool = False) -> dict[int, list[Answer]]:
        """Return the answers of all examinees by row, each row asked of them in turn.

        A few rows are asked at a time. Those that are counted are not kept.
        """
        answers: dict[int, list[Answer]] = {}
        turns = iter(rows)

        async def ask_in_turn(turns: Iterator[int]) -> None:
            for i in turns:
                if self._over:
                    return
                found = [await examinee.ask(i) for examinee in self._examinees]
                if count:
                    self._count_in_order(i, found)
                else:
                    answers[i] = found

        await gather_or_cancel(*(ask_in_turn(turns) for _ in range(_CONCURRENCY)))
        return answers

    def _count_in_order(self, i: int, answers: list[Answer]) -> None:
        """Count a row once all before it are counted, so that an exam can go on after the last."""
        self._ahead[i] = answers
        while not self._over and self.read in self._ahead:
            self._count(self.read, self._ahead.pop(self.read))
            self._over = self._is_over(self)

    def _count(self, i: int, answers: list[Answer]) -> None:
        datasets = [examinee.dataset for examinee in self._examinees]
        row = self.candidate.question(i).row
        for marking in self.markings.values():
            marking.add(row, datasets, answers[: len(datasets)])
        self.read += 1

    def _tell(self) -> None:
        for examinee in filter(None, (self.candidate, self.baseline)):
            told = {"dataset": examinee.dataset.name, "of": examinee.client.name}
            told["differing"] = next(iter(examinee.differing), "")
            _log.info("exam read", extra=told | {"rows": self.rows, "read": self.read})
        for marking in self.markings.values():
            marking.tell()


def _rows_read(starts: Sequence[Counts | None], rows: int) -> int:
    """Return how many rows were read before. Raises ValueError where starts don't agree."""
    known = [start for start in starts if start is not None]
    if not known:
        return 0
    kinds = ExamCounts | PairedExamCounts | ClassCounts
    read = {(start.rows, start.read) for start in known if isinstance(start, kinds)}
    if len(known) < len(starts) or len(read) != 1:
        raise ValueError("KPIs go on from different rows of one data set")
    of, found = read.pop()
    if of != rows:
        raise ValueError(f"an exam of {of} rows can't go on with {rows}")
    return found


async def gather_or_cancel(*work: Coroutine[Any, Any, None]) -> None:
    """Run all; when one fails, end the others and raise its error."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
