"""Which team a person is working in."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from webapp import access
from webapp.accounts.models import Team, User
from webapp.team_scope import across_teams

SESSION_KEY = "team"


def team_of(request: HttpRequest) -> Team | None:
    """Returns the team chosen in this session, else the one chosen last, if the person is in it, else their first one.

    None for strangers. Queried once per request.
    """
    teams = teams_of(request)
    if len(teams) < 2 or not request.user.is_authenticated:
        return teams[0] if teams else None
    chosen = request.session.get(SESSION_KEY) or str(request.user.last_team_id)
    return next((team for team in teams if str(team.pk) == chosen), teams[0])


def teams_of(request: HttpRequest) -> list[Team]:
    """Returns all teams of the person, the one that they joined first in front."""
    if not hasattr(request, "_teams"):
        request._teams = _find(request)  # type: ignore[attr-defined]
    return request._teams  # type: ignore[attr-defined]


def managed_team(request: HttpRequest) -> Team:
    """Returns the team that the person works in, if they manage it. Raises Http404."""
    return _team_in(request, access.manageable_teams(request.user))


def team_to_edit(request: HttpRequest) -> Team:
    """Returns the team that the person works in, if they may upload and name there. Raises Http404."""
    return _team_in(request, access.editable_teams(request.user))


def choose_team(request: HttpRequest, team: Team) -> None:
    """Makes it the team that lists show from now on in this session, and that later sessions begin in."""
    assert request.user.is_authenticated
    request.session[SESSION_KEY] = str(team.pk)
    User.objects.filter(pk=request.user.pk).update(last_team=team)


def current_team(request: HttpRequest) -> dict[str, object]:
    """Returns template context."""
    return {"team": team_of(request), "my_teams": teams_of(request)}


def _team_in(request: HttpRequest, allowed: QuerySet[Team]) -> Team:
    team = team_of(request)
    return get_object_or_404(allowed, pk=team.pk if team else None)


@across_teams()
def _find(request: HttpRequest) -> list[Team]:
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return []
    return list(access.joined_teams(request.user).order_by("memberships__created_at", "pk"))
