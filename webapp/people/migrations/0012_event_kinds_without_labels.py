"""The kinds of events are told in whole sentences, so they need no labels."""

from django.db import migrations, models

KINDS = ["name", "merge", "split", "move", "hide", "show", "portrait", "delete", "apart", "limits"]


class Migration(migrations.Migration):
    dependencies = [("people", "0011_reference_sets_of_team")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="act",
            field=models.CharField(
                choices=[(kind, "Thresholds" if kind == "limits" else kind.capitalize()) for kind in KINDS],
                max_length=10,
            ),
        ),
    ]
