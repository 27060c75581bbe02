"""`modelward judge replay`: what it prints, and how it ends."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.cli.inputs import InputError
from modelward.cli.observations import read_observations
from tests.unit.judge_command import ACCURACY, ERRORS, LATENCY, VERSUS, Ask


def window(bad: int, requests: int = 10, kpi: str = "errors", **more: int) -> str:
    return json.dumps({"kpi": kpi, "requests": requests, "bad": bad} | more)


def drawn(share: float, windows: int) -> list[str]:
    rng = random.Random(1)
    return [window(sum(rng.random() < share for _ in range(10))) for _ in range(windows)]


@pytest.mark.parametrize(
    ("share", "windows", "code", "told"),
    [
        (0.03, 120, 0, "every gate passes"),
        (0.3, 120, 1, "a gate fails"),
        (0.07, 70, 2, "Inconclusive"),
    ],
)
def test_a_replay_ends_as_the_benchmark_would_have(
    ask: Ask, share: float, windows: int, code: int, told: str
) -> None:
    ended, out, _ = ask("replay", [ERRORS], lines=drawn(share, windows))
    assert ended == code
    assert told in out


def test_a_replay_tells_where_the_verdict_was_reached(ask: Ask) -> None:
    lines = [window(1)] * 60 + ['{"kpi": "errors", "requests": 100, "bad": 60, "at": "noon"}']
    code, out, _ = ask("replay", [ERRORS], "--json", lines=lines)
    (kpi,) = json.loads(out)["kpis"]
    assert code == 1
    assert (kpi["verdict"], kpi["reason"]) == ("Fail", "WorseThanExpected")
    assert kpi["reached"] == {"line": 61, "at": "noon", "samples": 700}
    assert kpi["samples"] == 100


def test_requests_make_the_windows_of_the_declared_load(ask: Ask) -> None:
    """Ten at 20/s: the same verdicts as from counts of ten."""
    rng = random.Random(2)
    slow = [rng.random() < 0.3 for _ in range(1_000)]
    requests = [json.dumps({"latency": f"{200 if is_slow else 20}ms"}) for is_slow in slow]
    counts = [
        window(0, kpi="latency", beyondExpected=sum(slow[i : i + 10])) for i in range(0, 1_000, 10)
    ]
    of_requests, of_counts = (
        json.loads(ask("replay", [LATENCY], "--json", lines=lines)[1])["kpis"][0]
        for lines in (requests, counts)
    )
    assert of_requests["verdict"] == of_counts["verdict"] == "Fail"
    assert of_requests["samples"] == of_counts["samples"]


def test_failed_requests_are_slow_ones_and_are_compared_with_stable(ask: Ask) -> None:
    rng = random.Random(3)
    lines = [
        json.dumps({"failed": rng.random() < 0.4, "latency": "1ms", "stable": {"failed": False}})
        for _ in range(1_500)
    ]
    _, out, _ = ask("replay", [ERRORS, LATENCY, VERSUS], "--json", lines=lines)
    assert {kpi["verdict"] for kpi in json.loads(out)["kpis"]} == {"Fail"}


def test_without_answers_of_stable_what_is_versus_it_does_not_apply(ask: Ask) -> None:
    code, out, _ = ask("replay", [ERRORS, VERSUS], lines=drawn(0.03, 120))
    assert code == 0
    assert "NotApplicable NoStable" in out


@pytest.mark.parametrize(("right", "code"), [(92, 0), (91, 1)])
def test_rows_of_an_exam_are_judged_exactly(ask: Ask, right: int, code: int) -> None:
    lines = [json.dumps({"dataset": "golden", "id": str(i), "correct": i < right})
             for i in range(100)]  # fmt: skip
    ended, out, _ = ask("replay", [ACCURACY], lines=lines)
    assert ended == code
    assert "100" in out


def test_rows_of_a_sample_are_judged_as_they_come(ask: Ask) -> None:
    sample = [{"name": "golden", "configMap": {"name": "g", "key": "k"}, "rows": "sample"}]
    lines = ['{"dataset": "golden", "id": "a", "correct": true}'] * 200
    code, out, _ = ask("replay", [ACCURACY], "--json", lines=lines, datasets=sample)
    reached = json.loads(out)["kpis"][0]["reached"]
    assert code == 0
    assert 20 < reached["line"] < 200


def test_all_lines_are_evidence_where_a_dispersion_is_given(ask: Ask) -> None:
    lines = [window(5)] * 20
    assert ask("replay", [ERRORS], lines=lines)[0] == 2
    assert ask("replay", [ERRORS], "--dispersion", "1", lines=lines)[0] == 1


def test_no_data_is_no_verdict(ask: Ask) -> None:
    code, out, _ = ask("replay", [ERRORS, LATENCY, ACCURACY])
    assert code == 2
    assert out.count("Inconclusive NotMeasured") >= 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: "),
        ("[1]", "line 2: it is no JSON object: write a request"),
        ('{"kpi": "errors", "requests": NaN, "bad": 1}', "line 2: NaN is not a JSON number"),
        ('{"kpi": "errors", "requests": 10, "bad": 11}', "line 2: more bad requests than the 10"),
        ('{"kpi": "errors", "requests": 10, "bad": -1}', "line 2: bad is -1: say a whole number"),
        ('{"kpi": "errors", "requests": 10, "bad": 0.5}', "line 2: bad is 0.5: say a whole number"),
        ('{"kpi": "errors", "requests": true, "bad": 1}', "line 2: requests is True"),
        ('{"kpi": "errors", "requests": 10}', "line 2: counts are missing"),
        ('{"kpi": "typo", "requests": 10, "bad": 1}',
         "line 2: no KPI under load or of users' requests is named typo"),
        ('{"kpi": "errors", "requests": 9, "lost": 1, "won": 0, "both": 0}',
         'line 2: counts of KPI errors are "bad"'),
        ('{"kpi": "errors", "requests": 9, "bad": 1, "worse": 2}', "line 2: worse is not known"),
        ('{"latency": 120}', "line 2: latency is 120: say a string"),
        ('{"latency": "120"}', "line 2: '120': say a duration such as 250ms"),
        ('{"failed": false}', "line 2: latency is missing, and KPI latency is about it"),
        ('{"failed": "no"}', "line 2: failed is no: say true or false"),
        ('{"dataset": "golden"}', "line 2: correct is missing: say true or false"),
        ('{"dataset": "silver", "correct": true}', "line 2: no KPI is on a data set named silver"),
        ('{"colour": "red"}', "line 2: it says nothing that is known"),
        (
            '{"kpi": "latency", "requests": 40, "bad": 0}',
            "line 2: beyondExpected is missing, and KPI latency has expected",
        ),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named_by_its_number(ask: Ask, line: str, told: str) -> None:
    code, out, err = ask("replay", [ERRORS, LATENCY, ACCURACY], lines=[window(0), line])
    assert code == 64
    assert told in err
    assert out == ""


def test_a_row_of_an_exam_that_comes_twice_is_refused(ask: Ask) -> None:
    lines = ['{"dataset": "golden", "id": "a", "correct": true}'] * 2
    _, _, err = ask("replay", [ACCURACY], lines=lines)
    assert "line 2: row a was answered on line 1 already" in err


@given(st.text(max_size=80) | st.dictionaries(
    st.sampled_from(["kpi", "requests", "bad", "lost", "won", "both", "latency", "failed", "at",
                     "dataset", "correct", "stable"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
).map(json.dumps))  # fmt: skip
def test_no_line_crashes(line: str) -> None:
    try:
        told = [observed.line for observed in read_observations([line])]
    except InputError as error:
        told = [int(str(error).removeprefix("line ").partition(":")[0])]
    assert told in ([], [1])
