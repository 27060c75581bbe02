"""`modelward judge replay` of rows with the answers that a server gave to them."""

import json
from typing import Any

import pytest

from tests.unit.judge_command import ACCURACY, Ask


def a_kpi(metric: str, objective: dict[str, Any], **benchmark: object) -> dict[str, Any]:
    source = {"metric": metric, "dataset": "golden"} | benchmark
    return {"name": metric, "benchmark": source, "objective": objective}


RECALL = a_kpi("recall", {"atLeast": "70%"}, positiveLabel="fraud")
AUROC = a_kpi("auroc", {"atLeast": "80%"}, positiveLabel="fraud", prediction="outputs[1].data[0]")
MAE = a_kpi("mae", {"atMost": "0.25"}, prediction="outputs[1].data[0]")
SLICED = a_kpi("accuracy", {"atLeast": "60%"}, worstSliceOf="region", minRows=2)
AUROC_VERSUS = AUROC | {"name": "versus", "objective": {"versus": "stable", "worseByAtMost": "0pp"}}


def answer(label: str, score: float) -> dict[str, Any]:
    return {"outputs": [{"data": [label]}, {"data": [score]}]}


def line(expected: object, label: str | None, score: float = 0.5, **more: object) -> str:
    told = {"dataset": "golden", "expected": expected}
    return json.dumps(told | {"answer": None if label is None else answer(label, score)} | more)


ROWS = [
    line("fraud", "fraud", 0.9, region="EU"),
    line("fraud", "fraud", 0.8, region="EU"),
    line("fraud", "fraud", 0.7, region="US"),
    line("fraud", "ok", 0.3, region="US", at="noon"),
    line("ok", "ok", 0.1, region="US"),
]


def test_every_metric_is_read_from_the_same_answers(ask: Ask) -> None:
    code, out, _ = ask(
        "replay", [ACCURACY, RECALL, AUROC, SLICED | {"name": "cut"}], "--json", lines=ROWS
    )
    told = json.loads(out)["kpis"]
    assert [kpi["value"] for kpi in told] == pytest.approx([0.8, 0.75, 1.0, 2 / 3], abs=1e-7)
    assert [kpi["verdict"] for kpi in told] == ["Fail", "Pass", "Pass", "Pass"]
    assert code == 1


def test_a_failed_request_is_a_null_and_counts(ask: Ask) -> None:
    rows = [*ROWS, line("fraud", None, region="EU")]
    code, out, _ = ask("replay", [RECALL, AUROC], "--json", lines=rows)
    assert [kpi["value"] for kpi in json.loads(out)["kpis"]] == [0.6, 0.8]
    assert code == 1


def test_answers_are_compared_with_stables_where_lines_say_them(ask: Ask) -> None:
    better = [line("fraud", "fraud", 0.9, stable={"answer": answer("ok", 0.1)}),
              line("ok", "ok", 0.2, stable={"answer": answer("ok", 0.2)})]  # fmt: skip
    code, out, _ = ask("replay", [RECALL, AUROC_VERSUS], lines=better)
    assert code == 0
    assert "every gate passes" in out
    code, out, _ = ask("replay", [RECALL, AUROC_VERSUS], lines=ROWS)
    assert "NotApplicable NoStable" in out
    assert code == 0


def test_numbers_are_shown_without_a_unit(ask: Ask) -> None:
    rows = [line(0.5, "x", 0.25), line(0.5, "x", 0.5)]
    code, out, _ = ask("replay", [MAE], lines=rows)
    assert "0.125" in out
    assert code == 0


@pytest.mark.parametrize(
    ("kpi", "told_line", "told"),
    [
        (MAE, line("much", "x"), 'KPI mae: row of line 1: "expected" is no number'),
        (RECALL, line(None, "x"), "is no label"),
        (SLICED, line("a", "a"), "has no region"),
        (RECALL, '{"dataset": "golden", "answer": {}}', "line 1: expected is missing"),
        (
            RECALL,
            line("a", "a").replace("golden", "silver"),
            "no KPI is on a data set named silver",
        ),
        (RECALL | {"benchmark": RECALL["benchmark"] | {"prediction": "a["}}, "", "is no JMESPath"),
    ],
)
def test_rows_that_can_not_be_used_say_why(
    ask: Ask, kpi: dict[str, Any], told_line: str, told: str
) -> None:
    code, _, err = ask("replay", [kpi], lines=[told_line])
    assert code == 64
    assert told in err
