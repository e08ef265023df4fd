"""Sightings for the simulated reviewer: news photographs, and people found in concatenated clips."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.faces.clarity import clear_views
from analysis.faces.detect import load_detector
from analysis.faces.embed import load_mobilefacenet
from analysis.faces.group import mean_vector
from analysis.images.read import read_picture
from analysis.pipeline import AnalysisOptions, analyse, load_models
from analysis.types import Float32, FoundFace, FoundTrack
from benchmarks.clips import TrueAppearance, concatenation
from benchmarks.grouping import HAIR_S
from benchmarks.shared import shared_folder
from benchmarks.verification import central_face

VIEWS = 6
"""As `webapp.people.gallery_services` keeps of one person."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person found in one video, with their true name."""

    video: int
    person: str
    views: Float32
    """(k, d), length 1; the best ones first."""
    mean: Float32
    """(d,), length 1."""
    tracks: int


def news_photographs() -> list[Sighting]:
    """Returns a sighting for each picture of LFW's identification set (40 people), each in a video of its own."""
    folder = shared_folder("identity/lfw")
    detector, embedder = load_detector(), load_mobilefacenet()
    found = []
    for number, file in enumerate(json.loads((folder / "identification_images.json").read_text())):
        image_bgr = read_picture(folder / "images" / file)
        landmarks = central_face(detector, image_bgr)
        if landmarks is not None:
            vectors = embedder.embed(embedder.align(image_bgr, landmarks))
            found.append(Sighting(number, file.split("/")[0], vectors, vectors[0], 1))
    return found


def concatenated_clips(clips: int) -> list[Sighting]:
    """Returns the people whom the whole analysis finds in concatenations of single-person clips, by clear views."""
    shared_folder("videos/faces_single")
    options = AnalysisOptions()
    models = load_models(options)
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(clips):
            clip = concatenation(Path(scratch), number)
            result = analyse(clip.path, options, lambda progress: None, models)
            for person in result.people:
                tracks = [result.tracks[track - 1] for track in person.track_ids]
                if clear_views([face for track in tracks for face in track.faces]):
                    found.append(_sighting(number, tracks, clip.appearances))
            clip.path.unlink()
    return found


def _sighting(video: int, tracks: Sequence[FoundTrack], appearances: Sequence[TrueAppearance]) -> Sighting:
    views = clear_views([face for track in tracks for face in track.faces])
    faces = sorted(views, key=lambda face: -face.quality)
    vectors = np.stack([face.embedding for face in faces])
    mean = mean_vector(vectors, np.array([face.quality for face in faces], np.float32))
    return Sighting(video, _true_person(faces, appearances), vectors[:VIEWS], mean, len(tracks))


def _true_person(faces: Sequence[FoundFace], appearances: Sequence[TrueAppearance]) -> str:
    """Returns the person of most of the views."""
    names = Counter(
        each.person
        for face in faces
        for each in appearances
        if each.start_s - HAIR_S <= face.time_s < each.end_s - HAIR_S
    )
    return names.most_common(1)[0][0] if names else "nobody"


def keep(file: Path | None, sightings: Sequence[Sighting]) -> None:
    """Writes sightings for `read_kept`."""
    if file is None:
        return
    lengths = [len(each.views) for each in sightings]
    np.savez(
        file,
        video=[each.video for each in sightings],
        person=[each.person for each in sightings],
        tracks=[each.tracks for each in sightings],
        lengths=lengths,
        views=np.concatenate([each.views for each in sightings]),
        mean=np.stack([each.mean for each in sightings]),
    )


def read_kept(file: Path) -> list[Sighting]:
    rows = np.load(file)
    views = np.split(rows["views"], np.cumsum(rows["lengths"])[:-1])
    return [
        Sighting(int(video), str(person), of_one, mean, int(tracks))
        for video, person, of_one, mean, tracks in zip(
            rows["video"], rows["person"], views, rows["mean"], rows["tracks"], strict=True
        )
    ]
