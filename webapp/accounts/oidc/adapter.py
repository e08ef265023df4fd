"""What django-allauth asks this product when somebody comes from an OpenID Connect provider."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webapp.accounts.oidc import services


class OidcAdapter(DefaultSocialAccountAdapter):
    """Lets in an existing account by its verified e-mail address, or a new one by an open invitation; nobody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> NoReturn:
        """Ends allauth's own flow here: it stores nothing, so that an account stays who its e-mail address says."""
        next_url = sociallogin.get_redirect_url(request) or ""
        try:
            identity = services.identity_of(sociallogin)
            raise ImmediateHttpResponse(services.sign_in(request, identity, next_url))
        except services.NotVerified:
            refuse(request, _("Your provider has not confirmed your e-mail address, so we can’t tell who you are."))
        except services.NoAccount:
            refuse(request, _("There is no account with your e-mail address. Ask for an invitation."))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> NoReturn:
        refuse(request, _("Signing in did not work. Try again."))


def refuse(request: HttpRequest, words: str | Promise) -> NoReturn:
    """Leads back to the page for signing in. Raises ImmediateHttpResponse."""
    messages.warning(request, str(words))
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("accounts:login")))
