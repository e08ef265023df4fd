"""Changes who is in a team and with which role; a team always keeps an owner who can sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webapp import access
from webapp.accounts import signals
from webapp.accounts.models import AccessToken, Invitation, Membership, Role, Team, User
from webapp.team_scope import within_teams


class LastOwner(Exception):
    """The team would be without an owner."""


class MemberChanged(Exception):
    """The member is not what the page showed, or the person who acts may no longer do this."""


@contextmanager
def one_act_at_a_time(team_id: UUID) -> Iterator[None]:
    """Makes acts on members of a team wait for each other: what is read inside holds until the end."""
    with transaction.atomic():
        Team.objects.filter(pk=team_id).update(member_acts=F("member_acts") + 1)
        yield


def change_role(member: Membership, role: Role, *, by: User) -> None:
    """Gives a member, who is still as `member` says, another role. Raises LastOwner, MemberChanged."""
    with one_act_at_a_time(member.team_id):
        if role not in access.grantable_roles(by, member.team):
            raise MemberChanged
        if role != Role.OWNER:
            _keep_an_owner(member)
        standing = access.manageable_memberships(by).filter(pk=member.pk, role=member.role)
        if not Membership.objects.filter(pk__in=standing.values("pk")).update(role=role):
            raise MemberChanged
        _tell("changed_role", member, by, before={"role": member.role}, after={"role": role.value})


def remove(member: Membership, *, by: User) -> None:
    """Takes a member, who is still as `member` says, out of the team. Raises LastOwner, MemberChanged."""
    with within_teams([member.team_id]), one_act_at_a_time(member.team_id):
        _keep_an_owner(member)
        if not access.manageable_memberships(by).filter(pk=member.pk, role=member.role).exists():
            raise MemberChanged
        _take_out(member)
        _tell("removed_member", member, by, before={"role": member.role})


def leave(team: Team, *, user: User) -> None:
    """Takes the person out of the team. Raises LastOwner, MemberChanged."""
    with within_teams([team.pk]), one_act_at_a_time(team.pk):
        member = Membership.objects.filter(team=team, user=user).first()
        if member is None:
            raise MemberChanged
        _keep_an_owner(member)
        _take_out(member)
        _tell("left", member, user, before={"role": member.role})


def transfer_ownership(member: Membership, *, by: User) -> None:
    """Makes a member the owner in place of the person who acts, who stays as an admin. Raises MemberChanged."""
    with one_act_at_a_time(member.team_id):
        others = Membership.objects.filter(pk=member.pk, user__is_active=True).exclude(user=by)
        is_owner = access.owned_teams(by).filter(pk=member.team_id).exists()
        if not (is_owner and others.update(role=Role.OWNER)):
            raise MemberChanged
        own = Membership.objects.get(team=member.team_id, user=by)
        Membership.objects.filter(pk=own.pk).update(role=Role.ADMIN)
        _tell("changed_role", member, by, before={"role": member.role}, after={"role": Role.OWNER.value})
        _tell("changed_role", own, by, before={"role": own.role}, after={"role": Role.ADMIN.value})


def _tell(act: str, member: Membership, by: User, *, before: Any = None, after: Any = None) -> None:
    change = {"before": before, "after": after}
    signals.team_act.send(Membership, act=act, team_id=member.team_id, by=by, about=member.user, **change)


def _keep_an_owner(without: Membership) -> None:
    """Raises LastOwner if this is an owner, and nobody else who can sign in is one."""
    owners = Membership.objects.filter(team=without.team_id, role=Role.OWNER)
    others = owners.filter(user__is_active=True).exclude(pk=without.pk)
    if owners.filter(pk=without.pk).exists() and not others.exists():
        raise LastOwner


def dismiss_next_step(team: Team, user: User) -> None:
    """Remembers that this person wants no line any more that says what to do next in the team."""
    Membership.objects.filter(team=team, user=user).update(next_step_dismissed_at=timezone.now())


def _take_out(member: Membership) -> None:
    """Links that the person gave away and their tokens stop to work, also should they come back."""
    made = Invitation.objects.filter(team=member.team_id, created_by=member.user_id, used_at=None, revoked_at=None)
    made.update(revoked_at=timezone.now())
    tokens = AccessToken.objects.filter(team=member.team_id, user=member.user_id, revoked_at=None)
    tokens.update(revoked_at=timezone.now())
    Membership.objects.filter(pk=member.pk).delete()
