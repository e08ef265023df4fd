"""What django-allauth asks this product when somebody signs in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import clean_client_ip
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from webapp.accounts import throttle_services, words
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.models import User
from webapp.accounts.reauthentication.queries import proved_recently
from webapp.accounts.second_factor.queries import note_first_step
from webapp.http.client_info import client_address

NO_ADDRESS = "0.0.0.0"
"""Stored where none is known, as behind a Unix socket."""


class AccountAdapter(DefaultAccountAdapter):
    """Counts attempts before passwords are looked at, says our words, and decides when a proof is recent."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail or password is wrong. Check both and try again."),
        "too_many_login_attempts": words.TOO_MANY_ATTEMPTS,
        "rate_limited": words.TOO_MANY_ATTEMPTS,
        "busy": words.BUSY,
        "account_inactive": words.DEACTIVATED,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an invitation, or by the link of the first owner."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            throttle_services.count_attempt(credentials["email"], client_address(request))
        except throttle_services.TooManyAttempts as error:
            raise self.validation_error("too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        try:
            self._refuse_deactivated(request, credentials)
            user: User | None = super().authenticate(request, **credentials)
        except TooBusyToHash as error:
            raise self.validation_error("busy") from error
        if user is not None:
            throttle_services.note_success(credentials["email"], client_address(request))
        return user

    def _refuse_deactivated(self, request: HttpRequest, credentials: dict[str, Any]) -> None:
        """Says so to who knows the password; to all others it is one that is wrong, after as long as any other."""
        account = User.objects.filter(email=credentials["email"], is_active=False, deleted_at=None).first()
        if account is None:
            return
        is_right = account.check_password(credentials["password"])
        user_login_failed.send(__name__, credentials={"email": account.email}, request=request)
        raise self.validation_error("account_inactive" if is_right else "email_password_mismatch")

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase | None:
        """Gives the session a new key already before the second step: it then holds that the password was right."""
        request.session.cycle_key()
        note_first_step(request, user)
        response: HttpResponseBase | None = super().pre_login(request, user, **kwargs)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponseBase:
        messages.warning(request, words.DEACTIVATED)
        return HttpResponseRedirect(reverse("accounts:login"))

    def is_safe_url(self, url: str) -> bool:
        """Returns whether an address is on the site that is being looked at: no other host is ours for sure."""
        request = self.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(clean_client_ip(client_address(request)) or NO_ADDRESS)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not proved_recently(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Returns the one page that asks for whatever this person can prove themselves with."""
        return [{"id": "reauthenticate", "description": "", "url": reverse("accounts:reauthenticate")}]
