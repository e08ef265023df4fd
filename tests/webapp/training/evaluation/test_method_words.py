"""Which way of training was used, in the reader's language."""

from typing import Any

import pytest
from django.utils import translation

from webapp.training.evaluation.method_words import why_this_method

TRIED = [{"features": name} for name in ("picture", "face", "face+picture")]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"recipe": "tutorial"}, "was chosen when the run was started"),
        ({"recipe": "auto"}, "reads frames in order did better"),
        ({"recipe": "auto", "features": "picture"}, "It uses what is in the whole picture."),
        (
            {"recipe": "auto", "features": "face+picture", "tried": TRIED},
            "the face turned upright and what is in the whole picture. 2 other choices of features were not",
        ),
    ],
)
def test_the_reason_names_what_was_used(document: Any, words: str) -> None:
    assert words in why_this_method(document)


def test_it_is_said_in_the_language_of_the_reader() -> None:
    document: Any = {"recipe": "auto", "features": "face", "tried": TRIED}
    with translation.override("zh-hans"):
        assert not any(letter.isascii() and letter.isalpha() for letter in why_this_method(document))
