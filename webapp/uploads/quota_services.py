"""Counts uploads against quotas: when they are announced, and for good when their first bytes come."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.uploads import quota_queries, rules
from webapp.uploads.models import PartialUpload, StorageAccount
from webapp.uploads.quota_queries import Room, StorageUse
from webapp.uploads.rules import Refused


def announce(*, team: Team, user: User, name: str, size_bytes: int) -> None:
    """Expects room for an upload; call it in the transaction that creates it. Raises Refused."""
    take_turns(team, user)
    unfinished = quota_queries.unfinished_of(user)
    if unfinished >= settings.UNFINISHED_UPLOADS:
        words = _("You have %(n)d unfinished uploads. Continue or cancel some of them, then try again.")
        raise Refused(words % {"n": unfinished}, HTTPStatus.UNPROCESSABLE_ENTITY)
    _expect_room(team, user, name, size_bytes)


def reserve(upload: PartialUpload) -> None:
    """Counts an upload whose first bytes have come, against the disk and the quotas. Raises Refused."""
    rows = type(upload)._default_manager.filter(pk=upload.pk, reserved_at=None)
    with transaction.atomic():
        take_turns(upload.team, upload.user)
        rules.check_room(upload.name, upload.size_bytes, upload.offset_bytes)
        _expect_room(upload.team, upload.user, upload.name, upload.size_bytes, but=upload)
        now = timezone.now()
        rows.update(reserved_at=now, updated_at=now)
    upload.reserved_at = now


def take(*, team: Team, user: User, name: str, size_bytes: int) -> None:
    """Counts what is stored at once. Raises Refused."""
    with transaction.atomic():
        take_turns(team, user)
        _expect_room(team, user, name, size_bytes)
        note_stored(team, size_bytes)


def note_stored(team: Team, size_bytes: int) -> None:
    """Counts a file that has moved into the store, until the next walk finds it there."""
    _account_of(team=team).update(added_bytes=F("added_bytes") + size_bytes)


def set_quota(whose: Team | User, quota_bytes: int | None) -> None:
    """Sets what a team or person may store: None is the installation's quota, 0 as much as the disk holds."""
    of = {"team": whose} if isinstance(whose, Team) else {"user": whose}
    with transaction.atomic():
        account, _is_new = StorageAccount.objects.get_or_create(**of)
        StorageAccount.objects.filter(pk=account.pk).update(quota_bytes=quota_bytes)
        teams = [whose] if isinstance(whose, Team) else list(whose.teams.all())
        kind = SubjectKind.TEAM if isinstance(whose, Team) else SubjectKind.MEMBER
        changed = {"before": {"quota_bytes": account.quota_bytes}, "after": {"quota_bytes": quota_bytes}}
        for team in teams:
            record(None, Action.CHANGED_SETTING, subject_of(kind, whose), team_id=team.pk, **changed)


def _expect_room(team: Team, user: User, name: str, size_bytes: int, but: PartialUpload | None = None) -> None:
    _expect_within(quota_queries.room_of(team, user, but), name, size_bytes)


def expect_team_room(team: Team, name: str, size_bytes: int | None) -> None:
    """Expects room in the team's quota for a file that the server makes for it, any where its size is not known yet.

    Raises Refused.
    """
    _expect_within(Room(quota_queries.of_team(team), StorageUse(0, None)), name, size_bytes)


def _expect_within(room: Room, name: str, size_bytes: int | None) -> None:
    words = quota_queries.refusal(room, name, size_bytes)
    if words:
        raise Refused(words, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def take_turns(team: Team, user: User) -> None:
    """Has others of the team and of the person wait until this transaction ends, teams first."""
    _account_of(team=team).update(turns=F("turns") + 1)
    _account_of(user=user).update(turns=F("turns") + 1)


def _account_of(**whose: Any) -> QuerySet[StorageAccount]:
    """Returns the row of a team or a person, which is made where there is none."""
    StorageAccount.objects.get_or_create(**whose)
    return StorageAccount.objects.filter(**whose)
