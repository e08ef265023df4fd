"""Reads access tokens: one's own, and those of the members whom somebody manages."""

from django.db.models import QuerySet
from django.utils import timezone

from webapp import access
from webapp.accounts.models import AccessToken, Team, User
from webapp.team_scope import across_teams

MOST_SHOWN = 200


def own_tokens(user: User) -> QuerySet[AccessToken]:
    """Returns the person's tokens that are not revoked, expired ones too, so that they see why a program stopped."""
    tokens = access.own_tokens(user).filter(revoked_at=None)
    return tokens.select_related("team").order_by("-created_at")[:MOST_SHOWN]


def working_tokens(user: User) -> QuerySet[AccessToken]:
    """Returns the person's tokens that a program can use."""
    return access.own_tokens(user).filter(revoked_at=None, expires_at__gt=timezone.now())


@across_teams()
def count_working(user: User) -> int:
    """Returns how many of the person's tokens a new password would revoke, in all their teams."""
    return working_tokens(user).count()


def of_members(team: Team, viewer: User) -> QuerySet[AccessToken]:
    """Returns the tokens for the team that work, of the members whom this person manages."""
    standing = access.manageable_tokens(viewer).filter(team=team, revoked_at=None, expires_at__gt=timezone.now())
    return standing.select_related("user").order_by("-created_at")[:MOST_SHOWN]
