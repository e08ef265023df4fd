"""Counting people without reading their rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_recognised"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                fields=["team", "merged_into", "appearances", "is_deleted", "is_hidden", "is_unnamed"],
                name="people_counted",
            ),
        ),
    ]
