"""Reads which videos and people an export is of out of a request, and refuses what is not one team's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, QueryDict

from webapp import access
from webapp.accounts.models import Team, User
from webapp.exports import queries
from webapp.http.ids import uuids_in
from webapp.people.models import STANDING, Person
from webapp.videos.models import Video

MOST_VIDEOS, MOST_PEOPLE = 100, 50


class TooMany(Exception):
    """More videos or people at once than one export takes."""


class NothingChosen(Exception):
    """Neither a video nor a person who is in one is named."""


@dataclass(frozen=True, slots=True)
class ExportSubjects:
    """What an export is of. `named_videos`: those of the request; `videos`: else all in which the people are."""

    team: Team
    named_videos: Sequence[Video]
    videos: Sequence[Video]
    people: Sequence[Person]


def subjects_of(user: User, fields: QueryDict) -> ExportSubjects:
    """Returns the videos and people that `fields` name as `video` and `person`.

    Raises Http404 where one is not there, is not the team's or may not be exported; TooMany; NothingChosen.
    """
    video_ids, person_ids = (uuids_in(fields.getlist(name)) for name in ("video", "person"))
    if len(video_ids) > MOST_VIDEOS or len(person_ids) > MOST_PEOPLE:
        raise TooMany
    exportable = access.exportable_videos(user).select_related("team")
    found = {video.pk: video for video in exportable.filter(pk__in=video_ids)}
    in_reach = access.visible_people(user).filter(STANDING, pk__in=person_ids, team__in=access.exporting_teams(user))
    people = list(in_reach.select_related("team").order_by("is_unnamed", "-screen_s", "number"))
    if len(found) != len(video_ids) or len(people) != len(person_ids):
        raise Http404
    teams = {video.team for video in found.values()} | {person.team for person in people}
    if not teams:
        raise NothingChosen
    if len(teams) > 1:
        raise Http404
    team, named = teams.pop(), [found[key] for key in video_ids]
    videos = named or queries.videos_with(people, exportable.filter(team=team), MOST_VIDEOS)
    if not videos:
        raise NothingChosen
    return ExportSubjects(team, named, videos, people)
