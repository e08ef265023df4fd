"""Gives the people of a video to the analysis library, as its exports want them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from analysis.exports.people import SeenPerson, TrackSightings
from analysis.faces.clarity import CLEAR_PRESENCE, CLEAR_YAW_DEG
from analysis.types import Float32
from webapp.people import sample_codec
from webapp.people.models import Face, Person, Track
from webapp.videos.models import Video

UNCLEAR_ID = 0
"""Stands for all faces that are nobody in particular; numbers of people begin at 1."""
MOST_VIEWS = 200
"""Of one person; more tell nothing new and take time at each frame."""


def seen_people(video: Video) -> list[SeenPerson]:
    """Returns the people of the shown analysis by their numbers, unclear faces among them."""
    tracks = Track.objects.filter(analysis=video.current_analysis_id)
    sightings: dict[UUID | None, list[TrackSightings]] = defaultdict(list)
    for person_id, start_s, samples in tracks.order_by("start_s").values_list("person", "start_s", "samples"):
        times_s, boxes_xyxy, _scores = sample_codec.unpack(samples, start_s)
        sightings[person_id].append(TrackSightings(times_s, boxes_xyxy))
    people = Person.objects.in_bulk([key for key in sightings if key is not None])
    vectors = _vectors(video)
    return [
        _unclear(own) if key is None else _seen(people[key], own, vectors.get(key, []))
        for key, own in sightings.items()
    ]


def _seen(person: Person, tracks: Sequence[TrackSightings], vectors: Sequence[Float32]) -> SeenPerson:
    own = np.stack(vectors[:MOST_VIEWS]) if vectors else np.zeros((0, 0), np.float32)
    return SeenPerson(person.number, tuple(tracks), own, str(person))


def _unclear(tracks: Sequence[TrackSightings]) -> SeenPerson:
    return SeenPerson(UNCLEAR_ID, tuple(tracks), unclear=True)


def _vectors(video: Video) -> dict[UUID, list[Float32]]:
    """Returns embeddings of clear views by person, best first."""
    faces = Face.objects.filter(analysis=video.current_analysis_id, track__person__isnull=False)
    clear = faces.exclude(presence__lt=CLEAR_PRESENCE).order_by("-quality", "pk")
    found: dict[UUID, list[Float32]] = defaultdict(list)
    for person_id, yaw_deg, embedding in clear.values_list("track__person", "yaw_deg", "embedding"):
        if yaw_deg is None or abs(yaw_deg) <= CLEAR_YAW_DEG:
            found[person_id].append(sample_codec.unpack_vector(embedding))
    return found
