"""Tells clear views of a face from unclear ones: only clear views found a person, or are compared between videos.

A view is clear where somebody could tell from it who it is: it is a face at all (presence), it is not turned away (yaw,
pitch), and it is large and sharp enough. What is below `NO_FACE` throughout a track, and never surely detected, is
taken for no face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.types import Float32, Float64, FoundFace, FoundTrack, ViewMeasures

CLEAR_PRESENCE = 0.5
"""Of faces that people recognise, below it are 0.1 % of LFW's, 4 % with masks, 0.5 % of 64-pixel portraits; of false
detections 94 % are below 0.1."""
CLEAR_YAW_DEG, CLEAR_PITCH_DEG = 45.0, 50.0
"""As far as a face may be turned aside, and up or down."""
CLEAR_SIDE_PX = 22.0
"""Shorter side of the face's box in the source."""
CLEAR_SHARPNESS = 0.08
"""Mark of `analysis.faces.quality.sharpness_mark`."""

NO_FACE_PRESENCE = 0.25
"""False detections reach 0.23, over a whole track."""
SURELY_DETECTED = 0.85
"""Score that no false detection of the measured videos reaches in several samples."""


BLURRED_PRESENCE_SHARE, ASIDE_SHARE = 0.1, 0.3
"""What is left of the quality of a view that is no face at all, and of one in full profile."""
FRONTAL_YAW_DEG, PROFILE_YAW_DEG = 30.0, 75.0

SHORT_SAMPLES, SURE_PRESENCE, SURE_QUALITY = 3, 0.9, 0.6
"""To found a person a track needs a view of this presence: a blurred profile and a dog reach 0.77. One of fewer samples
needs this quality too: half a face behind somebody has 0.5 in a single picture; of LFW's clear faces 1 % have less."""
FIRM_SAMPLES, FIRM_S, FIRM_SCORE = 5, 2.0, 0.73
"""Samples, seconds and median score from which an unclear track is certainly some face."""


def rated_quality(quality: float, measures: ViewMeasures) -> float:
    """Returns the quality of a view, 0..1, lowered where the face mesh sees no face or one that is turned away."""
    presence = max(min(measures.presence / CLEAR_PRESENCE, 1.0), BLURRED_PRESENCE_SHARE)
    aside = min(max((abs(measures.yaw_deg) - FRONTAL_YAW_DEG) / (PROFILE_YAW_DEG - FRONTAL_YAW_DEG), 0.0), 1.0)
    return quality * presence * (1.0 - (1.0 - ASIDE_SHARE) * aside)


def is_clear(face: FoundFace) -> bool:
    """Returns whether somebody could tell from this view who it is."""
    return are_clear(face.measures, shorter_side(face.box_xyxy))


def shorter_side(box_xyxy: Float32) -> float:
    """Returns the shorter side of a box `(4,)`, in pixels."""
    return float(min(box_xyxy[2:] - box_xyxy[:2]))


def are_clear(measures: ViewMeasures, side_px: float) -> bool:
    """Returns whether a view with these measures is clear; `side_px` is the shorter side of the face's box."""
    return (
        measures.presence >= CLEAR_PRESENCE
        and abs(measures.yaw_deg) <= CLEAR_YAW_DEG
        and abs(measures.pitch_deg) <= CLEAR_PITCH_DEG
        and side_px >= CLEAR_SIDE_PX
        and measures.sharpness >= CLEAR_SHARPNESS
    )


def is_face(track: FoundTrack) -> bool:
    """Returns whether a track shows a face at all, by its views or else by how well and how long it was detected."""
    seen = max(face.measures.presence for face in track.faces) >= NO_FACE_PRESENCE
    return seen or float(track.scores.max()) >= SURELY_DETECTED or is_firm(track.times_s, track.scores)


def is_firm(times_s: Float64, scores: Float32) -> bool:
    """Returns whether a track is certainly some face, though no view of it is clear: long, and well detected."""
    is_long = len(times_s) >= FIRM_SAMPLES and float(times_s[-1] - times_s[0]) >= FIRM_S
    return is_long and float(np.median(scores)) >= FIRM_SCORE


def may_found(track_samples: int, faces: Sequence[FoundFace]) -> bool:
    """Returns whether a track can found a person; without that it can only join one.

    A clear view must surely be a face, and a good one in a short track: what is doubtful throughout may be a dog or
    blurred too much. Of clear single pictures that people recognise 1 in 100 is doubtful, all of masks or 64 pixels.
    """
    sure = [face for face in clear_views(faces) if face.measures.presence >= SURE_PRESENCE]
    return any(track_samples >= SHORT_SAMPLES or face.quality >= SURE_QUALITY for face in sure)


def clear_views(faces: Sequence[FoundFace]) -> list[FoundFace]:
    """Returns the clear ones in their order."""
    return [face for face in faces if is_clear(face)]
