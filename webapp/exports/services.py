"""Starts, repeats, cancels and deletes exports."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from webapp import storage
from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.exports import queries, words
from webapp.exports.models import Export, ExportKind
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind
from webapp.people.models import Person
from webapp.uploads import quota_services, rules
from webapp.videos.models import Video

TITLE_LENGTH = 255


class TooManyExports(Exception):
    """As many exports of this person as may wait or run at once do so already."""


class NoRoomForExport(Exception):
    """The disk has no room for another file."""


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What somebody wants to have made, of videos and people of one team."""

    kind: str
    title: str
    """Empty to have it worded of the rest."""
    videos: Sequence[Video]
    people: Collection[Person] = ()
    options: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def start_export(wish: ExportWish, *, team: Team, user: User) -> Export:
    """Queues an export. Raises TooManyExports, NoRoomForExport, or Refused where the team's quota is used up."""
    quota_services.take_turns(team, user)
    if queries.free_places(user) < 1:
        raise TooManyExports
    if rules.room_bytes() <= 0:
        raise NoRoomForExport
    title = wish.title or words.title_of(wish.kind, wish.videos, list(wish.people), wish.options)
    quota_services.expect_team_room(team, title, _known_bytes(wish))
    options = wish.options | {"language": get_language()}
    export = Export(team=team, kind=wish.kind, title=wish.title[:TITLE_LENGTH], options=options, created_by=user)
    export.job = lifecycle.create(JobKind.EXPORT, team=team, subject_id=export.pk, created_by=user)
    export.expires_at = expiry()
    export.save(force_insert=True)
    export.videos.set(wish.videos)
    export.people.set(wish.people)
    after = {"kind": wish.kind, "videos": len(wish.videos), "people": sorted(map(str, wish.people))}
    record(user, Action.EXPORTED, subject_of(SubjectKind.EXPORT, export, title), team_id=team.pk, after=after)
    return export


@transaction.atomic
def start_exports(wishes: Iterable[ExportWish], *, team: Team, user: User) -> list[Export]:
    """Queues several exports, all or none. Raises as `start_export` does."""
    return [start_export(wish, team=team, user=user) for wish in wishes]


def _known_bytes(wish: ExportWish) -> int | None:
    """Returns how many bytes the file will have at least, None where only its making will tell."""
    return sum(video.size_bytes for video in wish.videos) if wish.kind == ExportKind.CHAPTERS else None


def start_again(export: Export, *, user: User) -> Export:
    """Queues the same once more, of its people as they are now. Raises as `start_export` does."""
    wish = ExportWish(export.kind, export.title, list(export.videos.all()), export.people_now(), export.options)
    return start_export(wish, team=export.team, user=user)


def delete_export(export: Export, *, user: User) -> None:
    """Deletes an export with its file, and cancels what is being made."""
    with transaction.atomic():
        title = words.title_of_export(export)
        record(user, Action.DELETED, subject_of(SubjectKind.EXPORT, export, title), team_id=export.team_id)
        remove([export])


def remove_exports_of(*, video: Video, **_: object) -> None:
    """Deletes all exports of a video that is being deleted; restoring it brings none back."""
    remove(Export.objects.filter(videos=video))


def remove(exports: Iterable[Export]) -> None:
    """Deletes rows, files and jobs. A worker that is busy with one finds its job gone, and leaves nothing."""
    for export in exports:
        with transaction.atomic():
            job_id, prefix = export.job_id, export.files_prefix
            lifecycle.cancel(job_id)
            export.delete()
            Job.objects.filter(pk=job_id).delete()
            transaction.on_commit(lambda prefix=prefix: storage.delete_prefix(prefix))  # type: ignore[misc]


def expiry() -> Any:
    """Returns until when an export that is done now is kept."""
    return timezone.now() + timedelta(days=settings.EXPORT_DAYS)
