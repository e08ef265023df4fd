"""What a running analysis guesses gets a name that is not like that of `webapp.recognition`."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0008_people_counted"),
    ]

    operations = [
        migrations.RenameModel(old_name="Recognised", new_name="LiveGuess"),
        migrations.AlterModelOptions(name="liveguess", options={"verbose_name_plural": "live guesses"}),
        migrations.AlterField(
            model_name="liveguess",
            name="analysis",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="live_guesses",
                to="videos.analysis",
            ),
        ),
        migrations.RemoveConstraint(model_name="liveguess", name="one_recognised_in_a_group"),
        migrations.AddConstraint(
            model_name="liveguess",
            constraint=models.UniqueConstraint(
                fields=["analysis", "preliminary_group"], name="one_live_guess_in_a_group"
            ),
        ),
    ]
