"""People have a folded name, so that accents, case and Unicode form do not matter where names are compared."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import fill_folded


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    fill_folded(apps.get_model("people", "Person"), folded_name="name", pinyin="name")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_closed_accounts'),
        ('people', '0020_review_of_clear_faces'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='person',
            name='people_by_name',
        ),
        migrations.AddField(
            model_name='person',
            name='folded_name',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='person',
            name='pinyin',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['team', 'folded_name', 'pinyin', 'merged_into', 'is_deleted', 'is_hidden', 'appearances'], name='people_by_name'),
        ),
    ]
