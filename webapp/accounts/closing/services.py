"""Deactivates accounts, brings them back, and deletes them.

A deleted account's row stays, emptied: histories of teams go on to tell one person from another, and nothing that a
team owns goes with it. Only rows that a CASCADE ties to the account go, which are the person's own.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils import timezone

from webapp import access, storage
from webapp.accounts import signals
from webapp.accounts.closing import queries
from webapp.accounts.members.services import one_act_at_a_time
from webapp.accounts.models import EmailChange, Invitation, PasswordLink, User
from webapp.accounts.profile.picture_services import prefix_of
from webapp.accounts.profile.services import sign_out_everywhere
from webapp.team_scope import across_teams

FREED_DOMAIN = "deleted.invalid"
"""Reserved: no mail ever goes there (RFC 2606)."""


class OwnsTeams(Exception):
    """Teams would be without an owner who can sign in."""


class AlreadyEnded(Exception):
    """The account was deactivated or deleted a moment ago."""


class MayNotReactivate(Exception):
    """The account is not one that the person manages altogether, or it is not deactivated."""


def deactivate(user: User) -> None:
    """Ends all sessions and uploads; memberships stay. Raises OwnsTeams, AlreadyEnded."""
    with _ending(user):
        signals.account_act.send(User, act="account_deactivated", user=user)
        PasswordLink.objects.filter(user=user).delete()
        EmailChange.objects.filter(user=user).delete()
        sign_out_everywhere(user)


def reactivate(user: User, *, by: User) -> None:
    """Raises MayNotReactivate."""
    if not access.manageable_accounts(by).filter(pk=user.pk).exists() or not _reactivate(user, by):
        raise MayNotReactivate


def reactivate_by_command(user: User, *, command: str) -> None:
    """Raises MayNotReactivate."""
    if not _reactivate(user, command):
        raise MayNotReactivate


def delete(user: User) -> None:
    """Empties the account, and deletes what is the person's own. Raises OwnsTeams, AlreadyEnded."""
    with _ending(user):
        _empty(user)
        # From here on it has no name, also in the entries that this writes.
        signals.account_act.send(User, act="account_deleted", user=user)
        made = Invitation.objects.filter(created_by=user, used_at=None, revoked_at=None)
        made.update(revoked_at=timezone.now())
        Invitation.objects.filter(used_by=user).update(note="", email="", is_for_email_only=False)
        for relation in own_relations():
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()
    storage.delete_prefix(prefix_of(user))


def own_relations() -> list[Any]:
    """Returns the relations to accounts whose rows are a person's own: those that a CASCADE would delete."""
    return [each for each in relations() if each.on_delete is models.CASCADE]


def relations() -> list[Any]:
    """Returns all foreign keys to accounts, as seen from the account."""
    fields = User._meta.get_fields(include_hidden=True)
    return [each for each in fields if isinstance(each, models.ManyToOneRel) and each.model is User]


@contextmanager
def _ending(user: User) -> Iterator[None]:
    """Ends the account once, as one transaction, however often that is asked at the same moment.

    Holds all teams of the person still meanwhile, so that the other owner of one cannot leave.
    """
    with across_teams(), transaction.atomic(), ExitStack() as stack:
        for team_id in access.joined_teams(user).order_by("pk").values_list("pk", flat=True):
            stack.enter_context(one_act_at_a_time(team_id))
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            raise AlreadyEnded
        if queries.owned_alone(user):
            raise OwnsTeams
        signals.account_ends.send(User, user=user)
        yield


def _reactivate(user: User, by: User | str) -> bool:
    if not User.objects.filter(pk=user.pk, is_active=False, deleted_at=None).update(is_active=True):
        return False
    signals.account_act.send(User, act="account_reactivated", user=user, by=by)
    return True


def _empty(user: User) -> None:
    user.email, user.name, user.password = f"{user.pk}@{FREED_DOMAIN}", "", make_password(None)
    user.picture_key = user.language = user.theme = ""
    user.last_team, user.last_login, user.is_active = None, None, False
    user.sign_outs += 1
    user.deleted_at = timezone.now()
    user.save()
