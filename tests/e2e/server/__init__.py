"""A small model server for stories: starts at once, and behaves as it is told."""
