"""What runs in the benchmark pod: schedule, protocols, metrics."""
