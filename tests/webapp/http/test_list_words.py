"""Names in a row read as the language writes them."""

import pytest
from django.utils import translation

from webapp.http.list_words import filled, listed, listed_with_and, sentences


@pytest.mark.parametrize(
    ("language", "row", "sentence"),
    [("en", "Tom, Anna, Eve", "Tom, Anna and Eve"), ("zh-hans", "Tom、Anna、Eve", "Tom、Anna 和 Eve")],
)
def test_names_are_joined_as_the_language_writes_them(language: str, row: str, sentence: str) -> None:
    names = ["Tom", "Anna", "Eve"]
    with translation.override(language):
        assert (listed(names), listed_with_and(names)) == (row, sentence)
        assert (listed([]), listed_with_and([]), listed_with_and(names[:1])) == ("", "", "Tom")


def test_no_space_stays_between_chinese_and_a_chinese_name_or_sentence() -> None:
    for name, said in (("王小明", "除王小明外 50%"), ("Tom", "除 Tom 外 50%"), ("Tom 和小明", "除 Tom 和小明外 50%")):
        assert filled("除 %(who)s 外 50%%", who=name) == said
    assert filled("Highlights of %(who)s from %(n)d", who="王小明", n=3) == "Highlights of 王小明 from 3"
    assert filled("%(video)s，打码", video="婚礼 现场 100%%") == "婚礼 现场 100%%，打码"
    assert sentences("“a。 b”完成。", "", "请重试。") == "“a。 b”完成。请重试。"
    assert sentences("Done.", "Try again.") == "Done. Try again."
