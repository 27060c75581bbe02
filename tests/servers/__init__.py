"""The runner's protocols against servers that others wrote, each from its package on PyPI."""
