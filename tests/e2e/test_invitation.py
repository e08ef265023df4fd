"""A new owner lets a viewer in, who looks at the first gallery: few clicks, little time."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import PHONE, Troubles, new_context, open_page, scrolls_sideways
from tests.e2e.test_first_video import ANALYSED_MS, card, upload
from tests.factories import PASSWORD
from tests.product import Product

MOST_CLICKS, MOST_S = 6, 60


class Clicks:
    """Clicks and counts."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, what: Locator) -> None:
        self.count += 1
        what.click()


@pytest.fixture(scope="module")
def analysed(window: Page, product: Product, sample_clip: Path) -> None:
    page = open_page(window.context)
    page.goto(f"{product.address}/videos/")
    upload(page, sample_clip)
    expect(card(page, sample_clip.stem)).to_contain_text("2 people", timeout=ANALYSED_MS)
    page.close()


@pytest.fixture
def visitor(chromium: Browser, troubles: Troubles) -> Iterator[Page]:
    """Somebody without an account, on a phone."""
    context = new_context(chromium, PHONE)
    yield open_page(context, troubles)
    context.close()


def test_from_a_new_owner_to_a_viewer_who_looks_at_the_first_gallery(
    page: Page, visitor: Page, analysed: None, sample_clip: Path, newsroom: str
) -> None:
    began, clicks = time.monotonic(), Clicks()
    clicks.on(page.locator(".account-menu summary"))
    clicks.on(page.get_by_role("link", name="Team and members"))
    clicks.on(page.get_by_role("button", name="Create link"))
    link = page.get_by_label(re.compile("can join")).input_value()

    visitor.goto(link)
    assert scrolls_sideways(visitor) == 0
    visitor.fill("[name=name]", "Vera")
    visitor.fill("[name=email]", "vera.invited@example.org")
    visitor.fill("[name=password]", PASSWORD)
    clicks.on(visitor.get_by_role("button", name="Create account and join"))
    clicks.on(card(visitor, sample_clip.stem).locator("a.card-link"))
    expect(visitor.locator(".person-row").first).to_be_visible()
    seconds = time.monotonic() - began
    print(f"new owner to an invited viewer's first gallery: {clicks.count} clicks, {seconds:.1f} s")
    assert clicks.count <= MOST_CLICKS and seconds <= MOST_S
    expect(visitor.locator(".account-menu")).to_contain_text(newsroom)
    visitor.goto(link)
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("already in")


def test_a_link_is_copied_and_works_once(page: Page, visitor: Page, product: Product, troubles: Troubles) -> None:
    troubles.expected = (410,)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{product.address}/team/")
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = str(page.evaluate("() => navigator.clipboard.readText()"))
    page.goto(f"{product.address}/team/")
    page.get_by_role("button", name="Revoke").last.click()
    expect(page.locator(".toast-note")).to_contain_text("no longer works")
    visitor.goto(link)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This invitation was withdrawn")


def test_another_team_is_chosen_at_the_foot_of_the_rail(page: Page, product: Product, newsroom: str) -> None:
    page.goto(f"{product.address}/team/new/")
    page.get_by_label("Name of the team").fill("Archive")
    page.get_by_role("button", name="Create team").click()
    expect(page.locator(".account-menu summary")).to_contain_text("Archive")
    page.goto(f"{product.address}/people/")
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name=newsroom).click()
    expect(page.locator(".account-menu summary")).to_contain_text(newsroom)
    expect(page).to_have_url(re.compile("/people/$"))
