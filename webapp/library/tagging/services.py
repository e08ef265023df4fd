"""Puts tags on videos and takes them off, renames, merges and deletes them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.folded_fields import with_folded
from webapp.name_folding import fold
from webapp.videos.models import Tag, Tagging

MOST_TAGS = 500
"""Of a team: more are no help, and the page of tags shows them all."""


ROWS_AT_ONCE = 1000


class TagNameTaken(Exception):
    """Another tag of the team is called so."""


class TooManyTags(Exception):
    """The team has as many tags as it may."""


def named(team: Team, name: str) -> Tag | None:
    """Returns the team's tag of this name, however it is written."""
    return Tag.objects.filter(team=team, folded_name=fold(name), deleted_at=None).first()


def tag_called(team: Team, name: str) -> Tag:
    """Returns the team's tag of this name, made where there is none. Raises TooManyTags."""
    there = named(team, name)
    if there is None and Tag.objects.filter(team=team, deleted_at=None).count() >= MOST_TAGS:
        raise TooManyTags
    found = {"team": team, "folded_name": fold(name), "deleted_at": None}
    return there or Tag.objects.get_or_create(**found, defaults={"name": name})[0]


def put_on(tag: Tag, videos: Sequence[UUID]) -> list[UUID]:
    """Puts a tag on videos of its team; returns those that did not have it."""
    have = set(Tagging.objects.filter(tag=tag, video__in=videos).values_list("video", flat=True))
    new = [video for video in videos if video not in have]
    Tagging.objects.bulk_create((Tagging(tag=tag, video_id=video) for video in new), ignore_conflicts=True)
    return new


def take_off(tag: Tag, videos: Iterable[UUID]) -> list[UUID]:
    """Takes a tag off videos; returns those that had it."""
    taggings = Tagging.objects.filter(tag=tag, video__in=list(videos))
    had = list(taggings.values_list("video", flat=True))
    taggings.delete()
    return had


def rename_tag(tag: Tag, *, name: str) -> None:
    """Raises TagNameTaken."""
    try:
        with transaction.atomic():
            Tag.objects.filter(pk=tag.pk).update(**with_folded(Tag, name=name))
    except IntegrityError as error:
        raise TagNameTaken from error


def merge_tag(tag: Tag, *, into: Tag, user: User) -> None:
    """Puts another tag on all videos of this one, which is hidden until the undo period is over."""
    with transaction.atomic():
        if not Tag.objects.filter(pk=tag.pk, deleted_at=None).update(deleted_at=timezone.now()):
            return
        have = Tagging.objects.filter(tag=into).values("video")
        new = Tagging.objects.filter(tag=tag).exclude(video__in=have).values_list("video", flat=True)
        rows = (Tagging(tag=into, video_id=video, merged_from=tag) for video in new)
        Tagging.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE, ignore_conflicts=True)
        record(user, Action.MERGED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)


def delete_tag(tag: Tag, *, user: User) -> None:
    """Hides a tag, with what it was on, until the undo period is over."""
    with transaction.atomic():
        if Tag.objects.filter(pk=tag.pk, deleted_at=None).update(deleted_at=timezone.now()):
            record(user, Action.DELETED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)


def restore_tag(tag: Tag, *, user: User) -> None:
    """Brings a deleted or merged tag back, on the videos that it was on. Raises TagNameTaken."""
    try:
        with transaction.atomic():
            Tag.objects.filter(pk=tag.pk).update(deleted_at=None)
            _take_off_merged(tag)
            record(user, Action.RESTORED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)
    except IntegrityError as error:
        raise TagNameTaken from error


def _take_off_merged(tag: Tag) -> None:
    """Takes off what a merge of this tag put on, also what it became where its target was merged again."""
    put_on = Tagging.objects.filter(merged_from=tag)
    while put_on.exists():
        videos = list(put_on.values_list("video", flat=True))
        targets = set(put_on.values_list("tag", flat=True))
        put_on.delete()
        put_on = Tagging.objects.filter(merged_from__in=targets, merged_from__deleted_at__isnull=False)
        put_on = put_on.filter(video__in=videos)
