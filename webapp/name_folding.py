"""Brings names that read alike to one form: accents, case, width and Unicode form do not matter, Chinese has pinyin."""

import os
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import product

LONGEST = 255
"""Characters of a folded form; an index of PostgreSQL takes no longer ones."""
ABOVE_AND_BELOW = {1, *range(200, 241)}
"""Canonical combining classes of what stands over, under or through a letter (Unicode, table 4-3). Marks of other
classes are left: without its dakuten, a Japanese "ga" would be "ka"."""
STROKED = {"ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
"""Letters that Unicode does not decompose."""
TYPESET = dict.fromkeys("‘’ʼ", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("‐‒–—―−", "-")
"""Signs that programs put in place of those on the keyboard: O’Brien is O'Brien."""
VARIATIONS = dict.fromkeys(map(chr, range(0xFE00, 0xFE10)))
"""Say whether a sign is drawn as text or as a picture."""
PLAIN = str.maketrans(STROKED | TYPESET | VARIATIONS)
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
MOST_READ = 4
"""Characters of a name of which all readings count: a Chinese name has no more, and readings multiply."""
MOST_SPELLINGS = 6


def fold(name: str) -> str:
    """Returns the one form of names that differ only in accents, case, width, Unicode form, typesetting or spaces."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    plain = "".join(c for c in decomposed if unicodedata.combining(c) not in ABOVE_AND_BELOW)
    composed = unicodedata.normalize("NFC", plain).translate(PLAIN)
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in composed)
    seen = " ".join("".join(c for c in visible if unicodedata.category(c) != "Cf").split())
    # A name of accents alone stays one: an empty form is that of people without a name.
    return (seen or folded.strip())[:LONGEST].rstrip()


def pinyin(name: str) -> str:
    """Returns how a name's Chinese characters are typed, in full and by initials ("zhangsan zs"), for all readings.

    Empty without Chinese characters.
    """
    spelled = [spelling for run in HAN.findall(unicodedata.normalize("NFKC", name)) for spelling in _spellings(run)]
    words = list(dict.fromkeys(spelled))
    while len(" ".join(words)) > LONGEST and len(words) > 1:
        words.pop()
    return " ".join(words)[:LONGEST]


def _spellings(run: str) -> list[str]:
    read = _readings()
    syllables = [read(character) for character in run]
    if len(run) > MOST_READ:
        syllables = [each[:1] for each in syllables]
    whole = list(product(*syllables))[:MOST_SPELLINGS]
    return ["".join(each) for each in whole] + ["".join(syllable[0] for syllable in each) for each in whole]


@cache
def _readings() -> Callable[[str], list[str]]:
    # Its 47,000 phrases take 45 MB in every process, and names are hardly among them; characters take 13 MB.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import Style, pinyin  # deferred: rarely needed

    def readings(character: str) -> list[str]:
        found: list[list[str]] = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")[:1]
        return [each for each in found[0] if each] if found else [character]

    return readings
