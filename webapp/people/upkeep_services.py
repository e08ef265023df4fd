"""Keeps people right when the tracks that are shown change: after an analysis, and when a video goes or comes back."""

from collections.abc import Collection
from uuid import UUID

from webapp.accounts.models import Team
from webapp.jobs import live_updates
from webapp.people import gallery_services, summary_services
from webapp.people.models import Person, Track
from webapp.videos.models import Video


def refresh(person_ids: Collection[UUID]) -> None:
    """Brings counts, portraits and gallery templates up to date."""
    summary_services.refresh(person_ids)
    gallery_services.refresh(person_ids)


def finish(person_ids: Collection[UUID]) -> None:
    """Does what is left once a new analysis is the one that is shown."""
    refresh(person_ids)
    merged = Person.objects.filter(pk__in=person_ids, merged_into__isnull=False)
    for source in merged:  # while this analysis was being stored; the update of their rows above waited for it
        target = source.merged_into_id
        assert target is not None  # filtered
        Track.objects.filter(person=source).update(person=target)
        finish([source.pk, target])


def remove_unseen(team: Team, person_ids: Collection[UUID]) -> None:
    """Removes people about whom nobody decided anything and who have no track left."""
    unseen = Person.objects.filter(team=team, pk__in=person_ids, name="", tracks=None, events=None)
    Person.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).delete()


def refresh_people_of(*, video: Video, **_: object) -> None:
    """Follows a video that was deleted or restored."""
    refresh(_people_of(video))
    live_updates.publish_people(video.team_id)


def forget_purged(*, video: Video, **_: object) -> None:
    """Removes the tracks of a video that is being purged, and the people who were seen nowhere else."""
    seen = _people_of(video)
    Track.objects.filter(analysis__video=video).delete()
    finish(seen)
    remove_unseen(video.team, seen)


def _people_of(video: Video) -> list[UUID]:
    tracks = Track.objects.filter(analysis__video=video, person__isnull=False)
    return [person for person in tracks.values_list("person", flat=True).distinct() if person]
