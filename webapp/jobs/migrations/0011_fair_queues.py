"""Turns are kept by queue instead of by kind; those known so far are forgotten, which costs nobody more than one."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_team_share_role"),
        ("jobs", "0010_turns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveField("job", "sent_at"),
        migrations.AddField("job", "queued_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField("job", "worker", models.CharField(blank=True, max_length=100)),
        migrations.DeleteModel("Turn"),
        migrations.CreateModel(
            "Turn",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("queue", models.CharField(max_length=20)),
                ("began_at", models.DateTimeField()),
                (
                    "team",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.team"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("queue", "team"), name="one_turn_per_team"),
                    models.UniqueConstraint(fields=("queue", "user"), name="one_turn_per_person"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("team", None), ("user__isnull", False)),
                            models.Q(("team__isnull", False), ("user", None)),
                            _connector="OR",
                        ),
                        name="turn_of_one",
                    ),
                ],
            },
        ),
    ]
