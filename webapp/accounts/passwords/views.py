"""A forgotten password: asking for a link, making one for somebody else, and the page that it leads to."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from webapp.accounts import throttle_services, words
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.mail import services as mail_services
from webapp.accounts.members.queries import of_managed_accounts
from webapp.accounts.passwords import queries, services
from webapp.accounts.passwords.forms import ForgottenPasswordForm, NewPasswordForm
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.http.client_info import client_address
from webapp.http.responses import SeeOther, refused
from webapp.http.toasts import toast

GONE, TOO_MANY, UNPROCESSABLE = 410, 429, 422


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Says the same to whoever has an account and whoever has none, and takes as long for both."""
    if not mail_services.is_configured():
        return render(request, "accounts/forgotten_without_mail.html")
    form = ForgottenPasswordForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, form, UNPROCESSABLE if form.is_bound else 200)
    email = canonical_email(form.cleaned_data["email"])
    try:
        throttle_services.count_mail(email, address=client_address(request))
    except throttle_services.TooManyAttempts:
        form.add_error(None, words.TOO_MANY_ATTEMPTS)
        return _ask(request, form, TOO_MANY)
    origin, language = mail_services.origin_of(request), get_language()
    if not mail_services.send_later(partial(services.mail_link, email, origin=origin, language=language)):
        form.add_error(None, words.MAIL_BUSY)
        return _ask(request, form, UNPROCESSABLE)
    return render(request, "accounts/forgotten_sent.html", {"email": email})


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, token: str) -> HttpResponseBase:
    """Sets the password. Signing in is left to the sign-in page, which may ask for more than a password."""
    link = queries.open_link(token)
    if link is None:
        return _closed(request)
    form = NewPasswordForm(link.user, request.POST or None)
    if not form.is_valid():
        return _choose(request, form, UNPROCESSABLE if form.is_bound else 200)
    try:
        services.use(token, form.cleaned_data["new_password1"])
    except services.PasswordLinkClosed:
        return _closed(request)
    except TooBusyToHash:
        form.add_error(None, words.BUSY)
        return _choose(request, form, UNPROCESSABLE)
    toast(request, _("Your password has been changed. Sign in with the new one."))
    return SeeOther(reverse("accounts:login"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def make_password_link(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    """Shows a new link for a member, this once."""
    member = get_object_or_404(of_managed_accounts(request.user, is_active=True), pk=membership_id)
    if request.method != "POST":
        return render(request, "accounts/password_link.html", {"member": member, "answers_with_page": True})
    try:
        token = services.make_link_for(member.user, by=request.user)
    except services.MayNotMakeLink:
        return refused(request, _("Someone else changed this first. Nothing was changed."), reverse("accounts:team"))
    link = request.build_absolute_uri(services.path_of(token))
    return render(request, "accounts/password_link_made.html", {"member": member, "link": link})


def _ask(request: HttpRequest, form: ForgottenPasswordForm, status: int) -> HttpResponse:
    return render(request, "accounts/forgotten.html", {"form": form}, status=status)


def _choose(request: HttpRequest, form: NewPasswordForm, status: int) -> HttpResponse:
    return render(request, "accounts/new_password.html", {"form": form, "owner": form.user}, status=status)


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/new_password_closed.html", status=GONE)
