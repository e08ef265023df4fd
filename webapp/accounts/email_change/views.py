"""Changing one's e-mail address, and the page that the link to the new one leads to."""

from functools import partial

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from webapp.accounts import throttle_services, words
from webapp.accounts.email_change import services
from webapp.accounts.email_change.forms import NewEmailForm
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.mail import services as mail_services
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.http.client_info import client_address
from webapp.http.responses import done

GONE, UNPROCESSABLE = 410, 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def change_email(request: SignedInRequest) -> HttpResponseBase:
    form = NewEmailForm(request.POST or None)
    if form.is_valid():
        try:
            return _change(request, form.cleaned_data["email"])
        except services.EmailInUse:
            form.add_error("email", words.EMAIL_IN_USE)
        except throttle_services.TooManyAttempts:
            form.add_error(None, words.TOO_MANY_ATTEMPTS)
    return _page(request, form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: SignedInRequest, token: str) -> HttpResponseBase:
    """Asks once more: programs that look through mail open links, and press no buttons."""
    change, old_email = services.open_changes(token, request.user).first(), request.user.email
    if change is None:
        return _closed(request)
    if request.method != "POST":
        return render(request, "accounts/confirm_email.html", {"change": change})
    try:
        services.confirm(token, request.user)
    except (services.EmailChangeClosed, services.EmailInUse):
        return _closed(request)
    if mail_services.is_configured():
        told = partial(services.tell_old_address, request.user.pk, old_email=old_email, language=get_language())
        mail_services.send_later(told)
    told_words = _("From now on you sign in with %(email)s.") % {"email": change.email}
    return done(request, told_words, reverse("accounts:profile"))


def _change(request: SignedInRequest, email: str) -> HttpResponseBase:
    """Changes the address, or sends a link to it. Raises EmailInUse, TooManyAttempts."""
    here = reverse("accounts:profile")
    if not mail_services.is_configured():
        throttle_services.count_attempt(request.user.email, client_address(request))
        services.change_now(request.user, email)
        return done(request, _("From now on you sign in with %(email)s.") % {"email": canonical_email(email)}, here)
    throttle_services.count_mail(canonical_email(email), user=request.user)
    change = services.ask_to_confirm(request.user, email)
    origin = mail_services.origin_of(request)
    if not mail_services.send_later(partial(services.mail_link, change.pk, origin=origin, language=get_language())):
        form = NewEmailForm(request.POST)
        form.add_error(None, words.MAIL_BUSY)
        return _page(request, form)
    return done(request, _("Open the link that we sent to %(email)s to confirm it.") % {"email": change.email}, here)


def _page(request: SignedInRequest, form: NewEmailForm) -> HttpResponse:
    context = {"form": form, "has_mail": mail_services.is_configured()}
    return render(request, "accounts/change_email.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _closed(request: SignedInRequest) -> HttpResponse:
    return render(request, "accounts/confirm_email_closed.html", status=GONE)
