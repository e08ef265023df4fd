"""The face boxes of a stretch of a video, as the page draws them over the player."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from analysis.faces.seen_spans import longest_gap_s
from webapp.people import colour_queries, sample_codec
from webapp.people.models import Track
from webapp.videos.models import Video

MARGIN_STEPS = 2
"""Samples just outside the window, so that the boxes at its edges can be interpolated."""


def window_of(video: Video, *, start_s: float, end_s: float) -> dict[str, Any]:
    """Returns tracks of the current analysis from `start_s` to `end_s` in player time; boxes in displayed pixels.

    An unclear face has no person and no hue.
    """
    offset_s = video.playback_offset_s
    window: dict[str, Any] = {
        "offset_s": offset_s,
        "sources": {"width": video.width, "height": video.height},
        "from": start_s,
        "to": end_s,
        "tracks": [],
    }
    if video.current_analysis_id is None:
        return window
    tracks = Track.objects.filter(
        analysis=video.current_analysis_id, start_s__lt=end_s + offset_s, end_s__gte=start_s + offset_s
    )
    shown = tracks.filter(Q(person__is_deleted=False) | Q(person=None))
    found = shown.select_related("person", "segment").order_by("start_s", "pk")
    hues = colour_queries.hues_in(video.current_analysis_id)
    window["tracks"] = [_boxes_of(track, hues, start_s, end_s, offset_s) for track in found]
    return window


def _boxes_of(track: Track, hues: Mapping[UUID, int], start_s: float, end_s: float, offset_s: float) -> dict[str, Any]:
    times_s, boxes_xyxy = sample_codec.unpack(track.samples, track.start_s)[:2]
    times_s = times_s - offset_s
    margin_s = MARGIN_STEPS * track.segment.sample_step_s
    inside = (times_s >= start_s - margin_s) & (times_s <= end_s + margin_s)
    person = track.person
    return {
        "id": track.pk,
        "appearance": track.joined_to_id or track.pk,
        "person": str(person.pk) if person else "",
        "label": str(person) if person else _("Unclear"),
        "hue": hues.get(person.pk, person.hue) if person else None,
        "times_s": np.round(times_s[inside], 4).tolist(),
        "boxes": [[round(float(side), 1) for side in box] for box in boxes_xyxy[inside]],
        # A box is there wherever the bar says that the face is seen.
        "max_gap_s": round(longest_gap_s(track.segment.sample_step_s), 4),
    }
