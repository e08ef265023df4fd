"""Reads of what moments of videos a clip or reel consists."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.exports.models import Export
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a video in what is made of it: `length_s` from `start_s` of its player on, to be seen at `at_s`."""

    video: Video
    start_s: float
    length_s: float
    at_s: float = 0.0

    @property
    def span(self) -> tuple[float, float]:
        """From when until when in the video's player."""
        return self.start_s, self.start_s + self.length_s


def stretches_in(export: Export, videos: Sequence[Video]) -> list[Stretch]:
    """Returns the moments of a clip or reel; what the report calls a source is one of its `videos`.

    None where an older reel does not say which.
    """
    by_id = {str(video.pk): video for video in videos}
    sources = export.report.get("videos") or (list(by_id) if len(by_id) == 1 else [])
    return [
        Stretch(video, part["first_s"] - video.playback_offset_s, part["length_s"], part["at_s"])
        for part in export.report.get("parts", [])
        if part["source"] < len(sources) and (video := by_id.get(sources[part["source"]])) is not None
    ]
