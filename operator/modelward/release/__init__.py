"""Snapshot to plan for a ModelDeployment. Pure: no clock, no I/O."""
