from django.db import migrations, models


class Migration(migrations.Migration):
    """Recipes have clearer names on the pages; what is stored stays."""

    dependencies = [("training", "0002_held_out_predictions")]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="recipe",
            field=models.CharField(
                choices=[
                    ("auto", "Recommended"),
                    ("tutorial", "The tutorial's network"),
                    ("finetune", "Fine-tune a network"),
                    ("face-head", "Small classifier for faces"),
                    ("sequence", "Frame sequence"),
                ],
                default="auto",
                max_length=20,
            ),
        )
    ]
