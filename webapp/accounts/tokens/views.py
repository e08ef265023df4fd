"""A person's access tokens, and what admins do with those of their members."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp import access
from webapp.accounts.context_processors import team_of, teams_of
from webapp.accounts.models import AccessToken, TokenScope
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.tokens import queries, services
from webapp.accounts.tokens.forms import NewTokenForm
from webapp.http.responses import done, refused


@require_safe
def token_list(request: SignedInRequest) -> HttpResponse:
    return render(request, "accounts/tokens.html", {"tokens": queries.own_tokens(request.user)})


@reauthentication_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: SignedInRequest) -> HttpResponseBase:
    """Asks what the token is for, and shows its secret, this once."""
    chosen = team_of(request)
    teams = sorted(teams_of(request), key=lambda team: team != chosen)
    form = NewTokenForm(request.POST or None, user=request.user, teams=teams)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/token_new.html", {"form": form}, status=status)
    asked = form.cleaned_data
    try:
        token, secret = services.make_token(
            asked["team"], TokenScope(asked["scope"]), name=asked["name"], days=asked["days"], by=request.user
        )
    except services.MayNotMake:
        return refused(request, _("Revoke access tokens that you no longer need first."), reverse("accounts:tokens"))
    return render(request, "accounts/token_made.html", {"token": token, "secret": secret})


@require_POST
def revoke_own(request: SignedInRequest, token_id: UUID) -> HttpResponseBase:
    token = get_object_or_404(access.own_tokens(request.user), pk=token_id)
    return _revoke(request, token, reverse("accounts:tokens"))


@require_POST
def revoke_of_member(request: SignedInRequest, token_id: UUID) -> HttpResponseBase:
    token = get_object_or_404(access.manageable_tokens(request.user).select_related("user"), pk=token_id)
    return _revoke(request, token, reverse("accounts:team"))


def _revoke(request: SignedInRequest, token: AccessToken, here: str) -> HttpResponseBase:
    if not services.revoke(token, by=request.user):
        return refused(request, _("This access token has already been revoked."), here)
    return done(request, _("Revoked. Programs that use “%(name)s” no longer work.") % {"name": token.name}, here)
