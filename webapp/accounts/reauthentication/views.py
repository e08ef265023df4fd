"""The page that asks people to prove who they are before they change what protects their account."""

from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from webapp.accounts import throttle_services, words
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.reauthentication import services
from webapp.accounts.reauthentication.forms import PasswordProofForm
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.second_factor.forms import CodeProofForm, PasskeyProofForm, note_failure
from webapp.accounts.second_factor.queries import has_app, has_passkey, has_second_factor
from webapp.http.responses import SeeOther, own_path


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reauthenticate(request: SignedInRequest) -> HttpResponseBase:
    """Asks for the password, or for the second factor of who has one."""
    if not has_second_factor(request.user):
        form = PasswordProofForm(request.POST or None)
        is_proved = form.is_valid() and _is_right(request, form)
    else:
        form_class = PasskeyProofForm if "credential" in request.POST else CodeProofForm
        form = form_class(request.POST or None, user=request.user)
        is_proved = form.is_valid()
        if is_proved:
            form.save()
    return SeeOther(_next(request)) if is_proved else _page(request, form)


def _is_right(request: SignedInRequest, form: PasswordProofForm) -> bool:
    try:
        if services.prove_by_password(request, request.user, form.cleaned_data["password"]):
            return True
        note_failure(request.user)
        form.add_error("password", _("This password is wrong."))
    except throttle_services.TooManyAttempts:
        form.add_error(None, words.TOO_MANY_ATTEMPTS)
    except TooBusyToHash:
        form.add_error(None, words.BUSY)
    return False


def _page(request: SignedInRequest, form: Form) -> HttpResponse:
    context = {"form": form, "next": _next(request), "is_by_code": not isinstance(form, PasswordProofForm)}
    if context["is_by_code"]:
        if isinstance(form, PasskeyProofForm):
            context |= {"form": CodeProofForm(user=request.user), "problem": form.errors["credential"][0]}
        context["has_app"] = has_app(request.user)
        if has_passkey(request.user):
            context["options"] = begin_authentication(request.user)
    return render(request, "accounts/reauthenticate.html", context, status=422 if form.is_bound else 200)


def _next(request: SignedInRequest) -> str:
    wished = request.POST.get("next", request.GET.get("next", ""))
    return own_path(request, wished, reverse("accounts:profile"))
