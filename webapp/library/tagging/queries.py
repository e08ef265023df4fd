"""Reads tags: how many videos each is on, those of some videos, and videos by tags."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from webapp.accounts.models import Team
from webapp.folded_fields import NAME_COLUMNS, containing
from webapp.videos.models import Tag, Tagging, Video

MOST_OFFERED = 40
"""In the filter: those on most videos; the page of tags lists all."""
MOST_IN_FILTER = 20


@dataclass(frozen=True, slots=True)
class CountedTag:
    """A tag, and how many videos it is on."""

    tag: Tag
    videos: int
    is_chosen: bool = False


def of_team(team: Team | None) -> QuerySet[Tag]:
    """Returns the team's tags, by name."""
    return Tag.objects.filter(team=team, deleted_at=None).order_by("folded_name")


def called(team: Team | None, text: str) -> QuerySet[Tag]:
    """Returns the team's tags whose name contains all words of a text."""
    return of_team(team).filter(containing(text, *NAME_COLUMNS))


def counted(tags: QuerySet[Tag], chosen: Collection[UUID] = ()) -> list[CountedTag]:
    """Returns tags with their numbers of videos, in their order; two queries at most.

    All are counted by the index alone, then those of deleted videos, which are few, are taken off.
    """
    rows = list(tags.annotate(all=Count("taggings")))
    if not rows:
        return []
    gone = Video.objects.filter(deleted_at__isnull=False).values("pk")
    hidden = dict(Tagging.objects.filter(video__in=gone).values_list("tag").annotate(n=Count("pk")))
    return [CountedTag(tag, tag.all - hidden.get(tag.pk, 0), tag.pk in chosen) for tag in rows]


def offer(wanted: Collection[UUID], team: Team | None) -> list[CountedTag]:
    """Returns the tags to filter by: those chosen, and the others that are on most videos, by name."""
    everything = counted(of_team(team), wanted)
    by_use = sorted(everything, key=lambda each: (not each.is_chosen, -each.videos))
    offered = {each.tag.pk for each in by_use[:MOST_OFFERED]}
    return [each for each in everything if each.tag.pk in offered]


def bearing(videos: QuerySet[Video], wanted: Iterable[UUID]) -> QuerySet[Video]:
    """Returns the videos that have all of these tags."""
    for tag in wanted:
        videos = videos.filter(pk__in=Tagging.objects.filter(tag=tag, tag__deleted_at=None).values("video"))
    return videos


def of_videos(videos: Iterable[UUID]) -> dict[UUID, list[Tag]]:
    """Returns the tags of each video that has any, by name; one query."""
    found: dict[UUID, list[Tag]] = defaultdict(list)
    taggings = Tagging.objects.filter(video__in=list(videos), tag__deleted_at=None)
    for tagging in taggings.select_related("tag").order_by("tag__folded_name"):
        found[tagging.video_id].append(tagging.tag)
    return found
