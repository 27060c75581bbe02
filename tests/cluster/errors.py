"""The errors that end a command with a message instead of a traceback."""


class ClusterError(RuntimeError):
    """A cluster or an image can't be had; the text says why, and what to do where that is known."""
