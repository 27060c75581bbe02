"""Planted mutants: each patch here breaks one rule of the design, and a unit test must notice."""
