"""No page has a finding by axe, keyboard or finger: each kind that an owner comes to by links, in both themes and
languages, with what its menus and dialogs hold, and those for visitors."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.accessible import (
    OF_LANGUAGE,
    OF_THEME,
    closed_findings,
    findings,
    findings_of_rules,
    keyboard_findings,
    narrow_findings,
)
from tests.e2e.browser import DESKTOP, Theme
from tests.e2e.seeding import seed
from tests.e2e.seeding_review import seed_review
from tests.e2e.seeding_run import seed_run
from tests.product import Product

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")
FILES = re.compile(r"\.\w{2,5}$|/download|/export/|/file|/media|/original")
LINKS = """
() => [...document.querySelectorAll("a[href]")].filter((link) => !link.hasAttribute("download")).map(({ href }) => href)
"""
# As a click on a link does it: what was loaded once, axe included, stays.
VISIT = """
(url) => new Promise((resolve) => {
  document.addEventListener("turbo:load", resolve, { once: true });
  Turbo.visit(url);
})
"""
CHOOSE = """
(fields) => fetch("/profile/appearance/", {
  method: "POST",
  headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
  body: new URLSearchParams(fields),
})
"""
AT_LEAST = 40
"""Kinds of pages; with fewer the walk has lost its way."""
PUBLIC = ["/sign-in/", "/forgotten-password/", "/join/unknown/", "/nothing/"]
SHARED = {"open": ".shared-person", "password": "[type=password]", "revoked": ".lead"}
"""What a shared link shows, and by what it is known."""
CHINESE = "zh-hans"


def kind_of(url: str) -> str:
    """The path without its ids: pages of a kind share a template."""
    return ID.sub("*", urlsplit(url).path)


def walk(page: Page, address: str, starts: list[str], look: Callable[[Page], list[str]]) -> dict[str, list[str]]:
    """Address -> what `look` finds, for a page of each kind that links lead to."""
    waiting, kinds, found = [f"{address}{path}" for path in starts], set[str](), dict[str, list[str]]()
    while waiting:
        url = waiting.pop(0)
        kind = kind_of(url)
        if kind in kinds or FILES.search(kind):
            continue
        kinds.add(kind)
        page.evaluate(VISIT, url)
        found[url] = look(page)
        links: list[str] = page.evaluate(LINKS)
        waiting += [link for link in links if link.startswith(address)]
    return found


def whole(page: Page) -> list[str]:
    """All that there is to find at a desk; Tab goes through what differs from page to page."""
    return findings(page) + keyboard_findings(page, "main") + closed_findings(page)


def in_chinese_and_dark(page: Page) -> list[str]:
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    spoken = page.evaluate("() => document.documentElement.lang")
    of_language = [] if spoken.lower() == CHINESE else [f"the language is said to be {spoken}"]
    return of_language + findings_of_rules(page, OF_THEME + OF_LANGUAGE) + narrow_findings(page)


@pytest.fixture(scope="module")
def filled(product: Product, newsroom: str) -> list[str]:
    """Paths to begin with, in a team that has one of everything."""
    seed_review(product.data_dir, team=newsroom, people=2, pairs=[[0, 1, 0.6]], copies=1)
    smiles = seed(product.data_dir, team=newsroom, count=12, labelled=6, suggested=3)["id"]
    run = seed_run(product.data_dir, team=newsroom)["run"]
    return ["/videos/", f"/training/{run}/", "/people/review/", "/exports/", "/search/?q=o", f"/datasets/{smiles}/"]


@pytest.fixture(scope="module")
def links(window: Page, product: Product, filled: list[str]) -> list[str]:
    """Paths of shared links: open, behind a password, revoked. By no word: the walk leaves another language behind."""
    page = window.context.new_page()
    page.goto(f"{product.address}/videos/")
    video = page.get_by_role("link", name="Interview 0").first.get_attribute("href") or ""
    made = []
    for password in ("", "a word for them", ""):
        page.goto(f"{product.address}/sharing/new/?video={video.split('/')[2]}")
        for box in page.locator("[name=person]").all():
            box.check()
        page.locator("[name=password]").fill(password)
        page.locator("share-form [type=submit]").click()
        made.append(urlsplit(page.locator("#link").input_value()).path)
    page.goto(f"{product.address}/sharing/")
    page.locator("[popovertarget^=revoke-]").first.click()
    page.locator("[popover]:popover-open [type=submit]").click()
    expect(page.locator(".toast-note")).to_have_count(1)
    page.close()
    return made


@pytest.fixture
def page(chromium: Browser, cookies: StorageState) -> Iterator[Page]:
    """The owner's, in a browser that lets axe set styles, which the content security policy forbids."""
    context = chromium.new_context(storage_state=cookies, bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_the_keyboard_keeps_its_place(page: Page, product: Product, filled: list[str]) -> None:
    page.goto(f"{product.address}/videos/")
    assert not keyboard_findings(page)  # from the skip link on; below, through what differs from page to page
    filters = page.locator(".people-filter summary")
    filters.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(filters).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator(".search-dialog input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(filters).to_be_focused()
    page.evaluate("() => { document.body.dataset.left = ''; }")
    page.locator(".filter-states a").first.press("Enter")
    expect(page.locator("[data-left]")).to_have_count(0)
    expect(page.locator(".filter-states a").first).to_be_focused()
    page.goto(f"{product.address}{filled[-1]}")
    edit = page.locator("button.label-tool")
    page.locator(".label-add [name=name]").fill("a third one")
    page.keyboard.press("Enter")
    expect(edit).to_have_count(3)
    edit.last.press("Enter")
    expect(page.locator("#label-name")).to_be_focused()
    page.locator("label-dialog [data-act=remove]").press("Enter")
    expect(edit).to_have_count(2)
    expect(edit.last).to_be_focused()


def test_no_kind_of_page_has_a_finding(page: Page, product: Product, filled: list[str]) -> None:
    page.goto(f"{product.address}{filled[0]}")
    found = walk(page, product.address, filled, whole)
    assert len(found) >= AT_LEAST and "/exports/*/" in map(kind_of, found), sorted(found)
    page.evaluate(CHOOSE, {"language": CHINESE, "theme": "dark"})
    page.goto(f"{product.address}{filled[0]}")
    for url, of_page in found.items():
        page.evaluate(VISIT, url)
        of_page += in_chinese_and_dark(page)
    assert not [f"{kind_of(url)} {finding}" for url, of_page in found.items() for finding in of_page]


@pytest.mark.parametrize(("locale", "theme"), [("en-GB", "light"), ("zh-CN", "dark")])
def test_nor_has_a_page_for_visitors(
    chromium: Browser, product: Product, links: list[str], locale: str, theme: Theme
) -> None:
    context = chromium.new_context(locale=locale, color_scheme=theme, bypass_csp=True, reduced_motion="reduce")
    page, found, kinds = context.new_page(), list[str](), list[str]()
    for path in PUBLIC + links:
        page.goto(f"{product.address}{path}")
        kinds += [name for name in SHARED if path in links and page.locator(SHARED[name]).count()]
        found += [f"{path} {finding}" for finding in findings(page) + keyboard_findings(page) + narrow_findings(page)]
    context.close()
    assert not found
    assert kinds == list(SHARED)
