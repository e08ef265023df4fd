"""Who is in which video and how much: counted once for what is there, from now on kept with every change."""

import django.db.models.deletion
from django.db import migrations, models

COUNT = """
INSERT INTO people_presence (analysis_id, person_id, appearances, screen_s)
SELECT t.analysis_id, t.person_id, SUM(CASE WHEN t.joined_to_id IS NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN t.end_s > t.start_s THEN t.end_s - t.start_s ELSE 0 END)
FROM people_track t
JOIN videos_video v ON v.current_analysis_id = t.analysis_id
JOIN people_person p ON p.id = t.person_id
WHERE v.deleted_at IS NULL AND NOT p.is_deleted
GROUP BY t.analysis_id, t.person_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_merges_are_events_now"),
        ("videos", "0002_probed_and_duplicate_of"),
    ]

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("appearances", models.PositiveIntegerField()),
                ("screen_s", models.FloatField()),
                (
                    "analysis",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="videos.analysis",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="presences", to="people.person"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["analysis", "-screen_s", "person"], name="presences_in_order")],
                "constraints": [models.UniqueConstraint(fields=("analysis", "person"), name="one_presence_in_a_video")],
            },
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
