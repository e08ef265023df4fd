"""Catalogs of translations: what the pages say, what of it is translated, and how well the two fit.

    python -m tests.guards.translations

brings the catalogs up to date with templates and code, and compiles them. It needs no gettext on the machine: Django
turns templates into calls of gettext, and Babel reads those.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).parents[2]
LOCALES = PROJECT / "locale"
KEYWORDS: dict[str, None] = dict.fromkeys(
    (
        "_",
        *("gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
        *("pgettext", "pgettext_lazy", "npgettext"),
    )
)
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd%]|\{(\w*)\}")
TAG = re.compile(r"</?\w+")
CHINESE = r"[\u4e00-\u9fff]"
CHINESE_VALUES = ("flaws", "measured", "kind")
"""Placeholders whose values are always Chinese words, so that no space belongs before or behind them."""
VALUE = rf"(?:%\((?!(?:{'|'.join(CHINESE_VALUES)})\b)\w+\)[sd]|%[sd]|\{{\w*\}})"
MARKUP = r"(?:</?\w[^>]*>)*"
TOUCHING = re.compile(rf"{CHINESE}{MARKUP}(?:{VALUE}|[A-Za-z0-9])|(?:{VALUE}|(?<![\w()])[A-Za-z0-9]+){MARKUP}{CHINESE}")
CHINESE_TERMS = {"你": "您", "出场": "出镜", "账号": "账户", "媒体库": "视频库", "遮挡": "打码", "界限": "阈值"}
"""Words that another one says on all pages, and that one."""
CALL = re.compile(r"\b(?:[np]+)?gettext\(|(?<![\w.])_\(")


def extracted() -> Catalog:
    """Returns all that templates and code mark for translation, in the order of their files."""
    catalog = Catalog(project="Rollcall", charset="utf-8", fuzzy=False)
    for path in sorted(PROJECT.joinpath("templates").rglob("*.*")):
        _add(catalog, path, _as_code(path))
    for path in sorted(PROJECT.joinpath("webapp").rglob("*.py")):
        _add(catalog, path, path.read_text())
    return catalog


def _as_code(path: Path) -> str:
    """Returns the calls of gettext that Django makes of a template, one to a line; the rest is not Python."""
    from django.utils.translation.template import templatize

    return "\n".join(_calls(templatize(path.read_text(), origin=str(path))))


def _calls(code: str) -> Iterator[str]:
    for start in CALL.finditer(code):
        for end in re.finditer(r"\)", code[start.start() :]):
            call = code[start.start() : start.start() + end.end()].replace("\n", " ")
            try:
                ast.parse(call)
            except SyntaxError:
                continue  # a bracket within the words
            yield call
            break


def _add(catalog: Catalog, path: Path, code: str) -> None:
    where = str(path.relative_to(PROJECT))
    for line, function, messages, _ in extract_python(io.BytesIO(code.encode()), KEYWORDS, [], {}):
        given = [messages] if isinstance(messages, str) else [each for each in messages if each]
        context = given.pop(0) if "pgettext" in function else None
        if given and all(isinstance(each, str) for each in given):
            ids = (given[0], given[1]) if "ngettext" in function or "npgettext" in function else given[0]
            catalog.add(ids, locations=[(where, line)], context=context)


def path_of(language: str) -> Path:
    """Of the catalog of a language as Django names it, such as zh-hans."""
    main, _, script = language.partition("-")
    return LOCALES / (f"{main}_{script.title()}" if script else main) / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """Returns the stored catalog; an empty one where there is none."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=path.parts[-3], project="Rollcall", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def update(language: str) -> Catalog:
    """Brings a catalog up to date with templates and code, and compiles it; what nobody says any more leaves it."""
    catalog, path = read(language), path_of(language)
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = "# Brought up to date by tests.guards.translations; only translations are written by hand."
    catalog.creation_date = catalog.revision_date = NO_DATE  # the same each time, so that only words make a change
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(catalog))
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """Returns what Django reads."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def faults(language: str) -> list[str]:
    """Returns what is wrong with the catalog of a language, in words: nothing, if it is complete."""
    catalog = read(language)
    found = [
        f"not in the catalog: {message.id!r}" for message in extracted() if message.id and not _in(catalog, message)
    ]
    for message in catalog:
        if message.id:
            found += [f"{fault}: {message.id!r} -> {message.string!r}" for fault in faults_of(message)]
    return found


def _in(catalog: Catalog, message: Message) -> bool:
    return catalog.get(_key(message), message.context) is not None


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple | list) else message.id


def faults_of(message: Message) -> Iterator[str]:
    ids = list(message.id) if isinstance(message.id, tuple | list) else [message.id]
    strings = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
    if message.fuzzy:
        yield "fuzzy"
    if not all(strings):
        yield "untranslated"
        return
    for said in filter(None, strings):
        if _parts(PLACEHOLDER, said) != _parts(PLACEHOLDER, ids[-1]):
            yield "other placeholders"
        if _parts(TAG, said) != _parts(TAG, ids[-1]):
            yield "other elements"
        yield from chinese_faults_of(said)


def chinese_faults_of(words: str) -> Iterator[str]:
    """Finds values, numbers and Latin words without a space around them, and a second word for one thing."""
    if touching := TOUCHING.search(words):
        yield f"no space in {touching.group(0)!r}"
    for term, better in CHINESE_TERMS.items():
        if term in words:
            yield f"{better} instead of {term}"


def _parts(pattern: re.Pattern[str], said: str) -> list[str]:
    return sorted(match.group(0) for match in pattern.finditer(said))


if __name__ == "__main__":
    from django.conf import settings

    for code, name in settings.LANGUAGES:
        if code != "en":
            update(code)
            print(f"{name}: {len(faults(code))} faults")
