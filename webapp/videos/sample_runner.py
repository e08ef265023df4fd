"""Makes the sample video, for people who have none at hand: the first part of its check, in the worker.

Video and analysis are made when the product is installed. An analysis that the installed code, weights or libraries
did not make is not used, nor is it where somebody asks for another one: then the video is analysed as any other.
"""

import shutil
from pathlib import Path

from analysis.samples.analysed_ahead import SampleAnalysis, read_ahead
from analysis.samples.video import make_sample_video, sample_pictures
from analysis.types import OnProgress, Progress
from analysis.weights import sample_video_path
from webapp import storage
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.videos.models import ThoroughnessChoice, Video
from webapp.videos.upload_services import original_key


def draw_if_missing(job: Job) -> None:
    """Makes the file of a sample video that has none yet. Raises MissingWeights."""
    video = Video.objects.filter(pk=job.subject_id, current_job=job, is_sample=True, original_key="").first()
    if video is None:
        return

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, progress.stage, progress.done, progress.total)

    key = original_key(video)
    with storage.scratch_dir() as scratch:
        clip = scratch / "sample.mp4"
        _make(clip, on_progress)
        size_bytes = clip.stat().st_size
        storage.put_file(key, clip)
    Video.objects.filter(pk=video.pk).update(original_key=key, size_bytes=size_bytes)


def _make(clip: Path, on_progress: OnProgress) -> None:
    """Copies what the installation drew; draws it where that is missing, which takes many times as long."""
    try:
        shutil.copyfile(sample_video_path(), clip)
    except OSError:
        make_sample_video(sample_pictures(), clip, on_progress)


def analysed_ahead(video: Video, sha256: str) -> SampleAnalysis | None:
    """Returns what the installation found in this very file, for the first analysis of a sample; None for any other."""
    if not video.is_sample or video.current_analysis_id or video.thoroughness != ThoroughnessChoice.BALANCED:
        return None
    found = read_ahead()
    return found if found is not None and found.sha256 == sha256 else None
