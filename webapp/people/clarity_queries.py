"""Whether stored views of faces are clear: only these are compared between videos."""

from analysis.faces.clarity import are_clear
from analysis.types import ViewMeasures
from webapp.people.models import Face

CLEAR_QUALITY = 0.45
"""For a view of before presence and pose were measured."""


MEASURED = ("quality", "presence", "yaw_deg", "pitch_deg", "sharpness", "x1", "y1", "x2", "y2")
"""Columns of `Face` that `is_clear_row` takes."""


def measures_of(face: Face) -> ViewMeasures | None:
    """Returns the measures of a stored view, or None where they were not taken yet."""
    return _measures(face.presence, face.yaw_deg, face.pitch_deg, face.sharpness)


def is_clear(face: Face) -> bool:
    """Returns whether somebody could tell from this view who it is."""
    return is_clear_row(*(getattr(face, column) for column in MEASURED))


def is_clear_row(
    quality: float,
    presence: float | None,
    yaw_deg: float | None,
    pitch_deg: float | None,
    sharpness: float | None,
    *box_xyxy: float,
) -> bool:
    """Returns whether a view is clear, from the columns `MEASURED`, for those who read many rows at once."""
    measures = _measures(presence, yaw_deg, pitch_deg, sharpness)
    if measures is None:
        return quality >= CLEAR_QUALITY
    x1, y1, x2, y2 = box_xyxy
    return are_clear(measures, min(x2 - x1, y2 - y1))


def _measures(
    presence: float | None, yaw_deg: float | None, pitch_deg: float | None, sharpness: float | None
) -> ViewMeasures | None:
    if presence is None or yaw_deg is None or pitch_deg is None or sharpness is None:
        return None
    return ViewMeasures(presence, yaw_deg, pitch_deg, sharpness)
