"""Whole attempts on labelled rows: one server, several metrics of the same answers."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from modelward.benchmark.contract import PlanSubject, RunnerPlan, RunnerResult
from modelward.runner.attempt import Attempt
from tests.unit.model_server import ModelServer
from tests.unit.runner_plans import ACCURACY, a_plan

FRAUD = {"positiveLabel": "fraud"}
LABEL, SCORE = "outputs[0].data[0]", "outputs[1].data[0]"
RECALL = ACCURACY | FRAUD | {"name": "recall", "metric": "recall", "prediction": LABEL}
PRECISION = RECALL | {"name": "precision", "metric": "precision"}
MACRO = ACCURACY | {"name": "f1", "metric": "f1", "average": "macro"}
AUROC = ACCURACY | FRAUD | {"name": "auroc", "metric": "auroc", "prediction": SCORE}
BRIER = AUROC | {"name": "brier", "metric": "brier", "limit": "0.1", "direction": "atMost"}
MAE = ACCURACY | {"name": "mae", "metric": "mae", "direction": "atMost", "prediction": SCORE}
SLICED = ACCURACY | {"name": "regions", "worstSliceOf": "region", "minRows": 10}

Answering = Callable[[int], tuple[str, float]]


def rows_of(count: int = 60, **members: Any) -> bytes:  # noqa: ANN401 (any JSON value)
    """Every third row is a fraud; the EU has the first half of them."""
    rows = [
        {
            "id": f"row-{i}",
            "inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [i]}],
            "expected": "fraud" if i % 3 == 0 else "ok",
            "region": "EU" if i < count / 2 else "US",
        }
        | members
        for i in range(count)
    ]
    return "\n".join(map(json.dumps, rows)).encode()


def server_of(answering: Answering, failing: frozenset[int] = frozenset()) -> ModelServer:
    async def predict(request: web.Request) -> web.StreamResponse:
        (tensor,) = (await request.json())["inputs"]
        (row,) = tensor["data"]
        if row in failing:
            raise web.HTTPInternalServerError(text="out of luck")
        label, score = answering(row)
        return web.json_response({"outputs": [{"data": [label]}, {"data": [score]}]})

    return ModelServer(predict=predict)


def good(row: int) -> tuple[str, float]:
    return ("fraud", 0.9) if row % 3 == 0 else ("ok", 0.125)


async def measure(
    server: ModelServer,
    *kpis: dict[str, Any],
    rows: bytes | None = None,
    stable: ModelServer | None = None,
    whole_exam_seconds: float = 60,
) -> RunnerResult:
    content = rows or rows_of()
    async with server.serving(), (stable or ModelServer()).serving() as other:
        alone = a_plan(server.url, *({**kpi, "versus": None} for kpi in kpis), rows=content)
        plan = with_stable(alone, kpis, other.url) if stable else alone
        result = await Attempt(plan, {"golden": content}, whole_exam_seconds).run(seconds=60)
    assert RunnerResult.parse(result.to_json()) == result
    print(result)  # pytest shows it where a test fails
    return result


def with_stable(plan: RunnerPlan, kpis: tuple[dict[str, Any], ...], url: str) -> RunnerPlan:
    told = plan.subject.model_dump() | {"url": url, "revision": "stable"}
    pairs = zip(plan.kpis, kpis, strict=True)
    compared = tuple(kpi.model_copy(update={"versus": raw.get("versus")}) for kpi, raw in pairs)
    return plan.model_copy(update={"baseline": PlanSubject.model_validate(told), "kpis": compared})


def told(result: RunnerResult) -> str:
    return "".join(kpi.verdict for kpi in result.kpis)


async def test_labels_and_scores_are_read_from_the_same_answers() -> None:
    asked = ModelServer()
    server = server_of(good)
    result = await measure(server, ACCURACY, RECALL, PRECISION, MACRO, AUROC, BRIER)
    assert told(result) == "PPPPPP"
    assert [kpi.counts for kpi in result.kpis] == [
        (60, 60, 60),
        (60, 60, 20, 0),
        (60, 60, 20, 0),
        (60, 0, 100_000_000),
        (60, 0, 100_000_000),
        (60, 0, 13_750),
    ]
    assert asked.requests == 0


async def test_failed_requests_count_against_every_metric() -> None:
    failing = frozenset(range(0, 30, 3))
    result = await measure(
        server_of(good, failing), ACCURACY, RECALL, PRECISION, MACRO, AUROC, BRIER
    )
    assert told(result) == "FFFFFF"
    assert result.kpis[1].counts == (60, 60, 10, 10)
    assert result.kpis[2].counts == (60, 60, 10, 10)
    assert result.kpis[4].counts == (60, 10, 50_000_000)


async def test_right_on_average_but_bad_in_one_slice_fails_and_names_it() -> None:
    def worse_in_us(row: int) -> tuple[str, float]:
        return ("ok" if row >= 30 else good(row)[0]), 0.5

    lenient = ACCURACY | {"limit": "0.8"}
    result = await measure(server_of(worse_in_us), lenient, SLICED | {"limit": "0.7"})
    assert told(result) == "PF"
    assert result.kpis[1].counts == (60, 0, 2, 30, 66_666_666)
    assert result.slices == ("region=US",)


async def test_rows_that_one_metric_can_not_be_measured_on_keep_no_other_from_its_verdict() -> None:
    result = await measure(
        server_of(good), ACCURACY, MAE, AUROC | {"positiveLabel": "theft"}, SLICED, rows=rows_of()
    )
    assert told(result) == "PIIP"
    assert [kpi.reason for kpi in result.kpis] == ["", "RowsUnfit", "ClassMissing", ""]
    assert result.message.startswith("KPI mae: row row-")
    assert result.message.endswith('"expected" is no number')
    assert result.slices == ("region=EU",)


async def test_a_slice_column_that_no_row_has_is_no_slice() -> None:
    result = await measure(server_of(good), SLICED | {"worstSliceOf": "regoin"})
    assert (told(result), result.kpis[0].reason, result.slices) == ("I", "RowsUnfit", ("",))
    assert "has no regoin" in result.message


async def test_a_prediction_that_is_no_jmespath_names_its_kpi() -> None:
    result = await measure(server_of(good), AUROC | {"prediction": "outputs[["})
    assert (result.outcome, told(result)) == ("DatasetInvalid", "I")
    assert result.message.startswith("KPI auroc, prediction is no JMESPath: outputs[[")


@pytest.mark.parametrize(("by", "verdicts"), [(1e-7, "PP"), (0.1, "PI")])
async def test_scores_may_differ_in_their_last_digits_when_asked_twice(
    by: float, verdicts: str
) -> None:
    rng = random.Random(1)

    def jittering(row: int) -> tuple[str, float]:
        label, score = good(row)
        return label, score - by * rng.random()

    result = await measure(server_of(jittering), RECALL, AUROC)
    assert told(result) == verdicts
    differ = verdicts == "PI"
    assert result.kpis[1].reason == ("NotDeterministic" if differ else "")
    assert (result.kpis[0].counts[1] > 60) == differ


async def test_what_is_compared_for_equality_may_not_differ_at_all() -> None:
    rng = random.Random(1)

    def jittering(row: int) -> tuple[str, float]:
        return good(row)[0], good(row)[1] - 1e-7 * rng.random()

    exactly = ACCURACY | {"name": "exactly", "prediction": SCORE}
    result = await measure(server_of(jittering), AUROC, exactly)
    assert [kpi.reason for kpi in result.kpis] == ["NotDeterministic", ""]
    assert result.repeats == ((20, 20, 0),)
    assert told(result) == "IF"


async def test_a_long_exam_ends_early_for_ratios_and_not_before_its_end_for_values() -> None:
    rows = rows_of(3_000)
    ratios = await measure(server_of(good), RECALL, PRECISION, rows=rows, whole_exam_seconds=0)
    assert told(ratios) == "PP"
    assert ratios.kpis[0].counts[1] < 400
    whole = await measure(server_of(good), RECALL, AUROC, rows=rows, whole_exam_seconds=0)
    assert told(whole) == "PP"
    assert whole.kpis[0].counts == ratios.kpis[0].counts
    assert whole.kpis[1].counts[0] == 3_000


async def test_values_are_compared_with_stables() -> None:
    def worse(row: int) -> tuple[str, float]:
        return good(row)[0], 0.5

    versus = {"versus": "stable", "limit": "0.01"}
    kpis = (AUROC | versus, BRIER | versus, RECALL | versus, MACRO | versus)
    alike = await measure(server_of(good), *kpis, stable=server_of(good))
    assert told(alike) == "PPPP"
    assert alike.kpis[1].counts == (60, 0, 13_750, 13_750)
    result = await measure(server_of(worse), *kpis, stable=server_of(good))
    assert told(result) == "FFPP"
    assert result.kpis[0].counts == (60, 0, 50_000_000, 100_000_000)


async def test_a_verdict_about_values_is_kept_and_an_unfinished_one_begins_anew() -> None:
    passed = {"verdict": "P", "windows": 0, "counts": [60, 0, 100_000_000]}
    server = server_of(good)
    result = await measure(server, AUROC | {"start": passed}, RECALL)
    assert [kpi.counts for kpi in result.kpis] == [(60, 0, 100_000_000), (60, 60, 20, 0)]
    part = {"verdict": "I", "windows": 0, "counts": [60, 40, 12, 0]}
    result = await measure(server_of(good), RECALL | {"start": part})
    assert told(result) == "P"
    assert result.kpis[0].counts[:2] == (60, 60)
