"""Asks the rows of a data set, and counts the right answers."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from modelward.benchmark.counts import (
    ExamCounts,
    PairedExamCounts,
    PairedSampleCounts,
    SampleCounts,
)
from modelward.benchmark.rows import same_json
from modelward.runner.client import Answer, Client
from modelward.runner.gentle import Gentle
from modelward.runner.reach import reach
from modelward.runner.rows import Dataset, Question

ASKED_TWICE = 20
"""Rows that are asked twice first, to find out whether the model is deterministic."""
_CONCURRENCY = 4
_PASSES = 10
_LEAST_DRAWS = 1_000
_LOGGED = 100
_PAUSE_SECONDS = 0.1
_log = logging.getLogger(__name__)


@dataclass
class Examinee:
    """One revision that is asked the rows."""

    client: Client
    dataset: Dataset
    """The rows as its protocol asks them."""
    differing: str | None = None
    """What a row was answered the first and the second time, where that differs."""
    sampled: bool = False
    """True where rows are drawn with replacement."""
    gentle: Gentle | None = None
    """Where users are served by it, too: when it may be asked."""

    def question(self, i: int) -> Question:
        """Return what is asked as number `i`."""
        return self.dataset.drawn(i) if self.sampled else self.dataset.questions[i]

    def is_right(self, i: int, answer: Answer) -> bool:
        """Tell whether it answered a row as expected."""
        return self.dataset.is_right(self.question(i).row, answer)

    async def ask(self, i: int) -> Answer:
        """Return the answer to a row; where nobody is reached, ask until somebody is."""
        body = self.question(i).body
        while (answer := await self._predict(body)).unreached:
            await reach(self.client)
            await asyncio.sleep(_PAUSE_SECONDS)
        return answer

    async def _predict(self, body: bytes) -> Answer:
        async with self.gentle.turn() if self.gentle else nullcontext():
            return await self.client.predict(body)

    def compare(self, i: int, one: Answer, other: Answer) -> None:
        """Note how two good answers to one row differ; failed ones tell nothing here."""
        if self.differing or one.problem or other.problem:
            return
        first, second = self.dataset.predicted(one), self.dataset.predicted(other)
        if not same_json(first, second):
            row = self.question(i).row.id
            self.differing = (
                f"row {row} was answered {shown(first)}, then {shown(second)} by {self.client.name}"
            )


class Exam:
    """The exam of one data set, taken by the candidate and, where compared, by stable as well."""

    def __init__(
        self,
        candidate: Examinee,
        baseline: Examinee | None = None,
        start: ExamCounts | PairedExamCounts | None = None,
        is_over: Callable[["Exam"], bool] = lambda _: False,
    ) -> None:
        """`start` counts the rows that were read before: the first ones in their order.

        After each row `is_over` tells whether the rows so far are enough.
        Raises ValueError for a start that isn't of this exam.
        """
        self.candidate = candidate
        self.baseline = baseline
        self._examinees = [candidate] if baseline is None else [candidate, baseline]
        self._rows = len(candidate.dataset.questions)
        self._right = _rows_by_right(start, len(self._examinees))
        """Rows by who had them right."""
        self._ahead: dict[int, list[Answer]] = {}
        """Answers to rows before which one is not answered yet."""
        self._is_over = is_over
        self._over = False
        if start and start.rows != self._rows:
            raise ValueError(f"an exam of {start.rows} rows can't go on with {self._rows}")

    @property
    def sampled(self) -> bool:
        """True where rows are drawn with replacement."""
        return self.candidate.sampled

    @property
    def counts(self) -> ExamCounts:
        """Rows, rows that were asked and those that the candidate had right."""
        correct = sum(rows for right, rows in self._right.items() if right[0])
        kind = SampleCounts if self.sampled else ExamCounts
        return kind(self._rows, self._right.total(), correct)

    @property
    def paired_counts(self) -> PairedExamCounts:
        """The same beside stable's. Raises ValueError where stable was not asked."""
        if self.baseline is None:
            raise ValueError("this exam was taken by one revision alone")
        both, lost = self._right[True, True], self._right[False, True]
        alone = self.counts
        kind = PairedSampleCounts if self.sampled else PairedExamCounts
        return kind(alone.rows, alone.read, alone.correct, both + lost, lost)

    async def take(self) -> None:
        """Ask every row once, the first twenty twice; stop when the candidate's answers differ.

        Rows count in their order, not in that of the answers: the quick ones would come first.

        Of a sample, rows are drawn and asked until that is enough, on average at most ten times.
        An exam that was begun before goes on after the last row that counted then.
        A failed request is a wrong answer, unless nobody could be reached: then it is asked again
        as soon as somebody can. Raises UnreachableError.
        """
        if self.counts.read == 0 and not self.sampled:
            await self._ask_twice(range(min(ASKED_TWICE, self._rows)))
        if self.candidate.differing is None:
            most = max(_PASSES * self._rows, _LEAST_DRAWS) if self.sampled else self._rows
            await self._ask(range(self.counts.read, most), count=True)
        self._tell()

    async def _ask_twice(self, rows: range) -> None:
        answers, again = await self._ask(rows), await self._ask(rows)
        for i in rows:
            for examinee, one, other in zip(self._examinees, answers[i], again[i], strict=True):
                examinee.compare(i, one, other)
        if self.candidate.differing is None:
            for i in rows:
                self._count(i, answers[i])

    async def _ask(self, rows: range, count: bool = False) -> dict[int, list[Answer]]:
        """Return the answers of all examinees by row, each row asked of them in turn.

        A few rows are asked at a time.
        """
        answers: dict[int, list[Answer]] = {}
        turns = iter(rows)

        async def ask_in_turn(turns: Iterator[int]) -> None:
            for i in turns:
                if self._over:
                    return
                answers[i] = [await examinee.ask(i) for examinee in self._examinees]
                if count:
                    self._count_in_order(i, answers[i])

        await gather_or_cancel(*(ask_in_turn(turns) for _ in range(_CONCURRENCY)))
        return answers

    def _count_in_order(self, i: int, answers: list[Answer]) -> None:
        """Count a row once all before it are counted, so that an exam can go on after the last."""
        self._ahead[i] = answers
        while not self._over and (row := self.counts.read) in self._ahead:
            self._count(row, self._ahead.pop(row))
            self._over = self._is_over(self)

    def _count(self, i: int, answers: list[Answer]) -> None:
        pairs = zip(self._examinees, answers, strict=True)
        right = tuple(examinee.is_right(i, answer) for examinee, answer in pairs)
        self._right[right] += 1
        counts = self.counts
        if not right[0] and counts.read - counts.correct <= _LOGGED:
            _log.info("row answered wrongly", extra=self._wrong(i, answers[0]))

    def _wrong(self, i: int, answer: Answer) -> dict[str, Any]:
        dataset = self.candidate.dataset
        row = self.candidate.question(i).row
        told = {"dataset": dataset.name, "row": row.id}
        if answer.problem:
            return told | {"problem": answer.problem, "detail": answer.detail}
        return told | {"expected": shown(row.expected), "got": shown(dataset.predicted(answer))}

    def _tell(self) -> None:
        counts = self.paired_counts if self.baseline else self.counts
        for examinee in self._examinees:
            told = {"dataset": examinee.dataset.name, "of": examinee.client.name}
            told["differing"] = examinee.differing or ""
            _log.info("exam read", extra=told | {"counts": counts.to_ints()})


def _rows_by_right(
    counts: ExamCounts | PairedExamCounts | None, examinees: int
) -> Counter[tuple[bool, ...]]:
    """Return the rows of earlier counts by who had them right."""
    match counts:
        case None:
            return Counter()
        case PairedExamCounts() if examinees == 2:
            both, lost = counts.baseline - counts.lost, counts.lost
            won = counts.correct - both
            neither = counts.read - both - lost - won
            tallies: dict[tuple[bool, ...], int]
            tallies = {(True, True): both, (False, True): lost, (True, False): won}
            return Counter({**tallies, (False, False): neither})
        case ExamCounts() if examinees == 1:
            return Counter({(True,): counts.correct, (False,): counts.read - counts.correct})
    raise ValueError(f"{type(counts).__name__} are not of an exam that {examinees} take")


def shown(value: object) -> str:
    """Return a JSON value for people, at most 80 characters of it."""
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


async def gather_or_cancel(*work: Coroutine[Any, Any, None]) -> None:
    """Run all; when one fails, end the others and raise its error."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
