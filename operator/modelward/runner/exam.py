"""Asks every row of a data set, and counts the right answers."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any

from modelward.benchmark.counts import ExamCounts
from modelward.benchmark.rows import same_json
from modelward.runner.client import Answer, Client
from modelward.runner.reach import reach
from modelward.runner.rows import Dataset, Question

ASKED_TWICE = 20
"""Rows that are asked twice first, to find out whether the model is deterministic."""
_CONCURRENCY = 4
_LOGGED = 100
_PAUSE_SECONDS = 0.1
_log = logging.getLogger(__name__)


class Exam:
    """The exam of one data set; `counts` and `differing` tell how far it got."""

    def __init__(self, client: Client, dataset: Dataset) -> None:
        self.dataset = dataset
        self.differing: str | None = None
        """What a row was answered the first and the second time, where that differs."""
        self._client = client
        self._read = 0
        self._correct = 0

    @property
    def counts(self) -> ExamCounts:
        """Rows, rows that were asked and correct ones."""
        return ExamCounts(len(self.dataset.questions), self._read, self._correct)

    async def take(self) -> None:
        """Ask every row once, the first twenty twice; stop when these answers differ.

        A failed request is a wrong answer, unless nobody could be reached: then it is asked again
        as soon as somebody can. Raises UnreachableError.
        """
        first = self.dataset.questions[:ASKED_TWICE]
        answers = await self._ask(first)
        again = await self._ask(first)
        for question, one, other in zip(first, answers, again, strict=True):
            if self.differing is None:
                self.differing = self._difference(question, one, other)
        if self.differing is None:
            for question, answer in zip(first, answers, strict=True):
                self._count(question, answer)
            await self._ask(self.dataset.questions[ASKED_TWICE:], count=True)
        told = {"dataset": self.dataset.name, "differing": self.differing}
        _log.info("exam read", extra=told | {"counts": self.counts.to_ints()})

    async def _ask(self, questions: tuple[Question, ...], count: bool = False) -> list[Answer]:
        """Return the answers in the order of the questions, a few being asked at a time."""
        answers: list[Answer] = [Answer()] * len(questions)
        turns = iter(enumerate(questions))

        async def ask_in_turn(turns: Iterator[tuple[int, Question]]) -> None:
            for i, question in turns:
                answers[i] = await self._ask_reachable(question)
                if count:
                    self._count(question, answers[i])

        await gather_or_cancel(*(ask_in_turn(turns) for _ in range(_CONCURRENCY)))
        return answers

    async def _ask_reachable(self, question: Question) -> Answer:
        while (answer := await self._client.predict(question.body)).unreached:
            await reach(self._client)
            await asyncio.sleep(_PAUSE_SECONDS)
        return answer

    def _count(self, question: Question, answer: Answer) -> None:
        self._read += 1
        if self.dataset.is_right(question.row, answer):
            self._correct += 1
        elif self._read - self._correct <= _LOGGED:
            _log.info("row answered wrongly", extra=self._wrong(question, answer))

    def _wrong(self, question: Question, answer: Answer) -> dict[str, Any]:
        told = {"dataset": self.dataset.name, "row": question.row.id}
        if answer.problem:
            return told | {"problem": answer.problem, "detail": answer.detail}
        got = self.dataset.predicted(answer)
        return told | {"expected": shown(question.row.expected), "got": shown(got)}

    def _difference(self, question: Question, one: Answer, other: Answer) -> str | None:
        """Return how two good answers to one question differ; failed ones tell nothing here."""
        if one.problem or other.problem:
            return None
        first, second = self.dataset.predicted(one), self.dataset.predicted(other)
        if same_json(first, second):
            return None
        return f"row {question.row.id} was answered {shown(first)}, then {shown(second)}"


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
