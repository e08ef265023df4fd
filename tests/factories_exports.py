"""Plain functions that make exports and films with real content; every argument has a default."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from analysis.types import FoundTrack
from analysis.video.decode import probe
from tests.factories import make_job
from tests.factories_videos import begin_analysis, make_video, run_analysis
from webapp import storage
from webapp.accounts.models import Team
from webapp.exports.models import Export, ExportKind
from webapp.jobs.models import JobKind, Status
from webapp.videos.models import Video


def make_export(video: Video, *, team: Team | None = None, content: bytes = b"a clip", **fields: Any) -> Export:
    """A clip that is done and stored, unless its `job` says otherwise."""
    team = team or video.team
    usual: dict[str, Any] = {
        "kind": ExportKind.CLIP,
        "title": "Clip",
        "expires_at": timezone.now() + timedelta(days=7),
        "options": {"start_s": 1.0, "end_s": 3.0, "padding_s": 0.5, "captions": True},
    }
    export = Export(team=team, **(usual | fields))
    if export.job_id is None:
        ended = {"status": Status.DONE, "finished_at": timezone.now()}
        export.job = make_job(team=team, kind=JobKind.EXPORT, subject_id=export.pk, **ended)
        export.file_key, export.size_bytes = f"{export.files_prefix}/file.mp4", len(content)
        storage.put_bytes(export.file_key, content)
    export.save()
    export.videos.add(video)
    return export


def make_analysed_film(path: Path, *tracks: FoundTrack, team: Team, **fields: Any) -> Video:
    """A video with the content of a file, in which these tracks were found."""
    video = make_video(team=team, content=path.read_bytes(), info=probe(path), **fields)
    run_analysis(begin_analysis(video), tracks)
    video.refresh_from_db()
    return video
