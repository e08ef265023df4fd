"""Audit entries are found whatever the accents and case of names, by a column beside those of the chain."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import search_text

BATCH = 2000


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Goes through the entries by their keys: there may be millions, which neither memory nor one statement holds."""
    entries = apps.get_model("audit", "AuditEntry").objects.order_by("pk")
    change = f"UPDATE {entries.model._meta.db_table} SET search_text = %s WHERE id = %s"
    last = 0
    while rows := list(entries.filter(pk__gt=last).values_list("pk", "user_name", "subject_label")[:BATCH]):
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(change, [(search_text(*names), pk) for pk, *names in rows])
        last = rows[-1][0]


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditentry',
            name='search_text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
