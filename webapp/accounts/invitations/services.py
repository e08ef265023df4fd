"""Makes links that let one person into a team, revokes them, and lets people in."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from webapp import access
from webapp.accounts import signals
from webapp.accounts.invitations import queries
from webapp.accounts.members.services import one_act_at_a_time
from webapp.accounts.models import Invitation, Membership, Role, Team, User
from webapp.digests import sha256_of

WORKS_FOR = timedelta(days=7)


class MayNotInvite(Exception):
    """The person may not, or no longer, give this role in the team."""


class InvitationClosed(Exception):
    """The link does not let anybody in any more."""


class AlreadyMember(Exception):
    """The person is in the team already; the link remains for whom it is meant."""


class EmailTaken(Exception):
    """There is an account with this e-mail address."""


def invite(team: Team, role: Role, *, note: str, by: User) -> tuple[Invitation, str]:
    """Makes an invitation; returns it with the link's secret, which is stored nowhere. Raises MayNotInvite."""
    token = secrets.token_urlsafe(32)
    with one_act_at_a_time(team.pk):
        if role not in access.grantable_roles(by, team):
            raise MayNotInvite
        fields = {"token_hash": sha256_of(token), "expires_at": timezone.now() + WORKS_FOR}
        made = Invitation.objects.create(team=team, role=role, note=note, created_by=by, **fields)
        _tell("invited", made, by, made, after={"role": role.value})
        return made, token


@transaction.atomic
def revoke(invitation: Invitation, *, by: User) -> bool:
    """Makes the link useless; returns whether it was of use until now."""
    standing = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not standing.update(revoked_at=timezone.now()):
        return False
    _tell("revoked_invitation", invitation, by, invitation, before={"role": invitation.role})
    return True


def join(invitation: Invitation, user: User) -> None:
    """Lets somebody with an account into the team. Raises InvitationClosed, AlreadyMember."""
    with one_act_at_a_time(invitation.team_id):
        _use(invitation, user)


def join_as_new_person(invitation: Invitation, *, name: str, email: str, password: str) -> User:
    """Makes an account and lets it into the team, both or neither. Raises InvitationClosed, EmailTaken."""
    try:
        with one_act_at_a_time(invitation.team_id):
            user = User.objects.create_user(email, password, name=name)
            _use(invitation, user)
    except IntegrityError as error:
        raise EmailTaken from error
    return user


def _use(invitation: Invitation, user: User) -> None:
    assert transaction.get_connection().in_atomic_block
    if Membership.objects.filter(team=invitation.team_id, user=user).exists():
        raise AlreadyMember
    fresh = Invitation.objects.select_related("team", "created_by").get(pk=invitation.pk)
    if queries.state_of(fresh) != queries.InvitationState.OPEN:
        raise InvitationClosed
    unused = Invitation.objects.filter(pk=fresh.pk, used_at=None, revoked_at=None)
    if not unused.update(used_at=timezone.now(), used_by=user):
        raise InvitationClosed
    Membership.objects.create(team=fresh.team, user=user, role=fresh.role)
    _tell("joined", fresh, user, user, after={"role": fresh.role})


def _tell(act: str, invitation: Invitation, by: User, about: User | Invitation, **change: Any) -> None:
    signals.team_act.send(Invitation, act=act, team_id=invitation.team_id, by=by, about=about, **change)
