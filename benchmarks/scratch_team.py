"""A team in a scratch database, whose videos are stored by the product's own runners: no server, queue or worker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.types import SegmentResult, VideoInfo

if TYPE_CHECKING:
    from webapp.accounts.models import Team
    from webapp.videos.models import Video


@contextmanager
def scratch_product() -> Iterator[Path]:
    """Sets Django up on an empty SQLite database in a scratch folder, which it yields; once in a process."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {
            "ROLLCALL_DATA_DIR": scratch,
            "ROLLCALL_SECRET_KEY": "for measuring",
            "REDIS_URL": "memory://",
            "ROLLCALL_REQUESTS_PER_MINUTE": "0",  # no Valkey counts them here
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
        }
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from webapp.team_scope import across_teams

        # Nobody listens to the messages, as nobody works on the queue.
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        call_command("migrate", verbosity=0)
        with across_teams():  # what a worker does here opens the scope of its job, and a request that of its person
            yield Path(scratch)


def make_team(name: str) -> Team:
    """Creates a team without members."""
    from webapp.accounts.models import Team

    return Team.objects.create(name=name)


def store_video(team: Team, name: str, info: VideoInfo, found: Sequence[SegmentResult]) -> Video:
    """Stores a video with what its analysis found in each segment, as a worker does; returns the video."""
    from django.db import transaction
    from django.utils import timezone

    from analysis.pipeline import AnalysisOptions, load_models
    from webapp import storage
    from webapp.analyses import runner
    from webapp.jobs import lifecycle
    from webapp.videos import media_info, upload_services
    from webapp.videos.models import Analysis, Video
    from webapp.videos.services import begin_analysis

    models = load_models(AnalysisOptions())
    video = Video.objects.create(team=team, title=name, file_name=name, **media_info.columns_of(info))
    video.original_key = upload_services.original_key(video)
    storage.put_bytes(video.original_key, b"nobody reads it")
    video.save()
    with transaction.atomic():
        job = begin_analysis(video, replacing=None, thoroughness="balanced", user=None)
    names = {"detector": models.detector_name, "embedder": models.embedder_name}
    Analysis.objects.filter(job=job).update(scanned_at=timezone.now(), **names)
    _work(job.pk, runner.run_analysis)
    for segment, result in zip(Analysis.objects.get(job=job).segments.order_by("index"), found, strict=True):
        with lifecycle.working(segment.job_id) as part:
            assert part is not None
            runner.store_segment(part, segment, result)
    _work(job.pk, runner.run_analysis)
    video.refresh_from_db()
    return video


def _work(job_id: Any, task: Any) -> None:
    from webapp.jobs import lifecycle

    with lifecycle.working(job_id) as job:
        if job is not None:
            task(job)
