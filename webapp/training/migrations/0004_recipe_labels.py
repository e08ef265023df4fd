from django.db import migrations, models


class Migration(migrations.Migration):
    """The small network says what it is, not where it comes from; what is stored stays."""

    dependencies = [("training", "0003_recipe_names")]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="recipe",
            field=models.CharField(
                choices=[
                    ("auto", "Recommended"),
                    ("tutorial", "Small network"),
                    ("finetune", "Fine-tune a network"),
                    ("face-head", "Small classifier for faces"),
                    ("sequence", "Frame sequence"),
                ],
                default="auto",
                max_length=20,
            ),
        )
    ]
