"""A person's own account: name, password, signing out everywhere."""

from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts import throttle_services, words
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.models import Theme, User
from webapp.accounts.profile import services
from webapp.accounts.profile.forms import AppearanceForm, OwnNameForm, OwnPasswordForm
from webapp.accounts.reauthentication.queries import proved_recently
from webapp.accounts.reauthentication.responses import ask_for_proof
from webapp.accounts.reauthentication.services import note_proof
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.second_factor.queries import has_second_factor, security_of
from webapp.accounts.sessions.queries import devices_of
from webapp.accounts.signals import account_act
from webapp.accounts.tokens.services import revoke_all
from webapp.http.client_info import client_address
from webapp.http.responses import SeeOther, done, refused
from webapp.http.toasts import toast

UNPROCESSABLE = 422


@never_cache
@require_safe
def profile(request: SignedInRequest) -> HttpResponse:
    return _page(request)


@require_POST
def rename(request: SignedInRequest) -> HttpResponseBase:
    form = OwnNameForm(request.POST)
    if not form.is_valid():
        return _page(request, name_form=form)
    services.rename(request.user, form.cleaned_data["name"])
    return done(request, _("Saved."), reverse("accounts:profile"))


@require_POST
def change_appearance(request: SignedInRequest) -> HttpResponseBase:
    """Sets theme and language; the switch at the foot of pages sends the theme alone."""
    form, here = AppearanceForm(request.POST), reverse("accounts:profile")
    form.is_valid()
    chosen = {
        name: form.cleaned_data[name] for name in form.fields if name in form.cleaned_data and name in request.POST
    }
    if form.errors or not chosen:
        return refused(request, _("Nothing was changed."), here, status=UNPROCESSABLE)
    services.change_appearance(request.user, **chosen)
    return done(request, _("Saved."), here)


@never_cache
@sensitive_post_parameters()
@require_POST
def change_password(request: SignedInRequest) -> HttpResponseBase:
    """Asks for the old password, as often as a sign-in would; other browsers are signed out, this one stays.

    The old password is a proof of its own but for who has a second factor.
    """
    if has_second_factor(request.user) and not proved_recently(request):
        return ask_for_proof(request)
    here, address = reverse("accounts:profile"), client_address(request)
    form = OwnPasswordForm(request.user, request.POST)
    try:
        throttle_services.count_attempt(request.user.email, address)
        if not form.is_valid():
            return _page(request, password_form=form)
        form.save()
    except throttle_services.TooManyAttempts:
        return refused(request, str(words.TOO_MANY_ATTEMPTS), here)
    except TooBusyToHash:
        return refused(request, str(words.BUSY), here)
    throttle_services.note_success(request.user.email, address)
    update_session_auth_hash(request, request.user)
    note_proof(request, request.user)
    account_act.send(User, act="password_changed", user=request.user)
    if form.cleaned_data.get("revokes_tokens"):
        revoke_all(request.user)
        return done(request, _("Password changed. Other devices are signed out and your access tokens revoked."), here)
    return done(request, _("Your password has been changed. Other devices have been signed out."), here)


@require_POST
def sign_out_everywhere(request: SignedInRequest) -> HttpResponseBase:
    services.sign_out_everywhere(request.user)
    logout(request)
    toast(request, _("You have been signed out on all devices."))
    return SeeOther(reverse("accounts:login"))


def _page(
    request: SignedInRequest, name_form: OwnNameForm | None = None, password_form: OwnPasswordForm | None = None
) -> HttpResponse:
    appearance = {"theme": request.user.theme or Theme.AUTO, "language": request.user.language}
    context = {
        "security": security_of(request.user),
        "appearance_form": AppearanceForm(initial=appearance),
        "devices": devices_of(request.user, request.session.session_key),
        "name_form": name_form or OwnNameForm(initial={"name": request.user.name}),
        "password_form": password_form or OwnPasswordForm(request.user),
    }
    status = UNPROCESSABLE if name_form or password_form else 200
    return render(request, "accounts/profile.html", context, status=status)
