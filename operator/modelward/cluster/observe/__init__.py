"""Observing: from the documents in the store to the frozen snapshot that a decision sees."""
