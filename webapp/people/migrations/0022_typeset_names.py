"""Typeset apostrophes and dashes fold to those on the keyboard; an index answers what begins with some pinyin."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import fill_folded
from webapp.name_folding import TYPESET, VARIATIONS


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    having = (*TYPESET, *VARIATIONS)
    fill_folded(apps.get_model("people", "Person"), having=having, folded_name="name")


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0021_folded_names'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['team', 'pinyin', 'folded_name'], name='people_by_pinyin'),
        ),
    ]
