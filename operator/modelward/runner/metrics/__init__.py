"""Metrics of rows: from answers to the integers that a result carries.

All of it is exact, and none of it needs an array: counts, sums of decimals, one sort. A test
compares every metric with scikit-learn's.
"""

from modelward.runner.metrics.readings import Reading, readings
from modelward.runner.metrics.tallies import RowSet, SliceTally, Tally, tally_of
from modelward.runner.metrics.unfit import UnfitError

__all__ = ["Reading", "RowSet", "SliceTally", "Tally", "UnfitError", "readings", "tally_of"]
