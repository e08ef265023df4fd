"""Whether stored views of faces are clear: only these are compared between videos."""

from analysis.faces.clarity import are_clear
from analysis.types import ViewMeasures
from webapp.people.models import Face

CLEAR_QUALITY = 0.45
"""For a view of before presence and pose were measured."""


def measures_of(face: Face) -> ViewMeasures | None:
    """Returns the measures of a stored view, or None where they were not taken yet."""
    if face.presence is None or face.yaw_deg is None or face.pitch_deg is None or face.sharpness is None:
        return None
    return ViewMeasures(face.presence, face.yaw_deg, face.pitch_deg, face.sharpness)


def is_clear(face: Face) -> bool:
    """Returns whether somebody could tell from this view who it is."""
    measures = measures_of(face)
    if measures is None:
        return face.quality >= CLEAR_QUALITY
    return are_clear(measures, min(face.x2 - face.x1, face.y2 - face.y1))
