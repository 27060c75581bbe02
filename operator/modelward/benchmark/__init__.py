"""Snapshot to plan for a BenchmarkRun, and the result contract. Pure: no clock, no I/O."""
