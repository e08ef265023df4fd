"""Reads invitations: by their link, and those of a team that still work."""

from enum import Enum, auto

from django.db.models import QuerySet
from django.utils import timezone

from webapp import access
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import Invitation, Role, Team, User
from webapp.digests import sha256_of
from webapp.team_scope import across_teams


class InvitationState(Enum):
    """Whether a link lets somebody in, and if not, why."""

    OPEN = auto()
    USED = auto()
    EXPIRED = auto()
    REVOKED = auto()
    UNFOUNDED = auto()
    """Whoever made it may no longer give this role."""


@across_teams()
def by_token(token: str) -> Invitation | None:
    return Invitation.objects.select_related("team", "created_by").filter(token_hash=sha256_of(token)).first()


def state_of(invitation: Invitation) -> InvitationState:
    if invitation.used_at:
        return InvitationState.USED
    if invitation.revoked_at:
        return InvitationState.REVOKED
    if invitation.expires_at <= timezone.now():
        return InvitationState.EXPIRED
    inviter = invitation.created_by
    may = inviter is not None and inviter.is_active and _may_give(inviter, invitation)
    return InvitationState.OPEN if may else InvitationState.UNFOUNDED


def is_for(invitation: Invitation, user: User) -> bool:
    """Returns whether this account may use it, however its address was typed."""
    return not invitation.is_for_email_only or canonical_email(user.email) == canonical_email(invitation.email)


def standing(team: Team, viewer: User) -> QuerySet[Invitation]:
    """Returns the links of the team that are neither used, revoked nor expired, of those that this person manages."""
    waiting = access.manageable_invitations(viewer).filter(team=team, used_at=None, revoked_at=None)
    return waiting.filter(expires_at__gt=timezone.now()).select_related("created_by").order_by("-created_at")


@across_teams()
def _may_give(inviter: User, invitation: Invitation) -> bool:
    return Role(invitation.role) in access.grantable_roles(inviter, invitation.team)
