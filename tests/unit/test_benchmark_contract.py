"""The result message is small, strict and exact."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.bounds import (
    MAX_DISPERSION,
    MAX_MICROSECONDS,
    MAX_REQUESTS,
    MAX_VALUE,
    CountsError,
)
from modelward.benchmark.contract import (
    MAX_RESULT_BYTES,
    KpiReport,
    Repeats,
    ResultError,
    RunnerPlan,
    RunnerResult,
)
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedSampleCounts,
    SliceCounts,
    ValueCounts,
    counts_of,
)
from modelward.benchmark.rowcounts import MOST_SLICES
from modelward.benchmark.schemas import json_schemas

NONCE = "0123456789abcdef"
LARGEST = LatencyCounts(
    dispersion=MAX_DISPERSION,
    requests=MAX_REQUESTS,
    beyond_limit=MAX_REQUESTS,
    quantile_micros=MAX_MICROSECONDS,
    dispersion_expected=MAX_DISPERSION,
    beyond_expected=MAX_REQUESTS,
)


def a_result(**changes: object) -> RunnerResult:
    fields: dict[str, object] = {
        "v": 1,
        "nonce": NONCE,
        "revision": "x7f9k2m4q1",
        "datasets": ("f" * 16,),
        "outcome": "Measured",
        "windows": 60,
        "kpis": (KpiReport.of("P", ExamCounts(rows=200, read=200, correct=187)),),
    }
    return RunnerResult.model_validate(fields | changes)


LARGEST_OF_ROWS = (
    ValueCounts(MAX_REQUESTS, MAX_REQUESTS, MAX_VALUE, MAX_VALUE - 1),
    SliceCounts(MAX_REQUESTS, MAX_REQUESTS, MOST_SLICES, MAX_REQUESTS, MAX_VALUE),
)


def the_largest(
    message: str = "", kpis: int = 32, counts: Counts = LARGEST, **changes: object
) -> RunnerResult:
    return a_result(
        **changes,
        revision="x" * 20,
        datasets=("f" * 16,) * 8,
        windows=9_999,
        send_delay_micros=99_999_999,
        kpis=(KpiReport.of("P", counts),) * kpis,
        message=message,
    )


@pytest.mark.parametrize("counts", [LARGEST, *LARGEST_OF_ROWS])
def test_the_largest_possible_result_of_32_kpis_fits_in_2_kib_and_comes_back_whole(
    counts: Counts,
) -> None:
    result = the_largest(counts=counts)
    assert len(result.to_json().encode()) <= MAX_RESULT_BYTES
    assert RunnerResult.parse(result.to_json()) == result


def test_answers_that_differ_in_every_data_set_have_room_beside_32_kpis() -> None:
    """With a million draws of each; more than fits is refused as Oversized, and is no Pass."""
    drawn = PairedSampleCounts(100_000, 999_999, 500_000, 500_000, 200_000)
    kpis = *(KpiReport.of("P", LARGEST),) * 24, *(KpiReport.of("P", drawn),) * 8
    largest = the_largest().model_copy(
        update={"kpis": kpis, "revision": "x7f9k2m4q1", "repeats": (Repeats(20, 20, 20),) * 8}
    )
    assert len(largest.to_json().encode()) <= MAX_RESULT_BYTES
    assert RunnerResult.parse(largest.to_json()) == largest


def test_32_kpis_without_counts_fit_as_well() -> None:
    differs = KpiReport(verdict="I", reason="NotDeterministic")
    result = a_result(kpis=(differs,) * 32, repeats=((20, 20, 20),) * 8)
    assert len(result.to_json().encode()) <= MAX_RESULT_BYTES


@given(message=st.text(max_size=300), kpis=st.integers(0, 32))
def test_the_message_gives_way_when_room_runs_out(message: str, kpis: int) -> None:
    text = the_largest(message, kpis).to_json()
    assert len(text.encode()) <= MAX_RESULT_BYTES
    assert message.startswith(RunnerResult.parse(text).message)


@given(kpis=st.integers(0, 32), name=st.text(max_size=32), message=st.text(max_size=300))
def test_the_names_of_slices_give_way_after_the_message(kpis: int, name: str, message: str) -> None:
    counts = LARGEST_OF_ROWS[1]
    text = the_largest(message, kpis, counts, slices=(name,) * kpis).to_json()
    assert len(text.encode()) <= MAX_RESULT_BYTES
    result = RunnerResult.parse(text)
    assert result.slices in ((), (name,) * kpis)


def test_a_few_slices_keep_their_names() -> None:
    result = the_largest(kpis=8, counts=LARGEST_OF_ROWS[1], slices=("region=" + "é" * 25,) * 8)
    assert RunnerResult.parse(result.to_json()).slices == result.slices


def test_a_kpi_is_a_short_list() -> None:
    assert json.loads(a_result().to_json())["kpis"] == [["P", "", 200, 200, 187]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "NoResult"),
        ("null", "Malformed"),
        ("panic: out of memory", "Malformed"),
        ('{"v":1,"nonce":"0123', "Truncated"),
        (a_result().to_json()[:-1], "Truncated"),
        (a_result().to_json() * 2, "Malformed"),
        (a_result().to_json() + " " * MAX_RESULT_BYTES, "Oversized"),
        ("[" * 2_000, "Malformed"),
    ],
)
def test_what_is_not_a_result_says_so_in_one_word(text: str, reason: str) -> None:
    with pytest.raises(ResultError) as refused:
        RunnerResult.parse(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("a share that is not a number", "187", "NaN"),
        ("a binary float", "187", "187.0"),
        ("a count below zero", "187", "-1"),
        ("a count beyond every bound", "187", "10000000000001"),
        ("a truth value for a count", "187", "true"),
        ("a text for a count", "187", '"187"'),
        ("an unknown verdict", '"P"', '"p"'),
        ("an unknown reason", '"",200', '"Lucky",200'),
        ("a reason beside counts", '"",200', '"NotMeasured",200'),
        ("a verdict without counts", '["P","",200,200,187]', '["P",""]'),
        ("a pass with a reason", '["P","",200,200,187]', '["P","NotMeasured"]'),
        ("too many counts", "187", "187" + ",1" * 6),
        ("too many KPIs", '["P","",200,200,187]', ",".join(['["I","NotMeasured"]'] * 33)),
        ("too many data sets", '"ffffffffffffffff"', ",".join(['"ffffffffffffffff"'] * 9)),
        ("another version", '"v":1', '"v":2'),
        ("no version", '"v":1,', ""),
        ("a member twice", '"v":1', '"v":1,"v":1'),
        ("an unknown member", '"v":1', '"v":1,"extra":0'),
        ("counts although nothing answered", '"Measured"', '"Unreachable"'),
    ],
)
def test_parsing_refuses(what: str, old: str, new: str) -> None:
    text = a_result().to_json()
    assert text.count(old) == 1, what
    with pytest.raises(ResultError):
        RunnerResult.parse(text.replace(old, new))


@given(cut=st.integers(0, len(a_result().to_json()) - 1))
def test_a_result_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(ResultError):
        RunnerResult.parse(a_result().to_json()[:cut])


@given(garbage=st.text(max_size=3_000))
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(ResultError):
        RunnerResult.parse(garbage)


@pytest.mark.parametrize(
    ("metric", "with_expected", "counts"),
    [
        ("accuracy", False, ExamCounts(rows=200, read=200, correct=187)),
        ("errorRate", True, ErrorCounts(dispersion=125, requests=121, bad=6)),
        ("latency", False, LatencyCounts(125, 144, 2, 143_000)),
        ("latency", True, LatencyCounts(125, 144, 2, 143_000, 180, 9)),
    ],
)
def test_counts_come_back_from_their_integers(
    metric: str, with_expected: bool, counts: ExamCounts | ErrorCounts | LatencyCounts
) -> None:
    assert counts_of(metric, counts.to_ints(), with_expected=with_expected) == counts


@pytest.mark.parametrize(
    ("metric", "ints"),
    [
        ("accuracy", (200, 200)),
        ("accuracy", (0, 0, 0)),
        ("accuracy", (200, 201, 187)),
        ("accuracy", (200, 200, 201)),
        ("errorRate", (99, 10, 1)),
        ("errorRate", (100, 10, 11)),
        ("latency", (100, 10, 11, 0)),
        ("latency", (100, 10, 1, 0, 100, 1)),
        ("latency", (100, 10, 1, MAX_MICROSECONDS + 1)),
    ],
)
def test_integers_that_nobody_can_have_counted_are_refused(
    metric: str, ints: tuple[int, ...]
) -> None:
    with pytest.raises(CountsError):
        counts_of(metric, ints, with_expected=False)


def test_fewer_requests_beyond_expected_than_beyond_the_limit_are_refused() -> None:
    with pytest.raises(CountsError):
        counts_of("latency", (100, 10, 5, 0, 100, 4), with_expected=True)


def a_plan(**changes: object) -> dict[str, object]:
    return {
        "version": 1,
        "nonce": NONCE,
        "subject": {
            "url": "http://fraud-x7f9k2m4q1.ml.svc:8080",
            "protocol": "v2",
            "modelName": "fraud",
            "revision": "x7f9k2m4q1",
        },
        "datasets": [{"name": "golden", "sha256": "0" * 64}],
        "load": {"rate": "20", "forSeconds": "120", "warmUpSeconds": "0.5", "dataset": "golden"},
        "kpis": [
            {
                "name": "latency",
                "metric": "latency",
                "quantile": "0.95",
                "limit": "0.25",
                "expected": "0.15",
                "direction": "atMost",
                "effect": "gate",
            }
        ],
        "judgement": {"falsePromotion": "0.05", "falseRollback": "0.025"},
        "deadlineSeconds": 1200,
    } | changes


def test_a_plan_survives_the_way_through_an_annotation() -> None:
    plan = RunnerPlan.parse(json.dumps(a_plan()))
    assert json.loads(plan.to_json()) == a_plan()
    assert RunnerPlan.parse(plan.to_json()) == plan


@pytest.mark.parametrize("limit", [0.25, 1, "0.25s", "NaN", "-1", "1e-3", None])
def test_a_limit_is_a_plain_decimal_in_a_string(limit: object) -> None:
    document = a_plan()
    document["kpis"] = [{**document["kpis"][0], "limit": limit}]  # type: ignore[index]
    with pytest.raises(ValueError, match="limit"):
        RunnerPlan.parse(json.dumps(document))


def test_a_load_of_more_requests_than_a_result_can_count_is_refused() -> None:
    load = {"rate": "10000", "forSeconds": "3600", "warmUpSeconds": "5", "dataset": "golden"}
    with pytest.raises(ValueError, match=r"lower load\.rate or load\.for"):
        RunnerPlan.parse(json.dumps(a_plan(load=load)))


def test_the_schemas_for_other_peoples_images_accept_what_we_write() -> None:
    schemas = json_schemas()
    result = json.loads(the_largest("cut off").to_json())
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(result, schemas["result.schema.json"])
    jsonschema.validate(a_plan(), schemas["plan.schema.json"])


def test_the_result_schema_refuses_an_unknown_verdict() -> None:
    document = json.loads(a_result().to_json())
    document["kpis"] = [["X", ""]]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schemas()["result.schema.json"])
