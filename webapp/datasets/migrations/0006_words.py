"""Choices read as the pages say them now; values stay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0005_labelling_acts")]

    operations = [
        migrations.AlterField(
            "finding",
            "kind",
            models.CharField(
                choices=[
                    ("blurred", "Blurred"),
                    ("dark", "Too dark or too bright"),
                    ("tiny", "Too small"),
                    ("duplicates", "Duplicates"),
                    ("unbalanced", "Unbalanced labels"),
                    ("thin", "Too few samples"),
                    ("wrong_label", "Probably wrong labels"),
                    ("mixed", "Mixed-up people"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            "import",
            "source",
            models.CharField(
                choices=[
                    ("people", "People in videos"),
                    ("frames", "Frames from videos"),
                    ("moments", "Clips from videos"),
                    ("pictures", "Uploaded pictures"),
                    ("archive", "ZIP file"),
                    ("films", "Uploaded videos"),
                    ("drawn", "Sample pictures"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "labellingact",
            "kind",
            models.CharField(
                choices=[("label", "Labelled"), ("leave_out", "Left out"), ("take_in", "Included again")],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "version",
            "keep_together",
            models.CharField(
                choices=[("source", "Same source"), ("person", "Same person"), ("both", "Same source or person")],
                max_length=10,
            ),
        ),
    ]
