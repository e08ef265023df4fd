"""Unclear faces, which are nobody, can be given to somebody and taken back."""

from django.db import migrations, models

KINDS = ["name", "merge", "split", "move", "give", "unclear", "hide", "show", "portrait", "delete", "apart", "limits"]


def _person() -> "models.ForeignKey[object, object]":
    return models.ForeignKey("people.person", models.CASCADE, null=True, related_name="+")


class Migration(migrations.Migration):
    dependencies = [("people", "0016_decisions")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="act",
            field=models.CharField(
                choices=[(kind, "Thresholds" if kind == "limits" else kind.capitalize()) for kind in KINDS],
                max_length=10,
            ),
        ),
        migrations.AlterField(model_name="moved", name="before", field=_person()),
        migrations.AlterField(model_name="moved", name="after", field=_person()),
    ]
