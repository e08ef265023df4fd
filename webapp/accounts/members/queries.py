"""Reads who is in a team."""

from dataclasses import dataclass

from django.db.models import QuerySet

from webapp import access
from webapp.accounts.models import Membership, Role, Team, User
from webapp.accounts.second_factor.queries import who_has_one
from webapp.name_folding import fold

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A member, and what the person who looks may do with them."""

    membership: Membership
    is_self: bool
    can_change: bool
    is_manageable: bool = False
    """Whether the person who looks manages the whole account: may reset its password and remove its second factor."""
    has_second_factor: bool = False
    can_reactivate: bool = False


def members_of(team: Team, viewer: User) -> list[Member]:
    """Returns the members of the team, owners first, as one of them sees them."""
    everybody = access.visible_memberships(viewer).filter(team=team).select_related("user")
    changeable = set(access.manageable_memberships(viewer).filter(team=team).values_list("pk", flat=True))
    accounts = access.manageable_accounts(viewer).filter(memberships__team=team)
    is_active = dict(accounts.values_list("pk", "is_active"))
    ranks = {role: rank for rank, role in enumerate(Role.values)}
    rows = sorted(everybody.order_by("created_at")[:MOST_SHOWN], key=lambda row: (ranks[row.role], fold(str(row.user))))
    safe = who_has_one([row.user_id for row in rows])
    return [
        Member(
            row,
            is_self=row.user_id == viewer.pk,
            can_change=row.pk in changeable,
            is_manageable=is_active.get(row.user_id) is True,
            has_second_factor=row.user_id in safe,
            can_reactivate=is_active.get(row.user_id) is False,
        )
        for row in rows
    ]


def of_managed_accounts(viewer: User, *, is_active: bool) -> QuerySet[Membership]:
    """Returns the members whose whole account this person manages: who can sign in, or who is deactivated."""
    accounts = access.manageable_accounts(viewer).filter(is_active=is_active)
    return access.manageable_memberships(viewer).filter(user__in=accounts).select_related("user", "team")


def count_of(team: Team) -> int:
    return Membership.objects.filter(team=team).count()
