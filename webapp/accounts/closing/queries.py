"""Reads what keeps somebody from ending their account."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from webapp import access
from webapp.accounts.models import Membership, Role, Team, User


@dataclass(frozen=True, slots=True)
class OwnedAlone:
    """A team that would be left without an owner who can sign in."""

    team: Team
    has_others: bool
    """Somebody else is in it, who can be made the owner."""


def owned_alone(user: User) -> list[OwnedAlone]:
    """Returns the teams of which this person is the only owner who can sign in, by name.

    Also those that a second factor, which they lack, keeps them out of.
    """
    others = Membership.objects.filter(team=OuterRef("pk"), user__is_active=True).exclude(user=user)
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("team")
    teams = access.joined_teams(user).filter(pk__in=owned).exclude(Exists(others.filter(role=Role.OWNER)))
    rows = teams.annotate(has_others=Exists(others)).order_by("name", "pk")
    return [OwnedAlone(team, team.has_others) for team in rows]
