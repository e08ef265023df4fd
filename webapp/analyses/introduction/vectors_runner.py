"""Computes vectors and measures of stored views, batch by batch, so that a killed worker loses one batch.

Videos are read again only for tracks of which no view shows its landmarks again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import cv2
import numpy as np
from django.db import transaction

from analysis.errors import UnreadableVideo
from analysis.faces.clarity import rated_quality
from analysis.faces.embed import Embedder
from analysis.faces.face_mesh import FaceMesh
from analysis.faces.stored_views import StoredView, StoredViewReader, share_of_picture
from analysis.types import Float32, ViewMeasures
from analysis.video.frames_at import cut_square, frames_at
from webapp import storage
from webapp.analyses import people_runner
from webapp.jobs.errors import FileGone
from webapp.people import gallery_services, sample_codec
from webapp.people.clarity_queries import CLEAR_QUALITY
from webapp.people.introduction import queries
from webapp.people.introduction.models import IntroducedVectors, Introduction
from webapp.people.models import Face
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Analysis, Video

BATCH = 256
"""Views of one transaction; about two seconds of work."""
SURROUNDINGS = 1.8
MEASURED = ("presence", "yaw_deg", "pitch_deg", "sharpness", "quality")


class Pace(Protocol):
    """Where the work on views stands."""

    def report(self, done: int, total: int) -> None:
        """Is called between two batches; may raise what ends the work, which goes on later with the next batch."""
        ...

    def hold(self) -> None:
        """Is called in the transaction of a batch; raises Cancelled where the work has become somebody else's."""
        ...


@dataclass(frozen=True, slots=True)
class Readers:
    """The networks that read stored views."""

    views: StoredViewReader
    embedder: Embedder
    mesh: FaceMesh


def measure(team_id: UUID, readers: Readers, pace: Pace) -> None:
    """Measures views that were stored before presence and pose were, and refreshes the templates of their people."""
    unmeasured = queries.unmeasured().filter(analysis__video__team=team_id)
    total, done = unmeasured.count(), 0
    while pk := unmeasured.values_list("analysis", flat=True).first():
        pace.report(done, total)
        analysis = Analysis.objects.select_related("video").get(pk=pk)
        faces = list(unmeasured.filter(analysis=analysis).order_by("pk")[:BATCH])
        views = [_stored(face, analysis.video) for face in faces]
        found = readers.views.measure(views, readers.mesh)
        for face, measures in zip(faces, found, strict=True):
            _take_over(face, measures)
        with transaction.atomic():
            pace.hold()
            Face.objects.bulk_update(faces, MEASURED)
            if not unmeasured.filter(analysis=analysis).exists():
                gallery_services.refresh(people_runner.people_seen_in([analysis.pk]))
        done += len(faces)


def _take_over(face: Face, measures: ViewMeasures | None) -> None:
    """A view whose picture is gone is as clear as it was taken for."""
    if measures is None:
        measures = ViewMeasures(float(face.quality >= CLEAR_QUALITY), 0.0, 0.0, face.quality)
    else:
        face.quality = rated_quality(face.quality, measures)
    face.presence, face.sharpness = measures.presence, measures.sharpness
    face.yaw_deg, face.pitch_deg = measures.yaw_deg, measures.pitch_deg


def cover(introduction: Introduction, readers: Readers, pace: Pace, counts: Counter[str]) -> None:
    """Stores vectors of all views that have none by this embedder; `counts` says how the new ones were come by."""
    analyses = list(queries.shown_analyses(introduction.team_id).select_related("video"))
    covered = covered_faces(introduction)
    done = sum(map(len, covered.values()))
    total = Face.objects.filter(analysis__in=[each.pk for each in analyses], track__isnull=False).count()
    for analysis in analyses:
        if analysis.embedder == readers.embedder.name:
            continue
        for faces in batches_of(analysis, covered.get(analysis.pk, frozenset())):
            pace.report(done, total)
            vectors, how = vectors_of(analysis.video, faces, readers)
            with transaction.atomic():
                pace.hold()
                part = IntroducedVectors.objects.filter(introduction=introduction, analysis=analysis).count()
                IntroducedVectors.objects.create(
                    introduction=introduction,
                    analysis=analysis,
                    part=part,
                    face_ids=b"".join(face.pk.bytes for face in faces),
                    vectors=b"".join(sample_codec.pack_vector(vector) for vector in vectors),
                )
            counts.update(how)
            done += len(faces)


def covered_faces(introduction: Introduction) -> dict[UUID, frozenset[UUID]]:
    """Returns the faces that have vectors, by analysis."""
    found: dict[UUID, set[UUID]] = {}
    for analysis, packed in introduction.vectors.values_list("analysis", "face_ids"):
        found.setdefault(analysis, set()).update(unpacked_ids(packed))
    return {analysis: frozenset(faces) for analysis, faces in found.items()}


def unpacked_ids(packed: bytes | memoryview) -> list[UUID]:
    """Reads `IntroducedVectors.face_ids`."""
    raw = bytes(packed)
    return [UUID(bytes=raw[start : start + 16]) for start in range(0, len(raw), 16)]


def unpacked_vectors(row: IntroducedVectors) -> Float32:
    """Returns (faces, d)."""
    count = len(bytes(row.face_ids)) // 16
    return np.frombuffer(row.vectors, sample_codec.ROW_TYPE).reshape(count, -1).astype(np.float32)


def vectors_by_face(introduction: Introduction, analysis_id: UUID) -> dict[UUID, Float32]:
    """Returns the vectors of one analysis."""
    rows = introduction.vectors.filter(analysis=analysis_id)
    return {
        face: vector
        for row in rows
        for face, vector in zip(unpacked_ids(row.face_ids), unpacked_vectors(row), strict=True)
    }


def batches_of(analysis: Analysis, covered: frozenset[UUID]) -> Iterator[list[Face]]:
    """Yields views that have no vector yet; all of a track in one batch."""
    batch: list[Face] = []
    rows = Face.objects.filter(analysis=analysis, track__isnull=False).order_by("track_id", "-quality", "pk")
    for face in rows.defer("embedding").iterator(BATCH):
        if face.pk in covered:
            continue
        if len(batch) >= BATCH and face.track_id != batch[-1].track_id:
            yield batch
            batch = []
        batch.append(face)
    if batch:
        yield batch


def vectors_of(video: Video, faces: Sequence[Face], readers: Readers) -> tuple[list[Float32], Counter[str]]:
    """Returns a vector for each view, and how many were read from the picture, the video, or taken from a neighbour.

    A view whose landmarks are not found again gets the vector of the one of its track that is nearest in time. Where a
    track has none, the video is read at its moments.
    """
    views = [_stored(face, video) for face in faces]
    found = dict(enumerate(readers.views.embed(views, readers.embedder)))
    known = {row: vector for row, vector in found.items() if vector is not None}
    bare = {face.track_id for face in faces} - {faces[row].track_id for row in known}
    wanted = [row for row, face in enumerate(faces) if face.track_id in bare]
    counts = Counter({"from_pictures": len(known)})
    if wanted:
        again = _from_video(video, [faces[row] for row in wanted], readers)
        known |= {wanted[position]: vector for position, vector in again.items()}
        counts += Counter({"videos_read": 1, "from_videos": len(again)})
        still = [row for row in wanted if row not in known]
        guessed = readers.views.embed([views[row] for row in still], readers.embedder, guess=True)
        known |= {row: vector for row, vector in zip(still, guessed, strict=True) if vector is not None}
        counts["guessed"] += len(still)
    counts["from_neighbours"] += len(faces) - len(known)
    return [_nearest(row, faces, known) for row in range(len(faces))], counts


def _nearest(row: int, faces: Sequence[Face], known: Mapping[int, Float32]) -> Float32:
    """Zeros, which are like nobody, where a track has no picture at all and its video is gone."""
    mates = [other for other in known if faces[other].track_id == faces[row].track_id]
    if not mates:
        size = len(next(iter(known.values()))) if known else len(sample_codec.unpack_vector(_embedding(faces[row])))
        return np.zeros(size, np.float32)
    return known[min(mates, key=lambda other: (other != row, abs(faces[other].time_s - faces[row].time_s)))]


def _embedding(face: Face) -> bytes:
    return bytes(Face.objects.values_list("embedding", flat=True).get(pk=face.pk))


def _from_video(video: Video, faces: Sequence[Face], readers: Readers) -> dict[int, Float32]:
    """Returns vectors by position of the views that could be cut out of the video again."""
    info, order = info_of(video), sorted(range(len(faces)), key=lambda row: faces[row].time_s)
    views: dict[int, StoredView] = {}
    try:
        with original_of(video) as path:
            for position, frame in frames_at(path, info, [faces[row].time_s for row in order]):
                face = faces[order[position]]
                box = _box(face)
                _, jpeg = cv2.imencode(".jpg", cut_square(frame, info, box, SURROUNDINGS))
                views[order[position]] = StoredView(jpeg.tobytes(), share_of_picture(box, (info.width, info.height)))
    except (UnreadableVideo, FileGone):
        return {}
    found = readers.views.embed(list(views.values()), readers.embedder)
    return {row: vector for row, vector in zip(views, found, strict=True) if vector is not None}


def _stored(face: Face, video: Video) -> StoredView:
    try:
        picture = storage.read_bytes(face.picture_key)
    except FileNotFoundError:
        picture = b""
    landmarks = None if face.picture_landmarks is None else sample_codec.unpack_vector(face.picture_landmarks)
    return StoredView(
        picture,
        share_of_picture(_box(face), (video.width, video.height)),
        None if landmarks is None else landmarks.reshape(5, 2),
    )


def _box(face: Face) -> Float32:
    return np.array([face.x1, face.y1, face.x2, face.y2], np.float32)
