"""Reads for *On screen now* and for playing one person alone on the page of a video."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from webapp.accounts.models import Team
from webapp.people.models import Presence
from webapp.people.queries import PersonRow
from webapp.people.review.queries import NameQuestion, names_to_ask
from webapp.videos.media_info import PLAYABLE
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class OnScreenRow:
    """Somebody of the video in the card beside the player; the page shows those who are in the picture."""

    row: PersonRow
    is_on_screen: bool
    """At the moment at which the player opens."""
    question: NameQuestion | None

    @property
    def other_videos(self) -> int:
        return max(0, self.row.videos - 1)


def on_screen(
    rows: Sequence[PersonRow], *, time_s: float | None, team: Team, asks_for_names: bool
) -> list[OnScreenRow]:
    """Returns everybody of a video. `asks_for_names`: with the question who those without a name are."""
    unnamed = [row.id for row in rows if not row.is_named] if asks_for_names else []
    questions = names_to_ask(team, unnamed)
    return [OnScreenRow(row, _is_seen_at(row, time_s), questions.get(row.id)) for row in rows]


def _is_seen_at(row: PersonRow, time_s: float | None) -> bool:
    return time_s is not None and any(start_s <= time_s <= end_s for start_s, end_s in row.appearances)


def next_video(videos: QuerySet[Video], video: Video, person: UUID, first: UUID | None) -> Video | None:
    """Returns where playing only this person goes on: the next older video, round the end, until `first` comes again.

    Only videos that a browser can play. None: this was the last one.
    """
    seen_in = Presence.objects.filter(person=person).values("analysis")
    playable = videos.filter(playback__in=PLAYABLE, team=video.team_id, current_analysis__in=seen_in)
    order = list(playable.order_by("-created_at", "pk").values_list("pk", flat=True))
    if video.pk not in order:
        return None
    place = order.index(video.pk)
    following = [*order[place + 1 :], *order[:place]]
    began = first if first in following else video.pk
    if not following or following[0] == began:
        return None
    return videos.get(pk=following[0])
