"""Hashes passwords, a few at once: each takes a core for a third of a second, and strangers can ask for it."""

import os
import threading
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""So that pages stay quick while passwords are guessed."""
WAITS_AT_MOST_S = 10.0
_turns = threading.BoundedSemaphore(AT_ONCE)


class TooBusyToHash(Exception):
    """Too many passwords are waiting to be checked."""


class PatientPasswordHasher(PBKDF2PasswordHasher):
    """Django's own, whose hashes it writes and reads; waits for its turn. Raises TooBusyToHash."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        if not _turns.acquire(timeout=WAITS_AT_MOST_S):
            raise TooBusyToHash
        try:
            encoded: Any = super().encode(password, salt, iterations)
            return str(encoded)
        finally:
            _turns.release()
