"""The errors that end a command with a message instead of a traceback."""


class ClusterError(RuntimeError):
    """A cluster or an image can't be had; the text says why, and what to do where that is known."""


class LacksError(ClusterError):
    """A cluster has not what was asked of it; stories that ask for it are skipped, saying so."""
