"""The page of a team, the choice of the team that one works in, and new teams."""

from urllib.parse import urlsplit

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp import access
from webapp.accounts.context_processors import choose_team, team_of
from webapp.accounts.invitations import queries as invitation_queries
from webapp.accounts.invitations.forms import InvitationForm
from webapp.accounts.mail import services as mail_services
from webapp.accounts.members import queries as member_queries
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.second_factor.queries import has_second_factor
from webapp.accounts.teams import services
from webapp.accounts.teams.forms import NewTeamForm, TeamSettingsForm
from webapp.accounts.tokens import queries as token_queries
from webapp.http.ids import uuid_or_none
from webapp.http.responses import SeeOther, done, refused

LISTS = ("videos:library", "people:list", "datasets:list", "training:list", "accounts:team")
"""Pages that exist for every team: whoever chooses another team on one of them stays there."""


@require_safe
def team_page(request: SignedInRequest) -> HttpResponse:
    return _page(request, None)


@require_POST
def change_settings(request: SignedInRequest) -> HttpResponseBase:
    team = get_object_or_404(access.manageable_teams(request.user), pk=_pk(request))
    form = TeamSettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    services.change_settings(team, **form.cleaned_data, by=request.user)
    return done(request, _("Saved."), reverse("accounts:team"))


@require_POST
@reauthentication_required
def require_second_factor(request: SignedInRequest) -> HttpResponseBase:
    """Requires a second factor of all members, or no longer."""
    team, here = get_object_or_404(access.owned_teams(request.user), pk=_pk(request)), reverse("accounts:team")
    is_required = request.POST.get("required") == "yes"
    try:
        services.require_second_factor(team, is_required, by=request.user)
    except services.NoSecondFactor:
        return refused(request, _("Set up a second factor for your own account first."), reverse("accounts:profile"))
    if is_required:
        return done(request, _("Members without a second factor are now asked to set one up."), here)
    return done(request, _("Members no longer need a second factor."), here)


@require_POST
def switch_team(request: SignedInRequest) -> HttpResponseBase:
    """Chooses the team that all lists show."""
    wished = uuid_or_none(request.POST.get("team", ""))
    team = get_object_or_404(access.joined_teams(request.user), pk=wished)
    choose_team(request, team)
    return SeeOther(_same_list(request.POST.get("next", "")))


@require_http_methods(["GET", "HEAD", "POST"])
def new_team(request: SignedInRequest) -> HttpResponseBase:
    form = NewTeamForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/new_team.html", {"form": form}, status=422 if form.is_bound else 200)
    team = services.create_team(form.cleaned_data["name"], owner=request.user)
    choose_team(request, team)
    return done(request, _("You are now working in “%(team)s”.") % {"team": team.name}, reverse("accounts:team"))


def _page(request: SignedInRequest, form: TeamSettingsForm | None) -> HttpResponse:
    team = team_of(request)
    if team is None:
        return render(request, "accounts/no_team.html")
    roles = access.grantable_roles(request.user, team)
    context = {
        "members": member_queries.members_of(team, request.user),
        "member_count": member_queries.count_of(team),
        "roles": [(role.value, role.label) for role in roles],
        "is_owner": access.owned_teams(request.user).filter(pk=team.pk).exists(),
        "can_manage": bool(roles),
        "has_second_factor": has_second_factor(request.user),
        "invitations": invitation_queries.standing(team, request.user),
        "has_mail": mail_services.is_configured(),
        "tokens": token_queries.of_members(team, request.user),
        "invitation_form": InvitationForm(roles=roles),
        "settings_form": form or TeamSettingsForm(initial=model_to_dict(team, fields=TeamSettingsForm.base_fields)),
    }
    return render(request, "accounts/team.html", context, status=422 if form else 200)


def _pk(request: HttpRequest) -> object:
    """Returns the key of the team whose page the form was on, which may no longer be the chosen one."""
    return uuid_or_none(request.POST.get("team", ""))


def _same_list(path: str) -> str:
    try:
        name = resolve(urlsplit(path).path).view_name
    except (Resolver404, ValueError):
        name = ""
    return reverse(name if name in LISTS else "videos:library")
