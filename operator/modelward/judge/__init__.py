"""Sequential tests and verdicts. Pure: no clock, no I/O."""
