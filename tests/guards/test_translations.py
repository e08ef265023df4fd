"""Each language that is offered is complete: nothing untranslated or fuzzy, and the same placeholders as in English."""

import re

import pytest
from django.conf import settings

from tests.guards import translations

OFFERED = [code for code, _ in settings.LANGUAGES if code != "en"]
UPDATE = "python -m tests.guards.translations"


@pytest.mark.parametrize("language", OFFERED)
def test_the_catalog_is_complete(language: str) -> None:
    assert not translations.faults(language), f"run {UPDATE}, then translate what is empty in the catalog"


def test_texts_are_marked_by_names_that_are_looked_for() -> None:
    aliases = re.compile(r"\b[np]*gettext\w* as (\w+)")
    sources = (path.read_text() for path in (translations.PROJECT / "webapp").rglob("*.py"))
    assert {alias for source in sources for alias in aliases.findall(source)} == {"_"}


@pytest.mark.parametrize("language", OFFERED)
def test_what_django_reads_is_compiled_from_the_catalog(language: str) -> None:
    stored = translations.path_of(language).with_suffix(".mo").read_bytes()
    assert translations.compiled(translations.read(language)) == stored, f"run {UPDATE}"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("", "untranslated"),
        ("%(m)d <b>个</b>", "other placeholders"),
        ("%(n)d <i>个</i>", "other elements"),
        ("%(n)d <b>个</b>", ""),
    ],
)
def test_a_faulty_translation_is_found(words: str, fault: str) -> None:
    catalog = translations.Catalog()
    message = catalog.add("%(n)d <b>videos</b>", words)
    assert list(translations.faults_of(message)) == [fault] * bool(fault)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("只播放%(name)s", "no space in '放%(name)s'"),
        ("{name}的头像", "no space in '{name}的'"),
        ("<b>%(n)d</b>个视频", "no space in '%(n)d</b>个'"),
        ("使用Rollcall", "no space in '用R'"),
        ("你的视频", "您 instead of 你"),
        ("只播放 %(name)s，共 <b>%(n)d</b> 个（%(at)s）。图片清晰，不过%(flaws)s。", ""),
    ],
)
def test_chinese_that_reads_badly_is_found(words: str, fault: str) -> None:
    assert list(translations.chinese_faults_of(words)) == [fault] * bool(fault)


def test_the_documents_say_the_same_chinese_words_as_the_pages() -> None:
    documents = [*translations.PROJECT.glob("*.zh-hans.md"), *translations.PROJECT.glob("docs/**/zh-hans.md")]
    said = {path.name: path.read_text() for path in documents}
    assert len(said) == 2
    assert not [(name, term) for name, text in said.items() for term in translations.CHINESE_TERMS if term in text]
