"""Makes links that let one person into a team, revokes them, and lets people in."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from webapp import access
from webapp.accounts import signals
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.invitations import queries
from webapp.accounts.mail import services as mail_services
from webapp.accounts.mail.words import invitation_letter
from webapp.accounts.members.services import one_act_at_a_time
from webapp.accounts.models import Invitation, MailState, Membership, Role, Team, User
from webapp.digests import sha256_of
from webapp.team_scope import across_teams

WORKS_FOR = timedelta(days=7)


class MayNotInvite(Exception):
    """The person may not, or no longer, give this role in the team."""


class InvitationClosed(Exception):
    """The link does not let anybody in any more."""


class AlreadyMember(Exception):
    """The person is in the team already; the link remains for whom it is meant."""


class WrongAccount(Exception):
    """The invitation is for another e-mail address."""


class EmailTaken(Exception):
    """There is an account with this e-mail address."""


@dataclass(frozen=True, slots=True)
class Invitee:
    """Whom an invitation is for: words for the team, and an address to which it may be bound and mailed."""

    note: str = ""
    email: str = ""
    is_for_email_only: bool = False


ANYBODY = Invitee()


def invite(
    team: Team, role: Role, *, by: User, invitee: Invitee = ANYBODY, is_mailed: bool = False
) -> tuple[Invitation, str]:
    """Makes an invitation; returns it with the link's secret, which is stored nowhere. Raises MayNotInvite.

    One that is mailed waits for `mail`, which replaces the secret by another one that nobody else has seen.
    """
    token = secrets.token_urlsafe(32)
    email = canonical_email(invitee.email)
    with one_act_at_a_time(team.pk):
        if role not in access.grantable_roles(by, team):
            raise MayNotInvite
        made = Invitation.objects.create(
            team=team,
            role=role,
            note=invitee.note,
            email=email,
            is_for_email_only=bool(email) and invitee.is_for_email_only,
            mail_state=MailState.WAITING if is_mailed else MailState.NONE,
            created_by=by,
            token_hash=sha256_of(token),
            expires_at=timezone.now() + WORKS_FOR,
        )
        _tell("invited", made, by, made, after={"role": role.value} | ({"email": email} if email else {}))
        return made, token


def ask_to_mail_again(invitation: Invitation) -> bool:
    """Has an invitation wait for `mail` once more; returns whether it still stands."""
    waiting = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).exclude(email="")
    return bool(waiting.update(mail_state=MailState.WAITING))


def note_not_mailed(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(mail_state=MailState.FAILED)


@across_teams()
def mail(invitation_id: UUID, *, origin: str, language: str) -> None:
    """Sends an invitation that waits for it; the link that was there before stops working. Takes as long as mail."""
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.filter(pk=invitation_id, used_at=None, revoked_at=None)
    if not row.filter(mail_state=MailState.WAITING).update(token_hash=sha256_of(token)):
        return
    invitation = row.select_related("team", "created_by").first()
    if invitation is None or queries.state_of(invitation) != queries.InvitationState.OPEN:
        return
    with translation.override(language):
        link = origin + reverse("accounts:join", args=[token])
        is_sent = mail_services.send_now(invitation.email, invitation_letter(invitation, link))
    row.update(mail_state=MailState.SENT if is_sent else MailState.FAILED)


@transaction.atomic
def revoke(invitation: Invitation, *, by: User) -> bool:
    """Makes the link useless; returns whether it was of use until now."""
    standing = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not standing.update(revoked_at=timezone.now()):
        return False
    _tell("revoked_invitation", invitation, by, invitation, before={"role": invitation.role})
    return True


@across_teams()
def join(invitation: Invitation, user: User) -> None:
    """Lets somebody with an account into the team. Raises InvitationClosed, AlreadyMember, WrongAccount."""
    with one_act_at_a_time(invitation.team_id):
        _use(invitation, user)


@across_teams()
def join_as_new_person(invitation: Invitation, *, name: str, email: str, password: str | None) -> User:
    """Makes an account and lets it into the team, both or neither.

    Raises InvitationClosed, EmailTaken, WrongAccount, TooBusyToHash.
    """
    encoded = make_password(password)  # takes its time: not while the database is locked
    try:
        with one_act_at_a_time(invitation.team_id):
            user = User.objects.create_with_hash(email, encoded, name=name)
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
    if not queries.is_for(fresh, user):
        raise WrongAccount
    unused = Invitation.objects.filter(pk=fresh.pk, used_at=None, revoked_at=None)
    if not unused.update(used_at=timezone.now(), used_by=user):
        raise InvitationClosed
    Membership.objects.create(team=fresh.team, user=user, role=fresh.role)
    _tell("joined", fresh, user, user, after={"role": fresh.role})


def _tell(act: str, invitation: Invitation, by: User, about: User | Invitation, **change: Any) -> None:
    signals.team_act.send(Invitation, act=act, team_id=invitation.team_id, by=by, about=about, **change)
