"""Typeset apostrophes, quotation marks and dashes of titles and file names fold to those on the keyboard."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import fill_folded
from webapp.name_folding import TYPESET, VARIATIONS


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    having = (*TYPESET, *VARIATIONS)
    fill_folded(apps.get_model("videos", "Video"), having=having, folded_title="title", folded_file_name="file_name")


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0008_stopped_uploads'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
