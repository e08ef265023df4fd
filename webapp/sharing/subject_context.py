"""Reads out of a request what is to be shared, and what the form proposes for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from analysis.time_spans import Span
from webapp import access
from webapp.accounts.models import Team, User
from webapp.exports import words as exports_words
from webapp.exports.appearance_queries import appearances_in
from webapp.exports.models import Export
from webapp.exports.queries import MOST_OFFERED
from webapp.http.ids import uuid_or_none
from webapp.people.models import Person
from webapp.sharing import words
from webapp.sharing.forms import ShareForm, VideoShareForm
from webapp.sharing.people_queries import hidden_people, listable_people, names_kept_back
from webapp.sharing.services import MayNotShare
from webapp.videos.models import Video

AROUND_S = 0.5
"""Before and after an appearance that is proposed as a moment."""
MOMENT_S = 10.0
"""So long is a moment that is proposed without a person."""


@dataclass(frozen=True, slots=True)
class ShareSubject:
    """A video or an export of a team."""

    team: Team
    video: Video | None
    export: Export | None

    @property
    def export_title(self) -> str:
        return exports_words.title_of_export(self.export) if self.export is not None else ""

    @property
    def videos(self) -> Sequence[Video]:
        return [self.video] if self.video is not None else list(self.export.videos.all()) if self.export else []

    def people(self) -> QuerySet[Person]:
        """Returns whoever may be listed, named ones first."""
        return self._in_order(listable_people(self.videos, self.export))

    def hidden_people(self) -> QuerySet[Person]:
        """Returns whoever is missing in `people` because they are hidden from the list of people."""
        return self._in_order(hidden_people(self.videos, self.export))

    def _in_order(self, people: QuerySet[Person]) -> QuerySet[Person]:
        return people.order_by("is_unnamed", "-screen_s", "number")[:MOST_OFFERED]

    def form(self, data: Mapping[str, Any] | None, initial: dict[str, Any] | None = None) -> ShareForm:
        if self.video is not None:
            return VideoShareForm(data, initial=initial, duration_s=self.video.duration_s)
        return ShareForm(data, initial=initial)


def subject_in(user: User, fields: Mapping[str, str]) -> ShareSubject:
    """Returns the video or finished export that `fields` name.

    Raises MayNotShare where this person sees it, but their role does not include sharing; else Http404.
    """
    video_id, export_id = (uuid_or_none(fields.get(name, "")) for name in ("video", "export"))
    if video_id is not None:
        video = access.sharable_videos(user).filter(pk=video_id).select_related("team").first()
        if video is not None:
            return ShareSubject(video.team, video, None)
    elif export_id is not None:
        export = access.sharable_exports(user).filter(pk=export_id).select_related("team", "job").first()
        if export is not None and export.is_ready:
            return ShareSubject(export.team, None, export)
    if _is_seen(access.visible_videos(user), video_id, user) or _is_seen(access.visible_exports(user), export_id, user):
        raise MayNotShare
    raise Http404


def _is_seen(visible: QuerySet[Any], key: UUID | None, user: User) -> bool:
    """Returns whether the person sees it in a team in which they may not share."""
    return key is not None and visible.filter(pk=key).exclude(team__in=access.sharing_teams(user)).exists()


def proposal(subject: ShareSubject, fields: Mapping[str, str]) -> dict[str, Any]:
    """Returns what the form begins with: the moment `t` or an appearance of `person`, where the address names them."""
    if subject.video is None:
        assert subject.export is not None
        videos = subject.videos
        kept_back = names_kept_back(videos, subject.export)
        return {"title": words.export_title(subject.export, videos, kept_back)}
    video = subject.video
    moment = proposed_moment(video, _seconds(fields.get("t", "")), uuid_or_none(fields.get("person", "")))
    start_s, end_s = moment or (0.0, min(MOMENT_S, video.duration_s))
    part = VideoShareForm.WHOLE if moment is None else VideoShareForm.MOMENT
    return {"title": video.title, "part": part, "start_s": start_s, "end_s": end_s}


def proposed_moment(video: Video, time_s: float | None, person: UUID | None) -> Span | None:
    """Returns the person's appearance at or nearest to a time, else what follows the time; None without either."""
    spans = [span for row in (appearances_in(video, [person]) if person else []) for span in row.spans]
    if spans:
        at_s = time_s or 0.0
        start_s, end_s = min(spans, key=lambda span: max(span[0] - at_s, at_s - span[1], 0.0))
        return max(start_s - AROUND_S, 0.0), min(end_s + AROUND_S, video.duration_s)
    if not time_s or time_s >= video.duration_s:
        return None
    return time_s, min(time_s + MOMENT_S, video.duration_s)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 10**6 else None
