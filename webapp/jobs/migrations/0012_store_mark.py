"""The store of media that the database speaks of is told by a mark."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0011_fair_queues")]

    operations = [
        migrations.CreateModel(
            "StoreMark",
            [
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("value", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
    ]
