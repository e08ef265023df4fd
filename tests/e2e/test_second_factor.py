"""An authenticator app and a passkey in a real browser, which has a virtual authenticator with a fingerprint."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Troubles, new_context, open_page, sign_in
from tests.factories import PASSWORD
from tests.product import Product
from tests.webapp.accounts.factors import app_code

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def address(product: Product) -> str:
    """Browsers use passkeys on names, not on numbers."""
    return product.address.replace("127.0.0.1", "localhost")


@pytest.fixture
def person(chromium: Browser, address: str, newsroom: str, troubles: Troubles) -> Iterator[Page]:
    """The owner of this file's team, with a device that can hold passkeys."""
    context = new_context(chromium)
    page = open_page(context, troubles)
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page, address, f"{newsroom}@example.org", PASSWORD)
    yield page
    assert not troubles.all()
    context.close()


def sign_out(page: Page, address: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in/")


def test_an_app_and_a_passkey_from_set_up_to_removal(person: Page, address: str, newsroom: str, tmp_path: Path) -> None:
    person.goto(f"{address}/profile/")
    person.get_by_role("link", name="Set up app").click()
    secret = person.locator("code.secret").inner_text().replace(" ", "")
    person.get_by_label("Code that the app shows").fill(app_code(secret))
    person.get_by_role("button", name="Turn on").click()
    expect(person.locator(".recovery-codes li")).to_have_count(10)
    codes = person.locator(".recovery-codes li").all_inner_texts()
    with person.expect_download() as download:
        person.get_by_role("button", name="Download").click()
    told, _day, *kept = download.value.path().read_text().split("\n")
    assert "Each code signs you in once" in told
    assert [line for line in kept if line] == [code.strip() for code in codes]

    person.goto(f"{address}/profile/passkeys/")
    person.get_by_label("Name").fill("My laptop")
    person.get_by_role("button", name="Add passkey").click()
    expect(person.get_by_label("Name of the passkey")).to_have_value("My laptop")
    person.get_by_label("Name of the passkey").fill("Laptop")
    person.get_by_role("button", name="Rename").click()
    expect(person.locator(".toast-note")).to_contain_text("Saved.")
    person.goto(f"{address}/profile/")
    expect(person.get_by_label("Name of the passkey")).to_have_value("Laptop")

    sign_out(person, address)
    person.get_by_role("button", name="Sign in with a passkey").click()
    person.wait_for_url("**/videos/")

    sign_out(person, address)
    person.fill("[name=username]", f"{newsroom}@example.org")
    person.fill("[name=password]", PASSWORD)
    person.get_by_role("button", name="Sign in", exact=True).click()
    expect(person.get_by_role("heading", level=1)).to_have_text("One more step")
    person.get_by_label("Code from your app, or a recovery code").fill(codes[0])
    person.get_by_role("button", name="Sign in", exact=True).click()
    person.wait_for_url("**/videos/")
    expect(person.locator(".toast-note")).to_contain_text("9 recovery codes are left")

    sign_out(person, address)
    person.fill("[name=username]", f"{newsroom}@example.org")
    person.fill("[name=password]", PASSWORD)
    person.get_by_role("button", name="Sign in", exact=True).click()
    person.get_by_role("button", name="Use passkey").click()
    person.wait_for_url("**/videos/")

    person.goto(f"{address}/profile/")
    person.get_by_role("link", name=re.compile("Remove passkey")).click()
    person.get_by_role("button", name="Remove").click()
    expect(person.locator(".toast-note")).to_contain_text("Removed")
    sign_out(person, address)
    person.get_by_role("button", name="Sign in with a passkey").click()
    expect(person.locator(".toast-note")).to_contain_text("This passkey did not work")
