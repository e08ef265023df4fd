"""The page that asks people to prove who they are before they change what protects their account."""

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
from webapp.http.responses import SeeOther, own_path


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reauthenticate(request: SignedInRequest) -> HttpResponseBase:
    form = PasswordProofForm(request.POST or None)
    if form.is_valid() and _is_proved(request, form):
        return SeeOther(_next(request))
    return _page(request, form)


def _is_proved(request: SignedInRequest, form: PasswordProofForm) -> bool:
    try:
        if services.prove_by_password(request, request.user, form.cleaned_data["password"]):
            return True
        form.add_error("password", _("This password is wrong."))
    except throttle_services.TooManyAttempts:
        form.add_error(None, words.TOO_MANY_ATTEMPTS)
    except TooBusyToHash:
        form.add_error(None, words.BUSY)
    return False


def _page(request: SignedInRequest, form: PasswordProofForm) -> HttpResponse:
    context = {"form": form, "next": _next(request)}
    return render(request, "accounts/reauthenticate.html", context, status=422 if form.is_bound else 200)


def _next(request: SignedInRequest) -> str:
    wished = request.POST.get("next", request.GET.get("next", ""))
    return own_path(request, wished, reverse("accounts:profile"))
