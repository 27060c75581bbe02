"""What a failed request counts as in a quantile."""

from fractions import Fraction

import pytest

from modelward.benchmark.counts import LatencyCounts, counts_of
from modelward.judge import FAILED, LoadSession, LoadShape
from modelward.runner import report
from tests.unit.runner_plans import LATENCY, a_plan

MS = 1_000_000


@pytest.mark.parametrize(("limit", "given_up"), [("0.4", 10_000_000), ("8", 16_000_000)])
def test_a_failed_request_counts_as_one_that_was_given_up_and_is_beyond_every_limit(
    limit: str, given_up: int
) -> None:
    plan = a_plan("http://127.0.0.1:1", LATENCY | {"limit": limit})
    kpi = report.load_kpi(plan.kpis[0], plan)
    session = LoadSession(LoadShape(Fraction(40), 0, 10, 2), (kpi,))
    for request in range(session.shape.requests):
        session.record(request, FAILED if request % 5 == 0 else 3 * MS)
    (result,) = session.results()
    told = report.load_report(plan.kpis[0], result, session, report.request_seconds(plan))
    counts = counts_of("latency", told.counts, with_expected=False)
    assert isinstance(counts, LatencyCounts)
    assert counts.quantile_micros == given_up
    assert counts.beyond_limit * 5 == counts.requests > 0
