"""Whom the first faces of a running analysis probably show."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0006_presences"),
        ("videos", "0002_probed_and_duplicate_of"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recognised",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("preliminary_group", models.PositiveIntegerField()),
                ("likeness", models.FloatField()),
                (
                    "analysis",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recognised",
                        to="videos.analysis",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "recognised",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("analysis", "preliminary_group"), name="one_recognised_in_a_group"
                    )
                ],
            },
        ),
    ]
