"""Which team a person is working in."""

from django.http import HttpRequest

from webapp.accounts.models import Team

SESSION_KEY = "team"


def team_of(request: HttpRequest) -> Team | None:
    """Returns the team chosen in this session if the person is still in it, else their first one; None for strangers.

    Queried once per request.
    """
    if not hasattr(request, "_team"):
        request._team = _find(request)  # type: ignore[attr-defined]
    return request._team  # type: ignore[attr-defined]


def current_team(request: HttpRequest) -> dict[str, Team | None]:
    """Returns template context."""
    return {"team": team_of(request)}


def _find(request: HttpRequest) -> Team | None:
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return None
    teams = list(Team.objects.filter(memberships__user=request.user).order_by("memberships__created_at", "pk"))
    chosen = request.session.get(SESSION_KEY)
    return next((team for team in teams if str(team.pk) == chosen), teams[0] if teams else None)
