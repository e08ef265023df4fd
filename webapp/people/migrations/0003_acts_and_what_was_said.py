"""Acts on people with their inverse, what was said about who is who, looks to compare with, and kept counts."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_failed_sign_in'),
        ('people', '0002_numbers_and_merges'),
        ('videos', '0002_probed_and_duplicate_of'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Apart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stands', models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('name', 'Named'), ('merge', 'Merged'), ('split', 'Split'), ('move', 'Moved appearances'), ('hide', 'Hidden'), ('show', 'Shown again'), ('portrait', 'Chose the portrait'), ('delete', 'Deleted'), ('apart', 'Told apart'), ('limits', 'Set how sure is sure')], max_length=10)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('changes', models.JSONField(default=list)),
                ('words', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Moved',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='ReferenceSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('embedder', models.CharField(max_length=60)),
                ('count', models.PositiveSmallIntegerField()),
                ('vectors', models.BinaryField()),
                ('face_ids', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='Suggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('likeness', models.FloatField()),
                ('skipped_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_same', models.BooleanField()),
                ('stands', models.BooleanField(default=True)),
                ('start_s', models.FloatField()),
                ('samples', models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name='person',
            name='appearances',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='person',
            name='chosen_portrait',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.face'),
        ),
        migrations.AddField(
            model_name='person',
            name='first_seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='is_deleted',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='person',
            name='is_hidden',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='person',
            name='merged_into',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='people.person'),
        ),
        migrations.AddField(
            model_name='person',
            name='join_from',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='last_seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='screen_s',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='person',
            name='suggest_from',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='videos',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='apart',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='apart',
            name='second',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='apart',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='event',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='event',
            name='people',
            field=models.ManyToManyField(related_name='events', to='people.person'),
        ),
        migrations.AddField(
            model_name='event',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='event',
            name='undone_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='moved',
            name='after',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='moved',
            name='before',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='moved',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moved', to='people.event'),
        ),
        migrations.AddField(
            model_name='moved',
            name='track',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.track'),
        ),
        migrations.AddField(
            model_name='referenceset',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reference_sets', to='people.person'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='second',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='track',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='verdicts', to='people.track'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='videos.video'),
        ),
        migrations.AddField(
            model_name='person',
            name='is_unnamed',
            field=models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('name', '')), models.BooleanField()), output_field=models.BooleanField()),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['team', 'is_unnamed', '-screen_s', 'number'], name='people_in_order'),
        ),
        migrations.AddIndex(
            model_name='apart',
            index=models.Index(fields=['team', 'stands'], name='people_apar_team_id_312cdb_idx'),
        ),
        migrations.AddConstraint(
            model_name='apart',
            constraint=models.CheckConstraint(condition=models.Q(('first', models.F('second')), _negated=True), name='apart_two_people'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['team', '-made_at'], name='people_even_team_id_d84e6d_idx'),
        ),
        migrations.AddConstraint(
            model_name='referenceset',
            constraint=models.UniqueConstraint(fields=('person', 'embedder'), name='one_reference_set_per_embedder'),
        ),
        migrations.AddIndex(
            model_name='suggestion',
            index=models.Index(fields=['team', '-likeness'], name='people_sugg_team_id_5c0caa_idx'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.CheckConstraint(condition=models.Q(('first', models.F('second')), _negated=True), name='suggestion_two_people'),
        ),
        migrations.AddIndex(
            model_name='verdict',
            index=models.Index(fields=['video', 'stands'], name='people_verd_video_i_51b0b3_idx'),
        ),
    ]
