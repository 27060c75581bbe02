"""Modelward: judge model versions by their KPIs and switch between them."""

__version__ = "0.1.0"
