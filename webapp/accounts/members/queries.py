"""Reads who is in a team."""

from dataclasses import dataclass

from webapp import access
from webapp.accounts.models import Membership, Role, Team, User

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A member, and what the person who looks may do with them."""

    membership: Membership
    is_self: bool
    can_change: bool
    can_reset_password: bool = False


def members_of(team: Team, viewer: User) -> list[Member]:
    """Returns the members of the team, owners first, as one of them sees them."""
    everybody = access.visible_memberships(viewer).filter(team=team).select_related("user")
    changeable = set(access.manageable_memberships(viewer).filter(team=team).values_list("pk", flat=True))
    accounts = access.manageable_accounts(viewer).filter(is_active=True, memberships__team=team)
    resettable = set(accounts.values_list("pk", flat=True))
    ranks = {role: rank for rank, role in enumerate(Role.values)}
    rows = sorted(
        everybody.order_by("created_at")[:MOST_SHOWN], key=lambda row: (ranks[row.role], str(row.user).casefold())
    )
    return [Member(row, row.user_id == viewer.pk, row.pk in changeable, row.user_id in resettable) for row in rows]


def count_of(team: Team) -> int:
    return Membership.objects.filter(team=team).count()
