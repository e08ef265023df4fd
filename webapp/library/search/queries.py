"""Reads everything that the one search finds: people, moments, videos, tags, labels, datasets of a team."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Case, QuerySet, When

from webapp import access
from webapp.access import Visitor
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Label
from webapp.folded_fields import NAME_COLUMNS, TITLE_COLUMNS, containing
from webapp.library.label_filter_queries import LabelFilter, OfferedLabel, offer
from webapp.library.queries import VIDEO_NAME_COLUMNS
from webapp.library.search.moment_queries import VideoHit, videos_together, videos_with
from webapp.library.search.people_queries import (
    PeopleTogether,
    PersonHit,
    is_set_apart,
    people_called,
    people_together,
    without_last_joining,
)
from webapp.library.tagging import queries as tagging
from webapp.library.tagging.queries import CountedTag
from webapp.name_folding import fold
from webapp.people.models import Person
from webapp.team_scope import within_teams
from webapp.videos.models import Video

FEW, MANY = 5, 24
"""Of each kind: while one types, and on the page of results."""
WHOSE_VIDEOS = 3
"""The videos of so many of the people found are shown."""


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What was found, the most telling first in each list."""

    text: str
    people: list[PersonHit] = field(default_factory=list)
    together: list[VideoHit] = field(default_factory=list)
    """Moments at which all whom the text names are on screen."""
    names_several: bool = False
    videos: list[VideoHit] = field(default_factory=list)
    """By title or file name, then those that show the people found."""
    tags: list[CountedTag] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    model_labels: list[OfferedLabel] = field(default_factory=list)
    """Labels that models find in videos."""
    datasets: list[Dataset] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Of several names that the text sets apart, those that are nobody's."""

    @property
    def count(self) -> int:
        in_videos = len(self.people) + len(self.together) + len(self.videos) + len(self.model_labels)
        return in_videos + len(self.tags) + len(self.labels) + len(self.datasets)


def search(user: Visitor, chosen_team: Team | None, text: str, limit: int) -> SearchResults:
    """Returns at most `limit` of each kind that this visitor may see in the team."""
    team = access.visible_teams(user).filter(pk=chosen_team.pk).first() if chosen_team else None
    wanted = without_quotes(text)
    if team is None or not wanted:
        return SearchResults(text)
    # One team instead of a query for all of the person's, which each of 60,000 names would be asked of.
    with within_teams([team.pk]):
        results = _found_in(team, text, wanted, limit)
        begun = without_last_joining(wanted)
        return results if results.count or begun in ("", wanted) else _found_in(team, text, begun, limit)


def without_quotes(text: str) -> str:
    """Returns the folded text without the quotation marks that one may put around a name."""
    return " ".join(fold(text).replace('"', " ").split())


def _found_in(team: Team, text: str, wanted: str, limit: int) -> SearchResults:
    people, videos, datasets = access.people_of(team), access.videos_of(team), access.datasets_of(team)
    hits, together = _whom(people, wanted, limit)
    groups = [[hit.person for hit in group] for group in together.groups] if together and not together.unknown else []
    whose = [] if groups else [hit.person for hit in hits[:WHOSE_VIDEOS]]
    return SearchResults(
        text,
        hits,
        videos_together(videos, groups, limit) if groups else [],
        bool(groups),
        _videos(videos, wanted, whose, limit),
        tagging.counted(tagging.called(team, wanted)[:limit]),
        list(_labels(datasets, wanted)[:limit]),
        _model_labels(team, wanted, limit),
        list(datasets.filter(containing(wanted, *NAME_COLUMNS)).order_by("folded_name", "pk")[:limit]),
        together.unknown if together else [],
    )


def _whom(people: QuerySet[Person], text: str, limit: int) -> tuple[list[PersonHit], PeopleTogether | None]:
    """Returns whom the text names, and whom together. Somebody may be called "Anna and Tom", or 张和平."""
    apart = is_set_apart(text)
    hits = people_called(people, text, limit, whole_words=apart)
    together = None if hits else people_together(people, text)
    if apart and not hits and (together is None or together.unknown):
        hits = people_called(people, text, limit)
        together = None if hits else together
    return (together.people[:limit], together) if together else (hits, None)


def _videos(videos: QuerySet[Video], text: str, people: Sequence[Person], limit: int) -> list[VideoHit]:
    """Looks at titles by their index alone, and reads the rows of those which are returned."""
    rank = Case(When(folded_title__startswith=text, then=0), When(containing(text, *TITLE_COLUMNS), then=1), default=2)
    found = videos.filter(containing(text, *VIDEO_NAME_COLUMNS)).order_by(rank, "folded_title")
    ids = list(found.values_list("pk", flat=True)[:limit])
    rows = Video.objects.in_bulk(ids)
    titled = [VideoHit(rows[pk], [], []) for pk in ids if pk in rows]
    if not people or len(titled) == limit:
        return titled
    return titled + videos_with(videos.exclude(pk__in=rows), people, limit - len(titled))


def _labels(datasets: QuerySet[Dataset], text: str) -> QuerySet[Label]:
    found = Label.objects.filter(containing(text, *NAME_COLUMNS), dataset__in=datasets)
    return found.select_related("dataset").order_by("folded_name", "pk")


def _model_labels(team: Team, text: str, limit: int) -> list[OfferedLabel]:
    words = text.split()
    offered = [label for model in offer(LabelFilter(), team) for label in model.labels]
    return [each for each in offered if all(word in fold(each.key.label) for word in words)][:limit]
