"""Runs that judge a weight step on users' requests, from the counters of a metrics server."""
