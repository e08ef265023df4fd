"""`Act` and `Change` become `LabellingAct` and `LabelChange`; no row changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_drawn_sample")]

    operations = [
        migrations.RenameModel("Act", "LabellingAct"),
        migrations.RenameModel("Change", "LabelChange"),
        migrations.RenameIndex(
            "labellingact", new_name="datasets_la_dataset_b80737_idx", old_name="datasets_ac_dataset_13c6dd_idx"
        ),
    ]
