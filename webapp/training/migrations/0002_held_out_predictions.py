import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a model predicted of samples that it had not learned from is named as the field names it; rows stay."""

    dependencies = [("training", "0001_initial")]

    operations = [
        migrations.RenameModel("Judged", "HeldOutPrediction"),
        migrations.RenameIndex(
            model_name="heldoutprediction",
            new_name="training_he_run_id_a39199_idx",
            old_name="training_ju_run_id_56b103_idx",
        ),
        migrations.AlterField(
            model_name="heldoutprediction",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="held_out_predictions",
                to="training.trainingrun",
            ),
        ),
    ]
