"""Shared by all tests: the cluster fixtures, and one profile for property tests."""

from hypothesis import settings

pytest_plugins = ["tests.cluster.fixtures"]

# Two busy cores make single examples slow now and then; deadlines would only measure that.
settings.register_profile("modelward", deadline=None)
settings.load_profile("modelward")
