"""Clients that call a model as its users do, and count what those would have noticed."""
