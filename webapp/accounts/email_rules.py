"""One e-mail address, one account, however it is typed."""

import unicodedata


def canonical_email(text: str) -> str:
    """Returns the form that accounts are stored and found by: composed, in small letters, without space around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()
