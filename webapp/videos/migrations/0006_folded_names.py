"""Videos have folded titles and file names, so that accents, case and Unicode form do not matter to a search."""

from django.conf import settings
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.folded_fields import fill_folded


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    fill_folded(apps.get_model("videos", "Video"), folded_title="title", pinyin="title", folded_file_name="file_name")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_closed_accounts'),
        ('jobs', '0007_answered_requests'),
        ('videos', '0005_uploads_outlive_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='video',
            name='folded_file_name',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='video',
            name='folded_title',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='video',
            name='pinyin',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['team', 'deleted_at', 'folded_title', 'pinyin', 'folded_file_name'], name='videos_by_name'),
        ),
    ]
