"""Every reference set has a team. Apart from filling it: PostgreSQL changes no table that has changed rows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_quick_pages"),
    ]

    operations = [
        migrations.AlterField(
            model_name="referenceset",
            name="team",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.team"
            ),
        ),
        migrations.AddIndex(
            model_name="referenceset",
            index=models.Index(fields=["team", "embedder", "id"], name="reference_sets_of_team"),
        ),
    ]
