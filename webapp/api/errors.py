"""What ends a request of a program."""

from typing import Any


class ApiError(Exception):
    """Ends it with a status, a sentence for whoever runs the program, and more members of the problem."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.more = status, more
