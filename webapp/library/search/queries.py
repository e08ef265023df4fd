"""Reads everything that the one search finds: people, moments, videos, tags, labels, datasets of a team."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from uuid import UUID

from django.db.models import Q, QuerySet

from webapp import access
from webapp.access import Visitor
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Label
from webapp.folded_fields import NAME_COLUMNS, TITLE_COLUMNS, containing
from webapp.library.label_filter_queries import LabelFilter, OfferedLabel, offer
from webapp.library.queries import VIDEO_NAME_COLUMNS
from webapp.library.search.moment_queries import VideoHit, videos_together, videos_with
from webapp.library.search.people_queries import PersonHit, people_called, people_together
from webapp.library.tagging import queries as tagging
from webapp.library.tagging.queries import CountedTag
from webapp.name_folding import fold
from webapp.people.models import Person
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

    @property
    def count(self) -> int:
        in_videos = len(self.people) + len(self.together) + len(self.videos) + len(self.model_labels)
        return in_videos + len(self.tags) + len(self.labels) + len(self.datasets)


def search(user: Visitor, chosen_team: Team | None, text: str, limit: int) -> SearchResults:
    """Returns at most `limit` of each kind that this visitor may see in the team."""
    team = access.visible_teams(user).filter(pk=chosen_team.pk).first() if chosen_team else None
    if team is None or not fold(text):
        return SearchResults(text)
    people = access.visible_people(user).filter(team=team)
    videos = access.visible_videos(user).filter(team=team)
    datasets = access.visible_datasets(user).filter(team=team)
    hits = people_called(people, text, limit)
    # Somebody may be called "Anna and Tom" or 张和平.
    several = [] if hits else people_together(people, text)
    if several:
        in_turn = chain.from_iterable(zip_longest(*several))
        hits = list({hit.person.pk: hit for hit in in_turn if hit is not None}.values())[:limit]
    groups = [[hit.person for hit in group] for group in several]
    whose = [] if several else [hit.person for hit in hits[:WHOSE_VIDEOS]]
    return SearchResults(
        text,
        hits,
        videos_together(videos, groups, limit) if groups else [],
        bool(groups),
        _videos(videos, text, whose, limit),
        tagging.counted(tagging.called(team, text)[:limit]),
        list(_labels(datasets, text)[:limit]),
        _model_labels(team, text, limit),
        list(datasets.filter(containing(text, *NAME_COLUMNS)).order_by("folded_name", "pk")[:limit]),
    )


def _videos(videos: QuerySet[Video], text: str, people: Sequence[Person], limit: int) -> list[VideoHit]:
    """Looks at titles by their index alone, and reads the rows of those which are returned."""
    ids: list[UUID] = []
    titles = containing(text, *TITLE_COLUMNS)
    for stage in (Q(folded_title__startswith=fold(text)), titles, containing(text, *VIDEO_NAME_COLUMNS)):
        if len(ids) < limit:
            found = videos.filter(stage).order_by("folded_title").values_list("pk", flat=True)[:limit]
            ids += [pk for pk in found if pk not in ids]
    rows = Video.objects.in_bulk(ids[:limit])
    titled = [VideoHit(rows[pk], [], []) for pk in ids[:limit] if pk in rows]
    if not people or len(titled) == limit:
        return titled
    return titled + videos_with(videos.exclude(pk__in=rows), people, limit - len(titled))


def _labels(datasets: QuerySet[Dataset], text: str) -> QuerySet[Label]:
    found = Label.objects.filter(containing(text, *NAME_COLUMNS), dataset__in=datasets)
    return found.select_related("dataset").order_by("folded_name", "pk")


def _model_labels(team: Team, text: str, limit: int) -> list[OfferedLabel]:
    words = fold(text).split()
    offered = [label for model in offer(LabelFilter(), team) for label in model.labels]
    return [each for each in offered if all(word in fold(each.key.label) for word in words)][:limit]
