"""Keeps the summaries of people up to date: counts in all and in each video, first and last seen, portrait.

Call `refresh` in every transaction that changes whose a track is, or which tracks are shown.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from analysis.time_spans import Span
from webapp.people import appearances, clarity_queries, sample_codec
from webapp.people.batches import BATCH, batches
from webapp.people.models import Face, Person, Presence
from webapp.people.track_queries import shown_tracks


def refresh(person_ids: Collection[UUID]) -> None:
    """Counts again, and chooses a portrait where it is missing or shows somebody else by now."""
    for ids in batches(sorted(set(person_ids))):
        _count(ids)
        _find_portraits(ids)


@dataclass(frozen=True, slots=True)
class VideoPresence:
    """One person in one video that is shown. `added_at` is when the video was uploaded."""

    analysis: UUID
    appearances: int
    screen_s: float
    added_at: datetime


def _count(ids: list[UUID]) -> None:
    seen = _seen(ids)
    people = list(Person.objects.filter(pk__in=ids).only("pk", "is_deleted"))
    for person in people:
        videos = seen[person.pk]
        person.appearances = sum(video.appearances for video in videos)
        person.videos = len(videos)
        person.screen_s = sum(video.screen_s for video in videos)
        person.first_seen_at = min((video.added_at for video in videos), default=None)
        person.last_seen_at = max((video.added_at for video in videos), default=None)
    Person.objects.bulk_update(people, ["appearances", "videos", "screen_s", "first_seen_at", "last_seen_at"])
    _keep_presences(ids, {person.pk: seen[person.pk] for person in people if not person.is_deleted})


def appearances_together(person_ids: Collection[UUID]) -> int:
    """Returns how many appearances these people would have as one person."""
    spans: dict[UUID, list[Span]] = defaultdict(list)
    for (_person, analysis, _added_at), of_video in _spans(person_ids).items():
        spans[analysis] += of_video
    return sum(len(appearances.appearances_of(of_video)) for of_video in spans.values())


def _seen(ids: Collection[UUID]) -> dict[UUID, list[VideoPresence]]:
    """Returns the videos of each person. A moment counts once, however many tracks show it."""
    found: dict[UUID, list[VideoPresence]] = defaultdict(list)
    for (person, analysis, added_at), of_video in _spans(ids).items():
        shown = appearances.appearances_of(of_video)
        found[person].append(VideoPresence(analysis, len(shown), appearances.total_s(shown), added_at))
    return found


def _spans(ids: Collection[UUID]) -> dict[tuple[UUID, UUID, datetime], list[Span]]:
    """Returns when tracks show each person, in player time: by person, analysis and when the video was uploaded."""
    added, offset = "analysis__video__created_at", "analysis__video__playback_offset_s"
    columns = ("person", "analysis", added, offset, "start_s", "seen")
    spans: dict[tuple[UUID, UUID, datetime], list[Span]] = defaultdict(list)
    rows = shown_tracks().filter(person__in=ids).values_list(*columns)
    for person, analysis, added_at, offset_s, start_s, seen in rows:
        assert person is not None  # filtered
        spans[person, analysis, added_at] += sample_codec.unpack_spans(seen, start_s - offset_s)
    return spans


def _keep_presences(ids: list[UUID], seen: Mapping[UUID, Sequence[VideoPresence]]) -> None:
    """Writes only what differs: a person may be in hundreds of videos, of which one has changed."""
    rows = Presence.objects.filter(person__in=ids).values_list("pk", "person", "analysis", "appearances", "screen_s")
    before = {(person, analysis): (pk, count, screen_s) for pk, person, analysis, count, screen_s in rows}
    now = {(person, video.analysis): video for person, videos in seen.items() for video in videos}
    gone = [pk for key, (pk, *_) in before.items() if key not in now]
    for pks in batches(gone):
        Presence.objects.filter(pk__in=pks).delete()
    changed = [
        Presence(person_id=person, analysis_id=analysis, appearances=video.appearances, screen_s=video.screen_s)
        for (person, analysis), video in now.items()
        if before.get((person, analysis), ())[1:] != (video.appearances, video.screen_s)
    ]
    Presence.objects.bulk_create(
        changed,
        batch_size=BATCH,
        update_conflicts=True,
        update_fields=["appearances", "screen_s"],
        unique_fields=["analysis", "person"],
    )


def _find_portraits(ids: list[UUID]) -> None:
    """A chosen one counts as long as it shows this person; else the present one, else the best view.

    Somebody merged away or deleted keeps theirs, for the day when that is undone.
    """
    standing = Person.objects.filter(pk__in=ids, merged_into=None, is_deleted=False)
    people = list(standing.only("pk", "portrait", "chosen_portrait"))
    faces = {face for person in people for face in (person.portrait_id, person.chosen_portrait_id) if face}
    owners = _owners(faces)
    portraits: dict[UUID, UUID | None] = {}
    for person in people:
        wished = (person.chosen_portrait_id, person.portrait_id)
        portraits[person.pk] = next((face for face in wished if face and owners.get(face) == person.pk), None)
    portraits |= _best_views([person for person, face in portraits.items() if face is None])
    changed = [person for person in people if person.portrait_id != portraits[person.pk]]
    for person in changed:
        person.portrait_id = portraits[person.pk]
    Person.objects.bulk_update(changed, ["portrait"])


def _owners(faces: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Returns whom these faces show, where their videos are shown. Filtered here, not in SQL, as in `shown_views`."""
    columns = ("pk", "track__person", "analysis", "analysis__video__current_analysis", "analysis__video__deleted_at")
    rows = Face.objects.filter(pk__in=faces).values_list(*columns)
    return {pk: person for pk, person, own, current, deleted_at in rows if own == current and deleted_at is None}


def _best_views(ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    best: dict[UUID, ShownView] = {}
    for view in shown_views(ids):
        known = best.get(view.person)
        if known is None or view.rank < known.rank:
            best[view.person] = view
    return {person: best[person].face if person in best else None for person in ids}


@dataclass(frozen=True, slots=True)
class ShownView:
    """One face of a person in a video that is shown."""

    person: UUID
    embedder: str
    analysis: UUID
    appearance: int
    """The first tracklet."""
    face: UUID
    quality: float
    is_clear: bool

    @property
    def rank(self) -> tuple[bool, float, UUID]:
        """Sorts views: clear ones first, then the best."""
        return not self.is_clear, -self.quality, self.face


def shown_views(person_ids: Collection[UUID]) -> Iterator[ShownView]:
    """Yields the views of these people. Two queries: in one, databases would go through the faces of all videos."""
    columns = ("pk", "joined_to", "person", "analysis__embedder", "analysis")
    rows = shown_tracks().filter(person__in=person_ids).values_list(*columns) if person_ids else ()
    owners = {
        track: (person, embedder, analysis, first or track)
        for track, first, person, embedder, analysis in rows
        if person
    }
    for tracks in batches(owners):
        faces = Face.objects.filter(track__in=tracks).values_list("pk", "track", *clarity_queries.MEASURED)
        for face, track, quality, *measured in faces:
            if track is not None:
                is_clear = clarity_queries.is_clear_row(quality, *measured)
                yield ShownView(*owners[track], face, quality, is_clear)
