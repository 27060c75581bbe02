import math
from array import array
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from modelward.judge.ranks import nearest_rank


@given(
    st.lists(st.integers(0, 10**5) | st.integers(0, 2**63 - 1), min_size=1),
    st.fractions(Fraction(1, 100), 1),
)
def test_a_quantile_is_the_one_of_the_sorted_values(values: list[int], share: Fraction) -> None:
    exact = sorted(values)[math.ceil(share * len(values)) - 1]
    assert nearest_rank(array("q", values), share) == exact


def test_no_values_have_the_quantile_0() -> None:
    assert nearest_rank(array("q"), Fraction(1, 2)) == 0
