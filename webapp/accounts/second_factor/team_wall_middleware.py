"""Tells members without a second factor why a team that requires one shows them nothing.

`webapp.access` keeps them out, whatever they ask for; this only turns empty pages into words and a way on.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from webapp.accounts.context_processors import team_of, teams_of
from webapp.accounts.second_factor.queries import has_second_factor

OWN_ACCOUNT = "profile/"
"""Addresses of one's own account, where a second factor is set up: none of them is the team's."""
ALSO_OPEN = ("accounts:switch_team", "accounts:new_team", "accounts:leave", "accounts:join", "accounts:logout")


class TeamWall(MiddlewareMixin):
    """Answers for pages of such a team; pictures and scripts get what `webapp.access` gives, which is nothing."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        is_page = "text/html" in request.headers.get("Accept", "")
        if not (is_page and request.user.is_authenticated and getattr(view, "login_required", True)):
            return None
        match = request.resolver_match
        assert match is not None
        if match.view_name in ALSO_OPEN or match.route.startswith(OWN_ACCOUNT):
            return None
        team = team_of(request)
        if team is None or not team.requires_second_factor or has_second_factor(request.user):
            return None
        others = [each for each in teams_of(request) if each != team]
        return render(request, "accounts/second_factor_wall.html", {"walled": team, "others": others}, status=403)
