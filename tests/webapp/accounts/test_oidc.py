"""Signing in through an OpenID Connect provider: off by default, known accounts and invited people only."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_invitation
from tests.webapp.accounts.factors import app_code, give_app
from tests.webapp.accounts.oidc_provider import CLIENT_ID, SECRET, OidcProvider, running
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts.models import Membership, Role, Team, User
from webapp.audit.models import AuditEntry
from webapp.checks import other_sign_in_is_safe

pytestmark = pytest.mark.django_db
CALLBACK = "/sign-in/with/oidc/"


@pytest.fixture
def provider(settings: Any) -> Iterator[OidcProvider]:
    with running() as provider:
        app: dict[str, Any] = {"provider_id": "oidc", "name": "Newsroom ID", "client_id": CLIENT_ID, "secret": SECRET}
        app["settings"] = {"server_url": provider.issuer}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Newsroom ID"
        yield provider


def come_back(client: Client, provider: OidcProvider, next_url: str = "") -> Response:
    away = client.get(reverse("accounts:to_provider"), {"next": next_url} if next_url else {})
    assert away["Location"].startswith(f"{provider.issuer}/authorization_endpoint?")
    return client.get(CALLBACK, provider.authorize(away["Location"]))


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_without_settings_there_is_none_of_it() -> None:
    client = Client()
    assert "Continue with" not in client.get(reverse("accounts:login")).content.decode()
    assert client.get(reverse("accounts:to_provider")).status_code == 404
    assert client.get(CALLBACK, {"code": "x", "state": "y"}).status_code == 404


def test_an_account_is_known_by_its_verified_address(vera: User, provider: OidcProvider) -> None:
    client = Client()
    html = client.get(reverse("accounts:login")).content.decode()
    assert "Continue with Newsroom ID" in html and faults_of(html) == []
    provider.claims["email"] = "Vera@Example.ORG"
    planted = client.session
    planted.save()
    assert come_back(client, provider, "/team/")["Location"] == "/team/"
    assert client.session["_auth_user_id"] == str(vera.pk)
    assert AuditEntry.objects.filter(action="signed_in", user_id=vera.pk).exists()


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing(
    verified: object, vera: User, provider: OidcProvider
) -> None:
    provider.claims["email_verified"] = verified
    client = Client()
    assert come_back(client, provider)["Location"] == "/sign-in/"
    assert not is_in(client)
    assert "has not confirmed" in client.get(reverse("accounts:login")).content.decode()


@pytest.mark.parametrize(
    "claims", [{"sub": "somebody else"}, {"aud": "another product"}, {"iss": "https://evil.example"}]
)
def test_a_token_of_somebody_else_or_for_another_product_opens_nothing(
    claims: dict[str, str], vera: User, provider: OidcProvider
) -> None:
    provider.token_claims = claims
    client = Client()
    assert come_back(client, provider)["Location"] == "/sign-in/"
    assert not is_in(client)


def test_nobody_gets_an_account_without_an_invitation(provider: OidcProvider, team: Team) -> None:
    provider.claims["email"] = "stranger@example.org"
    client = Client()
    for next_url in ("", "/team/", "/join/no-such-link/"):
        assert come_back(client, provider, next_url)["Location"] == "/sign-in/"
    assert not is_in(client) and not User.objects.exists()


def test_an_open_invitation_lets_in_once(provider: OidcProvider, team: Team) -> None:
    make_invitation(team, "secret")
    provider.claims |= {"email": "new@example.org", "name": "Nadia"}
    client, link = Client(), reverse("accounts:join", args=["secret"])
    assert "Continue with Newsroom ID" in client.get(link).content.decode()
    assert come_back(client, provider, link)["Location"] == reverse("videos:library")
    member = Membership.objects.get(user__email="new@example.org")
    assert (member.team, member.role, member.user.name) == (team, Role.VIEWER, "Nadia")
    assert is_in(client) and not member.user.has_usable_password()
    provider.claims["email"] = "second@example.org"
    assert come_back(Client(), provider, link)["Location"] == "/sign-in/"


def test_names_follow_the_rules_of_those_that_are_typed(provider: OidcProvider, team: Team) -> None:
    for number, name in enumerate(("\u202eevil\n  Nadia ", "\u200b")):
        make_invitation(team, f"secret{number}")
        provider.claims |= {"email": f"new{number}@example.org", "name": name}
        come_back(Client(), provider, reverse("accounts:join", args=[f"secret{number}"]))
    new = User.objects.filter(email__startswith="new").order_by("email")
    assert [user.name for user in new] == ["evil Nadia", "new1"]


def test_a_second_factor_is_asked_for_as_after_a_password(vera: User, provider: OidcProvider) -> None:
    give_app(vera)
    client = Client()
    assert come_back(client, provider)["Location"] == reverse("accounts:second_step")
    assert not is_in(client)
    client.post(reverse("accounts:second_step"), {"code": app_code()})
    assert is_in(client)


def test_a_deactivated_account_stays_out(vera: User, provider: OidcProvider) -> None:
    User.objects.filter(pk=vera.pk).update(is_active=False)
    client = Client()
    assert come_back(client, provider)["Location"] == "/sign-in/"
    assert not is_in(client)


def test_an_answer_that_nobody_asked_for_and_links_of_others_open_nothing(vera: User, provider: OidcProvider) -> None:
    client = Client()
    assert client.get(CALLBACK, {"code": "a code", "state": "made up"})["Location"] == "/sign-in/"
    assert client.get(CALLBACK, {"error": "access_denied"})["Location"] == "/sign-in/"
    foreign = client.get(reverse("accounts:to_provider"), headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 404
    assert not is_in(client)


def test_a_provider_that_is_away_leads_back_with_words(provider: OidcProvider) -> None:
    provider.server.shutdown()
    provider.server.server_close()
    client = Client()
    assert client.get(reverse("accounts:to_provider"))["Location"] == "/sign-in/"
    assert "cannot be reached" in client.get(reverse("accounts:login")).content.decode()


def test_the_provider_is_reached_over_https(settings: Any) -> None:
    for issuer, count in (("", 0), ("https://id.example", 0), ("http://localhost:8080", 0), ("http://id.example", 1)):
        settings.OIDC_ISSUER = issuer
        assert len(other_sign_in_is_safe(None)) == count
