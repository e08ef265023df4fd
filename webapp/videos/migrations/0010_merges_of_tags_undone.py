"""A tag on a video says which merge put it there, so that the merge can be undone."""

from django.db import migrations, models
from django.db.models.deletion import SET_NULL


class Migration(migrations.Migration):
    dependencies = [("videos", "0009_typeset_names")]

    operations = [
        migrations.AddField(
            "tagging",
            "merged_from",
            models.ForeignKey(null=True, on_delete=SET_NULL, related_name="+", to="videos.tag"),
        )
    ]
