"""A dataset has one label of each folded name. Of those that had several, all but the first get a number."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count

from webapp.folded_fields import fill_folded
from webapp.name_folding import TYPESET, VARIATIONS, fold, pinyin

LONGEST = 80


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model in ("Dataset", "Label"):
        fill_folded(apps.get_model("datasets", model), having=(*TYPESET, *VARIATIONS), folded_name="name")


def number_doubles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Renames rather than merges: somebody may have told them apart on purpose, and what they gave stays."""
    labels = apps.get_model("datasets", "Label").objects
    names = labels.order_by().values("dataset", "folded_name").annotate(n=Count("pk")).filter(n__gt=1)
    for dataset, folded in names.values_list("dataset", "folded_name"):
        taken = set(labels.filter(dataset=dataset).values_list("folded_name", flat=True))
        for label in labels.filter(dataset=dataset, folded_name=folded).order_by("position", "pk")[1:]:
            label.name = _numbered(label.name, taken)
            label.folded_name, label.pinyin = fold(label.name), pinyin(label.name)
            label.save(update_fields=["name", "folded_name", "pinyin"])
            taken.add(label.folded_name)


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while fold(numbered := f"{name[: LONGEST - 6]} ({number})") in taken:
        number += 1
    return numbered


class Migration(migrations.Migration):

    dependencies = [
        ('datasets', '0010_stopped_uploads'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(number_doubles, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='label',
            name='one_label_per_name',
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.UniqueConstraint(fields=('dataset', 'folded_name'), name='one_label_per_name'),
        ),
    ]
