"""On the way back, events that know nobody go: whose a face is stays, but can no longer be undone.

A migration of its own: PostgreSQL alters no table that waits for checks of deleted rows.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_events(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("people", "Event").objects.filter(act__in=["give", "unclear"]).delete()


class Migration(migrations.Migration):
    dependencies = [("people", "0017_unclear_faces")]

    operations = [migrations.RunPython(migrations.RunPython.noop, forget_events)]
