"""Reads who may be listed beside what is shared, and when they are on screen in it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from analysis.time_spans import Span, overlaps
from webapp.exports.appearance_queries import appearances_in
from webapp.exports.choices import Whom
from webapp.exports.models import Export, ExportKind
from webapp.exports.moment_queries import Stretch, stretches_in
from webapp.people import appearances
from webapp.people.appearances import Bar
from webapp.people.models import STANDING, Person, Presence
from webapp.sharing.models import ShareKind, ShareLink
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Somebody who is listed, and when they are on screen, in seconds of what is shared."""

    label: str
    hue: int
    spans: list[Span]
    bars: list[Bar]


def listable_people(videos: Sequence[Video], export: Export | None) -> QuerySet[Person]:
    """Returns whoever is seen in the videos and may be listed: nobody who is hidden, or whose face the export hides."""
    return _shown_people(videos, export).filter(is_hidden=False)


def hidden_people(videos: Sequence[Video], export: Export | None) -> QuerySet[Person]:
    """Returns whoever could be listed if they were not hidden from the list of people."""
    return _shown_people(videos, export).filter(is_hidden=True)


def names_kept_back(videos: Sequence[Video], export: Export) -> list[str]:
    """Returns the names of those who are in the videos and whom nothing on the page may name."""
    seen = Person.objects.filter(is_unnamed=False, merged_into=None, pk__in=_presences(videos).values("person"))
    return list(seen.exclude(pk__in=listable_people(videos, export)).values_list("name", flat=True))


def _presences(videos: Sequence[Video]) -> QuerySet[Presence]:
    return Presence.objects.filter(analysis__in=[video.current_analysis_id for video in videos])


def _shown_people(videos: Sequence[Video], export: Export | None) -> QuerySet[Person]:
    """Returns whoever is seen in the videos and whose face the export does not hide."""
    people = Person.objects.filter(STANDING, pk__in=_presences(videos).values("person"))
    if export is None or export.kind != ExportKind.BLUR:
        return people
    chosen = [person.pk for person in export.people_now()]
    if export.options.get("whom") == Whom.CHOSEN:
        return people.exclude(pk__in=chosen)
    return people.filter(pk__in=chosen if export.options.get("whom") == Whom.OTHERS else [])


def length_of(link: ShareLink) -> float:
    """Returns the seconds that what is shared lasts."""
    if link.export is None:
        assert link.video is not None
        return link.video.duration_s
    if link.export.kind == ExportKind.BLUR:
        return max((stretch.length_s for stretch in stretches_of(link)), default=0.0)
    return float(link.export.report.get("duration_s", 0.0))


def stretches_of(link: ShareLink) -> list[Stretch]:
    """Returns of what parts of videos it consists, or will once its clip is cut; none where an older reel is silent."""
    if link.export is None:
        assert link.video is not None
        return [Stretch(link.video, 0.0, link.video.duration_s)]
    videos = list(link.export.videos.order_by("created_at", "pk"))
    if link.export.kind == ExportKind.BLUR:
        return [Stretch(video, _first_s(video), video.duration_s) for video in videos[:1]]
    if link.kind == ShareKind.MOMENT and not link.export.report:
        moment = link.export.options
        return [Stretch(video, moment["start_s"], moment["end_s"] - moment["start_s"]) for video in videos[:1]]
    return stretches_in(link.export, videos)


def listed_people(link: ShareLink) -> list[ListedPerson]:
    """Returns the people whom the maker chose and who are on screen in it, in the order they come on.

    Whoever has meanwhile been hidden, deleted or merged into somebody who is, is not among them.
    """
    stretches = stretches_of(link)
    videos = list({stretch.video.pk: stretch.video for stretch in stretches}.values())
    chosen = {person.merged_into_id or person.pk for person in link.people.all()}
    people = {person.pk: person for person in listable_people(videos, link.export).filter(pk__in=chosen)}
    spans, length_s = _spans(stretches, list(people)), length_of(link)
    rows = [
        ListedPerson(str(people[key]), people[key].hue, found, appearances.bars(found, length_s))
        for key, found in spans.items()
    ]
    return sorted(rows, key=lambda row: (row.spans[0], row.label))


def _spans(stretches: Sequence[Stretch], people: Collection[UUID]) -> dict[UUID, list[Span]]:
    """Returns when each is seen, as what is shared counts; those who are not seen in it are left out."""
    seen: dict[UUID, dict[UUID, list[Span]]] = {}
    found: dict[UUID, list[Span]] = defaultdict(list)
    for stretch in stretches if people else []:
        if stretch.video.pk not in seen:
            seen[stretch.video.pk] = {row.id: row.spans for row in appearances_in(stretch.video, people)}
        shift_s = stretch.at_s - stretch.start_s
        window = [(stretch.start_s, stretch.start_s + stretch.length_s)]
        for key, spans in seen[stretch.video.pk].items():
            found[key] += [(start_s + shift_s, end_s + shift_s) for start_s, end_s in overlaps(spans, window)]
    return {key: appearances.appearances_of(spans) for key, spans in found.items() if spans}


def _first_s(video: Video) -> float:
    """Returns when the player of the video shows its first frame: a copy begins with it."""
    return float(video.probed.get("start_s", 0.0)) - video.playback_offset_s
