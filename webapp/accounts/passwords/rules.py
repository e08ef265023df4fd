"""Which passwords are long enough and yet among the first that anybody tries."""

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

PRODUCT = "rollcall"
WORD_LENGTHS = range(4, 31)
SHORTEST_NAME, SHORTEST_RUN = 3, 3
SHORTEST_UNIT = 12
"""What is shorter and repeated is no longer for it."""
MORE_DIGITS_THAN_A_YEAR = re.compile(r"\d{5}")
LEET = str.maketrans("@40315$7!", "aaoeissti")
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qawsedrftgyhujikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1a2s3d4f5g6h7j8k9l",
    "a1s2d3f4g5h6j7k8l9",
    "z1x2c3v4b5n6m7",
)
"""Of the alphabet and of keyboards; fingers go along them either way."""
WAYS = ROWS + tuple(row[::-1] for row in ROWS)


class GuessablePasswordValidator(CommonPasswordValidator):
    """Refuses common passwords, and those of one common word, or of names, with digits, runs or repetitions added.

    Django's list of 20,000 holds few long ones; people lengthen the short: "passwordpassword", "P@ssw0rd2026!".
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        text = password.lower().strip()
        names = sorted(_names_of(user), key=len, reverse=True)
        if any(self._is_guessable(each, names) for each in {text, text.translate(LEET)}):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _("This password is easy to guess. Use several words that do not belong together.")

    def _is_guessable(self, text: str, names: list[str]) -> bool:
        if text in self.passwords or _is_repeated(text):
            return True
        for name in names:
            text = text.replace(name, " ")
        words = {each for each in _parts(text) if each in self.passwords}
        return any(_is_trivial(rest) for rest in (text, *(text.replace(word, " ") for word in words)))


def _names_of(user: Any) -> set[str]:
    known = f"{PRODUCT} {getattr(user, 'name', '')} {getattr(user, 'email', '')}".lower()
    return {each for each in re.split(r"[\W_]+", known) if len(each) >= SHORTEST_NAME}


def _parts(text: str) -> set[str]:
    return {text[start : start + length] for start in range(len(text)) for length in WORD_LENGTHS}


def _is_repeated(text: str) -> bool:
    """Returns whether something short is said again and again, and nothing else."""
    unit = (text + text).find(text, 1)
    return unit < min(len(text), SHORTEST_UNIT)


def _is_trivial(text: str) -> bool:
    """Returns whether there are but signs, a year's digits, and runs of the same letter or along a row."""
    rest, place = "", 0
    while place < len(text):
        run = _run_at(text, place)
        rest += " " if run else text[place]
        place += run or 1
    return not any(each.isalpha() for each in rest) and not MORE_DIGITS_THAN_A_YEAR.search(rest)


def _run_at(text: str, start: int) -> int:
    """Returns how many letters from here on follow each other or are the same; 0 where it is no run."""
    end = start + SHORTEST_RUN
    while end <= len(text) and _is_run(text[start:end]):
        end += 1
    length = end - 1 - start
    return length if length >= SHORTEST_RUN else 0


def _is_run(part: str) -> bool:
    return len(set(part)) == 1 or any(part in way for way in WAYS)
