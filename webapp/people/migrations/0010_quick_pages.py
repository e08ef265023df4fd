"""Indexes and a column by which the pages of 60,000 people read only what they show."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Q, Subquery


def fill_teams(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Sets of people who were merged away or deleted are kept no longer; undoing that makes them anew."""
    Person, ReferenceSet = apps.get_model("people", "Person"), apps.get_model("people", "ReferenceSet")
    ReferenceSet.objects.filter(Q(person__is_deleted=True) | Q(person__merged_into__isnull=False)).delete()
    team = Person.objects.filter(pk=OuterRef("person")).values("team")
    ReferenceSet.objects.update(team=Subquery(team))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("people", "0009_live_guesses"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="person", name="people_counted"),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                fields=["team", "merged_into", "is_hidden", "is_unnamed", "appearances", "is_deleted"],
                name="people_counted",
            ),
        ),
        migrations.RemoveIndex(model_name="person", name="people_pers_team_id_843ae6_idx"),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                fields=["team", "name", "merged_into", "is_deleted", "is_hidden", "appearances"],
                name="people_by_name",
            ),
        ),
        migrations.AddField(
            model_name="referenceset",
            name="team",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.team",
            ),
        ),
        migrations.RunPython(fill_teams, migrations.RunPython.noop),
    ]
