"""Who is where in a video, as exports need it: from the database, or from the folder that `analyse` wrote."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.errors import UnknownPerson, UnreadablePicture, UnusableResult
from analysis.faces.clarity import CLEAR_PRESENCE, CLEAR_YAW_DEG
from analysis.types import Float32, Float64, Thoroughness, VideoInfo, expect_shape

if TYPE_CHECKING:
    from analysis.pipeline import Models

SAME_LENGTH_S = 1.0
"""By how much a result's video may be longer or shorter than the one at hand."""


@dataclass(frozen=True, slots=True)
class TrackSightings:
    """Where one face was seen within a shot: `times_s` (n,) rising, `boxes_xyxy` (n, 4) in displayed pixels."""

    times_s: Float64
    boxes_xyxy: Float32

    def __post_init__(self) -> None:
        expect_shape("boxes_xyxy", self.boxes_xyxy, (len(self.times_s), 4))


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """A person of one video. `vectors` (k, d), of length 1, are views of them; k may be 0."""

    id: int
    tracks: tuple[TrackSightings, ...]
    vectors: Float32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    name: str = ""
    unclear: bool = False
    """Nobody in particular: can be hidden, but not kept."""


def read_people(folder: Path, info: VideoInfo, models: Models | None = None) -> list[SeenPerson]:
    """Returns the people of a result folder of this video, with vectors of their pictures if there are `models`.

    Raises UnusableResult if the folder holds no result, or one of another video.
    """
    document = _document(folder)
    try:
        _expect_video(document["video"], info, folder)
        tracks = {track["id"]: track for track in document["tracks"]}
        return [_person(entry, tracks, folder, models) for entry in document["people"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableResult(f"{folder}: result.json is not what `analyse` writes ({error!r})") from error


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableResult(f"{folder}: no result.json that can be read; `analyse --out` writes one") from error
    if not isinstance(document, dict):
        raise UnusableResult(f"{folder}: result.json is not what `analyse` writes")
    return document


def _expect_video(video: dict[str, Any], info: VideoInfo, folder: Path) -> None:
    same_size = (video["width"], video["height"]) == (info.width, info.height)
    if not same_size or abs(video["duration_s"] - info.duration_s) > SAME_LENGTH_S:
        raise UnusableResult(
            f"{folder}: the result of another video, of {video['width']} x {video['height']} pixels and "
            f"{video['duration_s']:g} s; this one has {info.width} x {info.height} and {info.duration_s:g} s"
        )


def _person(entry: dict[str, Any], tracks: dict[int, Any], folder: Path, models: Models | None) -> SeenPerson:
    own = [tracks[number] for number in entry["tracks"]]
    sightings = tuple(
        TrackSightings(np.array(track["times_s"], np.float64), np.array(track["boxes_xyxy"], np.float32).reshape(-1, 4))
        for track in own
    )
    pictures = [folder / str(track["picture"]) for track in own] if models else []
    inside = [picture for picture in pictures if picture.resolve().is_relative_to(folder.resolve())]
    vectors = [vector for picture in inside if models and (vector := _vector(picture, models)) is not None]
    return SeenPerson(
        id=int(entry["id"]),
        tracks=sightings,
        vectors=np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 0), np.float32),
        name=str(entry.get("name") or f"Person {entry['id']}"),
        unclear=bool(entry.get("unclear", False)),
    )


def _vector(picture: Path, models: Models) -> Float32 | None:
    """Returns the vector `(d,)` of the face in the middle of a track's picture, if that is a clear view of one."""
    from analysis.images.read import read_picture  # deferred: loads cv2

    try:
        image_bgr = read_picture(picture)
    except UnreadablePicture:
        return None
    faces = models.detector.detect(image_bgr, Thoroughness.FAST)
    if not len(faces):
        return None
    middles = (faces.boxes_xyxy[:, :2] + faces.boxes_xyxy[:, 2:]) / 2
    row = int(np.abs(middles - np.array(image_bgr.shape[1::-1], np.float32) / 2).sum(axis=1).argmin())
    box, landmarks = faces.boxes_xyxy[row : row + 1], faces.landmarks[row : row + 1]
    pose = models.mesh.rate(image_bgr, box, landmarks)
    if pose.presence[0] < CLEAR_PRESENCE or abs(pose.yaw_deg[0]) > CLEAR_YAW_DEG:
        return None
    vector: Float32 = models.embedder.embed(models.embedder.align(image_bgr, landmarks))[0]
    return vector


def expect_known(wanted: Collection[int], people: Sequence[SeenPerson]) -> None:
    """Raises UnknownPerson if an id is nobody's."""
    unknown = sorted(set(wanted) - {person.id for person in people})
    if unknown:
        known = ", ".join(str(person.id) for person in people) or "nobody was found in it"
        raise UnknownPerson(f"no person {', '.join(map(str, unknown))} in this video; there are: {known}")
