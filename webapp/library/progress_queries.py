"""Tells programs how far a video is."""

from webapp.jobs import job_state
from webapp.videos import upload_queries
from webapp.videos.models import Video, VideoState

FINAL = (VideoState.DONE, VideoState.FAILED, VideoState.CANCELLED)


def is_final(video: Video) -> bool:
    """Returns whether nothing more happens by itself."""
    return video.state in FINAL


def percent_of(video: Video) -> int | None:
    """Returns how much of the present step is done: of the upload, the check or the analysis."""
    if video.current_job is not None:
        return job_state.state_of(video.current_job).percent
    return upload_queries.state_of(video.upload).percent if hasattr(video, "upload") else None
