"""What names of people and teams have to be, wherever they come from, for others to read them."""

import unicodedata

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They have the text after a name read backwards."""
SEEN = "LNPS"
"""Letters, numbers, punctuation and symbols: first letters of Unicode's categories."""


def readable_name(text: str) -> str:
    """Returns the name in one line; empty where nothing in it is to be seen."""
    name = " ".join("".join(each for each in text if each not in TURNING).split())
    return name if any(unicodedata.category(each)[0] in SEEN for each in name) else ""
