"""Weights to objects: how many pods of which revision, and what the Service selects. Pure."""
