"""Columns that keep the folded form of a name beside it, so that both databases compare and find names alike.

They are written with every row that is saved or inserted; what updates names in place goes through `with_folded`.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.lookups import StartsWith

from webapp.name_folding import LONGEST, fold, pinyin

BATCH = 500
NAME_COLUMNS = ("folded_name", "pinyin")
"""Of what has a name: people, datasets, labels."""
TITLE_COLUMNS = ("folded_title", "pinyin")
"""Of videos."""
DERIVED = {"pinyin": pinyin}
"""By the name of the column; all others hold the folded form."""
LAST_CHARACTER = "\U0010ffff"


class FoldedField(models.CharField):  # type: ignore[type-arg]
    """The folded form of another column of the row."""

    def __init__(self, source: str = "", **_of_a_copy: object) -> None:
        super().__init__(max_length=LONGEST, default="", editable=False)
        self.source = source

    def derived(self, text: str) -> str:
        return fold(text)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.derived(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """Leaves a plain column in migrations."""
        name, _path, _args, options = super().deconstruct()
        return name, "django.db.models.CharField", [], options


@FoldedField.register_lookup
class Begins(StartsWith):
    """As `startswith`, answered by an index. SQLite uses none for LIKE; it orders text by code points."""

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        if not isinstance(self.rhs, str):
            return self.as_sql(compiler, connection)
        column, values = self.process_lhs(compiler, connection)
        return f"({column} >= %s AND {column} < %s)", [*values, self.rhs, *values, self.rhs + LAST_CHARACTER]


class PinyinField(FoldedField):
    """How another column's Chinese characters are typed; empty for nearly everybody."""

    def derived(self, text: str) -> str:
        return pinyin(text)


class SearchTextField(models.TextField):  # type: ignore[type-arg]
    """The folded forms and the pinyin of several columns, for rows that are only ever added and looked through."""

    def __init__(self, *sources: str, **_of_a_copy: object) -> None:
        super().__init__(default="", editable=False)
        self.sources = sources

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = search_text(*(getattr(model_instance, source) for source in self.sources))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """Leaves a plain column in migrations."""
        name, _path, _args, options = super().deconstruct()
        return name, "django.db.models.TextField", [], options


def search_text(*texts: str) -> str:
    """Returns what `containing` finds these texts by, one form a line."""
    return "\n".join(form for text in texts for form in (fold(text), pinyin(text)) if form)


def with_folded(model: type[models.Model], **changes: Any) -> dict[str, Any]:
    """Returns what to update: these columns, and the forms that follow from them."""
    follow = [field for field in model._meta.fields if isinstance(field, FoldedField) and field.source in changes]
    return changes | {field.name: field.derived(changes[field.source]) for field in follow}


def containing(text: str, *columns: str) -> Q:
    """Returns the condition that each word of `text` is part of one of these folded columns."""
    found = Q()
    for word in fold(text).split():
        in_one = Q()
        for column in columns:
            in_one |= Q((f"{column}__contains", word))
        found &= in_one
    return found


def fill_folded(model: Any, *, having: Iterable[str] = (), **sources: str) -> None:
    """Fills the columns of a model of a migration, each from its source, in batches. Rows without a name are left.

    `having`: only where a source has one of these characters, which fold in another way than before.
    """
    named = Q()
    for source in sources.values():
        for character in having:
            named |= Q((f"{source}__contains", character))
        if not having:
            named |= ~Q((source, ""))
    rows = model.objects.filter(named).order_by("pk").only("pk", *sources.values()).iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        for row in batch:
            for column, source in sources.items():
                setattr(row, column, DERIVED.get(column, fold)(getattr(row, source)))
        model.objects.bulk_update(batch, list(sources))
