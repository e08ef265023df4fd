"""The error that stops a start, in one line for the person at the terminal."""


class StartupError(Exception):
    """The product cannot start; the message says why and what to do, in one line."""
