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
