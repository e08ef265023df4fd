"""The digest under which texts are kept or compared that are not themselves stored."""

import hashlib


def sha256_of(text: str) -> str:
    """Returns the SHA-256 of a text as 64 hexadecimal digits.

    Enough for secrets of 128 random bits and more; passwords, which can be guessed, need a slow hash.
    """
    return hashlib.sha256(text.encode()).hexdigest()
