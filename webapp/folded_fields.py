"""Columns that keep the folded form of a name beside it, so that both databases compare and find names alike.

They are written with every row that is saved or inserted; what updates names in place goes through `with_folded`.
"""

from itertools import islice
from typing import Any

from django.db import models
from django.db.models import Q

from webapp.name_folding import LONGEST, fold, pinyin

BATCH = 500
NAME_COLUMNS = ("folded_name", "pinyin")
"""Of what has a name: people, datasets, labels."""
TITLE_COLUMNS = ("folded_title", "pinyin")
"""Of videos."""
DERIVED = {"pinyin": pinyin}
"""By the name of the column; all others hold the folded form."""


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


class PinyinField(FoldedField):
    """How another column's Chinese characters are typed; empty for nearly everybody."""

    def derived(self, text: str) -> str:
        return pinyin(text)


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


def fill_folded(model: Any, **sources: str) -> None:
    """Fills the columns of a model of a migration, each from its source, in batches. Rows without a name are left."""
    named = Q()
    for source in sources.values():
        named |= ~Q((source, ""))
    rows = model.objects.filter(named).order_by("pk").only("pk", *sources.values()).iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        for row in batch:
            for column, source in sources.items():
                setattr(row, column, DERIVED.get(column, fold)(getattr(row, source)))
        model.objects.bulk_update(batch, list(sources))
