"""Signing in and out, and the one-time page that creates the owner."""

from typing import Any

from allauth.account.views import LoginView
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as keep_language

from webapp.accounts import services
from webapp.accounts.forms import FirstOwnerForm, SignInForm
from webapp.accounts.oidc.context import oidc_name


class SignInView(LoginView):
    """Asks for e-mail address and password, and offers whatever else opens the door."""

    form_class = SignInForm
    template_name = "accounts/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"oidc_name": oidc_name()}


sign_in = SignInView.as_view()
sign_out = login_not_required(views.LogoutView.as_view())
set_language = login_not_required(require_POST(keep_language))
"""By a cookie, for who has no account yet or has chosen no language in it."""


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def first_owner(request: HttpRequest, token: str) -> HttpResponse:
    if not services.is_first_owner_link_open(token):
        return _link_used(request)
    form = FirstOwnerForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/first_owner.html", {"form": form}, status=422 if form.is_bound else 200)
    try:
        owner = services.create_first_owner(**form.cleaned_data)
    except services.LinkUsed:
        return _link_used(request)
    login(request, owner)
    return redirect("videos:library")


def _link_used(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/link_used.html", status=410)
