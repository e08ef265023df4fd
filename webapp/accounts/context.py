"""Template context about who is looking."""

from django.http import HttpRequest

from webapp.accounts.models import Team


def current_team(request: HttpRequest) -> dict[str, Team | None]:
    return {"team": None}
