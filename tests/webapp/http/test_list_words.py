"""Names in a row read as the language writes them."""

import pytest
from django.utils import translation

from webapp.http.list_words import listed, listed_with_and


@pytest.mark.parametrize(
    ("language", "row", "sentence"),
    [("en", "Tom, Anna, Eve", "Tom, Anna and Eve"), ("zh-hans", "Tom、Anna、Eve", "Tom、Anna 和 Eve")],
)
def test_names_are_joined_as_the_language_writes_them(language: str, row: str, sentence: str) -> None:
    names = ["Tom", "Anna", "Eve"]
    with translation.override(language):
        assert (listed(names), listed_with_and(names)) == (row, sentence)
        assert (listed([]), listed_with_and([]), listed_with_and(names[:1])) == ("", "", "Tom")
