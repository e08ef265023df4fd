"""Datasets and labels have folded names, so that accents, case and Unicode form do not matter."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import fill_folded


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    fill_folded(apps.get_model("datasets", "Dataset"), folded_name="name", pinyin="name")
    fill_folded(apps.get_model("datasets", "Label"), folded_name="name", pinyin="name")


class Migration(migrations.Migration):

    dependencies = [
        ('datasets', '0008_uploads_outlive_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='folded_name',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='dataset',
            name='pinyin',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='label',
            name='folded_name',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='label',
            name='pinyin',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
