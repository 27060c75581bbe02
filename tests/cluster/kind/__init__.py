"""Clusters in Docker containers, by kind."""
