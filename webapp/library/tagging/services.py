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
    """Puts another tag on all videos of this one, which goes."""
    with transaction.atomic():
        have = Tagging.objects.filter(tag=into).values("video")
        Tagging.objects.filter(tag=tag).exclude(video__in=have).update(tag=into)
        record(user, Action.MERGED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)
        tag.delete()


def delete_tag(tag: Tag, *, user: User) -> None:
    """Hides a tag, with what it was on, until the undo period is over."""
    with transaction.atomic():
        if Tag.objects.filter(pk=tag.pk, deleted_at=None).update(deleted_at=timezone.now()):
            record(user, Action.DELETED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)


def restore_tag(tag: Tag, *, user: User) -> None:
    """Brings a deleted tag back, on the videos that it was on. Raises TagNameTaken."""
    try:
        with transaction.atomic():
            Tag.objects.filter(pk=tag.pk).update(deleted_at=None)
            record(user, Action.RESTORED, subject_of(SubjectKind.TAG, tag), team_id=tag.team_id)
    except IntegrityError as error:
        raise TagNameTaken from error
