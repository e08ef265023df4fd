"""Finds or makes the account of somebody whom an OpenID Connect provider knows, and signs them in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.invitations import queries as invitation_queries
from webapp.accounts.invitations import services as invitation_services
from webapp.accounts.models import LONGEST_NAME, User
from webapp.accounts.name_rules import readable_name


class NotVerified(Exception):
    """The provider does not vouch for an e-mail address."""


class NoAccount(Exception):
    """Nobody has this e-mail address, and no open invitation was followed."""


@dataclass(frozen=True, slots=True)
class OidcIdentity:
    """Who somebody is to the provider."""

    subject: str
    email: str
    name: str


def identity_of(sociallogin: Any) -> OidcIdentity:
    """Returns whom the provider vouches for. Raises NotVerified."""
    claims: dict[str, Any] = sociallogin.account.extra_data
    of_token, of_userinfo = claims.get("id_token", {}), claims.get("userinfo", {})
    data = of_userinfo or of_token
    # OpenID Connect Core 5.3.2: userinfo of another subject must not be used.
    is_one = not (of_token and of_userinfo) or of_token.get("sub") == of_userinfo.get("sub")
    email = canonical_email(str(data.get("email") or ""))
    if not (is_one and email and data.get("email_verified") is True):
        raise NotVerified
    return OidcIdentity(sociallogin.account.uid, email, readable_name(str(data.get("name") or ""))[:LONGEST_NAME])


def sign_in(request: HttpRequest, identity: OidcIdentity, next_url: str) -> HttpResponseBase:
    """Signs in the account with this e-mail address, or makes one by the invitation that `next_url` leads to.

    A second factor is asked for as after a password. Raises NoAccount.
    """
    user = User.objects.filter(email=identity.email).first()
    if user is None:
        user, next_url = _join(identity, next_url), reverse(settings.LOGIN_REDIRECT_URL)
    if user is None:
        user_login_failed.send(__name__, credentials={"email": identity.email}, request=request)
        raise NoAccount
    record_authentication(request, user, "socialaccount", provider="openid_connect", uid=identity.subject)
    response: HttpResponseBase = perform_login(
        request, Login(user=user, email=user.email, redirect_url=next_url or None)
    )
    return response


def _join(identity: OidcIdentity, next_url: str) -> User | None:
    try:
        match = resolve(urlsplit(next_url).path)
    except Resolver404:
        return None
    invitation = invitation_queries.by_token(match.kwargs.get("token", ""))
    if match.view_name != "accounts:join" or invitation is None:
        return None
    name = identity.name or identity.email.partition("@")[0]
    try:
        return invitation_services.join_as_new_person(invitation, name=name, email=identity.email, password=None)
    except (
        invitation_services.InvitationClosed,
        invitation_services.WrongAccount,
        invitation_services.EmailTaken,
    ):
        return None
