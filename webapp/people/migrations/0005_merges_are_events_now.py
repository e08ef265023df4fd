"""The rows of merges are no longer needed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0004_merges_become_events")]
    operations = [migrations.DeleteModel(name="Merge")]
