"""Metrics of rows are those of scikit-learn, on random data, to 1e-9."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modelward.runner.metrics import UnfitError
from tests.unit.measured_rows import value_of

EXAMPLES = 150
"""Of each metric."""
LABELS = ("cat", "dog", "owl", "yak")
AVERAGES: tuple[dict[str, Any], ...] = (
    {"positiveLabel": "cat"},
    {"average": "macro"},
    {"average": "micro"},
)
AMOUNTS = st.floats(-1e6, 1e6, allow_subnormal=False)
SHARES = st.floats(0, 1, allow_subnormal=False)


def close(ours: Fraction, theirs: float) -> bool:
    return math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-9)


@st.composite
def with_cats(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Rows of two labels at least, one of them cat, and answers that are among their labels.

    Other answers are our own matter: see test_runner_metrics.
    """
    others = st.lists(st.sampled_from(LABELS), max_size=58)
    expected = ["cat", draw(st.sampled_from(LABELS[1:])), *draw(others)]
    answers = st.sampled_from(sorted(set(expected)))
    return [(label, draw(answers)) for label in expected]


@settings(max_examples=EXAMPLES)
@given(rows=with_cats(), of=st.sampled_from(AVERAGES))
@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_precision_recall_and_f1(
    metric: str, rows: list[tuple[str, str]], of: dict[str, Any]
) -> None:
    expected, predicted = map(list, zip(*rows, strict=True))
    average = of.get("average", "binary")
    if average == "binary":
        truth, taken = [e == "cat" for e in expected], [p == "cat" for p in predicted]
    else:
        truth, taken = expected, predicted
    theirs = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[metric]
    ours = value_of({"metric": metric} | of, rows)
    assert close(ours, theirs(truth, taken, average=average, zero_division=0))


@settings(max_examples=EXAMPLES)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=2, max_size=60
    )
)
def test_accuracy(rows: list[tuple[str, str]]) -> None:
    expected, predicted = zip(*rows, strict=True)
    assert close(value_of({"metric": "accuracy"}, rows), sk.accuracy_score(expected, predicted))


@settings(max_examples=EXAMPLES)
@given(
    rows=st.lists(
        st.tuples(st.booleans(), st.floats(-100, 100) | st.sampled_from((0.1, 0.2, 0.3))),
        min_size=2,
        max_size=60,
    )
)
def test_auroc_with_ties(rows: list[tuple[bool, float]]) -> None:
    expected, scores = zip(*rows, strict=True)
    assume(len(set(expected)) == 2)
    ours = value_of({"metric": "auroc", "positiveLabel": "true"}, rows)
    assert close(ours, sk.roc_auc_score(expected, scores))


@settings(max_examples=EXAMPLES)
@given(rows=st.lists(st.tuples(st.integers(0, 1), SHARES), min_size=2, max_size=60))
def test_log_loss_and_brier_of_one_probability(rows: list[tuple[int, float]]) -> None:
    expected, scores = zip(*rows, strict=True)
    assume(len(set(expected)) == 2)
    ours = value_of({"metric": "logLoss", "positiveLabel": "1"}, rows)
    assert close(ours, sk.log_loss(expected, scores))
    assert close(
        value_of({"metric": "brier", "positiveLabel": "1"}, rows),
        sk.brier_score_loss(expected, scores),
    )


@st.composite
def probabilities(draw: st.DrawFn) -> list[tuple[str, list[float]]]:
    """Rows of three labels, each with a probability for each."""
    found = []
    weights = st.lists(st.floats(0.001, 1), min_size=3, max_size=3)
    for label in draw(st.lists(st.sampled_from(LABELS[:3]), min_size=3, max_size=30)):
        drawn = draw(weights)
        found.append((label, [weight / sum(drawn) for weight in drawn]))
    return found


@settings(max_examples=EXAMPLES)
@given(rows=probabilities())
def test_log_loss_of_a_list_of_probabilities_in_the_labels_order(
    rows: list[tuple[str, list[float]]],
) -> None:
    expected, shares = zip(*rows, strict=True)
    assume(set(expected) == set(LABELS[:3]))
    theirs = sk.log_loss(expected, np.array(shares))
    assert close(value_of({"metric": "logLoss"}, rows), theirs)
    by_label = [
        (label, dict(zip(LABELS, each, strict=False)))
        for label, each in zip(expected, shares, strict=True)
    ]
    assert close(value_of({"metric": "logLoss"}, by_label), theirs)


@settings(max_examples=EXAMPLES)
@given(rows=st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=60))
def test_mae_and_rmse(rows: Sequence[tuple[float, float]]) -> None:
    expected, predicted = zip(*rows, strict=True)
    assert close(value_of({"metric": "mae"}, rows), sk.mean_absolute_error(expected, predicted))
    ours = value_of({"metric": "rmse"}, rows)
    assert close(ours, sk.root_mean_squared_error(expected, predicted))


@settings(max_examples=EXAMPLES)
@given(rows=st.lists(st.tuples(st.booleans(), st.none()), min_size=2, max_size=20))
def test_where_nothing_is_answered_no_metric_is_better_than_its_worst_value(
    rows: list[tuple[bool, None]],
) -> None:
    assume(len({expected for expected, _ in rows}) == 2)
    of = {"positiveLabel": "true"}
    assert value_of({"metric": "auroc"} | of, rows) == 0
    assert value_of({"metric": "brier"} | of, rows) == 1
    assert float(value_of({"metric": "logLoss"} | of, rows)) == pytest.approx(36.04, abs=0.01)
    for metric in ("precision", "recall", "f1"):
        assert value_of({"metric": metric} | of, rows) == 0
    with pytest.raises(UnfitError, match="no number"):
        value_of({"metric": "mae"}, rows)
