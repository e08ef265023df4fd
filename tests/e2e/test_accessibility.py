"""No page has a finding of axe: each kind of page that an owner comes to by links, in both themes, and on a phone."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.accessible import contrast_findings, findings
from tests.e2e.seeding import seed
from tests.e2e.seeding_review import seed_review
from tests.e2e.seeding_run import seed_run
from tests.product import Product

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")
FILES = re.compile(r"\.\w{2,5}$|/download|/export/|/file|/media|/original")
LINKS = """
() => [...document.querySelectorAll("a[href]")].filter((link) => !link.hasAttribute("download")).map(({ href }) => href)
"""
DARK = """
() => {
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; }"); // a colour on its way has a contrast of its own
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
  document.documentElement.dataset.theme = "dark";
}
"""
AT_LEAST = 20
"""Kinds of pages; with fewer the walk has lost its way."""


def kind_of(url: str) -> str:
    """The path without its ids: pages of a kind share a template."""
    return ID.sub("*", urlsplit(url).path)


def walk(page: Page, address: str, starts: list[str]) -> dict[str, list[str]]:
    """Kind of page -> findings, over all kinds that links lead to."""
    waiting, found = [f"{address}{path}" for path in starts], dict[str, list[str]]()
    while waiting:
        url = waiting.pop(0)
        kind = kind_of(url)
        if kind in found or FILES.search(kind):
            continue
        page.goto(url)
        found[kind] = [f"light: {finding}" for finding in findings(page)]
        page.evaluate(DARK)
        found[kind] += [f"dark: {finding}" for finding in contrast_findings(page)]
        links: list[str] = page.evaluate(LINKS)
        waiting += [link for link in links if link.startswith(address)]
    return found


@pytest.fixture(scope="module")
def filled(product: Product, newsroom: str) -> list[str]:
    """Paths to begin with, in a team that has one of everything."""
    seed_review(product.data_dir, team=newsroom, people=2, pairs=[[0, 1, 0.6]])
    seed(product.data_dir, team=newsroom, count=12, labelled=6, suggested=3)
    run = seed_run(product.data_dir, team=newsroom)["run"]
    return ["/videos/", f"/training/{run}/", "/people/", "/people/review/", "/datasets/", "/profile/", "/team/"]


@pytest.fixture
def page(chromium: Browser, cookies: StorageState) -> Iterator[Page]:
    """The owner's, in a browser that lets axe set styles, which the content security policy forbids."""
    context = chromium.new_context(storage_state=cookies, bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_no_kind_of_page_has_a_finding(page: Page, product: Product, filled: list[str]) -> None:
    found = walk(page, product.address, filled)
    assert len(found) >= AT_LEAST, sorted(found)
    assert not [f"{kind} {finding}" for kind, of_page in found.items() for finding in of_page]
