"""The result of a run as people use it: a cell opens its samples, the threshold moves, a mistake is relabelled."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import scrolls_sideways
from tests.e2e.seeding_run import seed_run
from tests.product import Product

WORKER_MS = 90_000
"""For the first explanation a worker loads the networks."""


@pytest.fixture(scope="module")
def address(product: Product, newsroom: str) -> str:
    """Of a run."""
    return f"{product.address}/training/{seed_run(product.data_dir, team=newsroom)['run']}/"


def test_a_result_is_explored_and_a_label_corrected(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".figure-number")).to_have_text(re.compile(r"^\d+ %$"))
    current = page.locator(".contents [aria-current]")
    expect(current).to_have_text("How good it is")
    page.locator(".contents").get_by_role("link", name="Does it know").click()
    expect(current).to_have_text(re.compile("Does it know"))
    page.go_back()
    expect(current).to_have_text("How good it is")
    page.go_forward()
    expect(current).to_have_text(re.compile("Does it know"))
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    expect(current).to_have_text("Download")
    wrong = page.locator(".matrix .cell:not(.is-right) a").first
    count = wrong.inner_text()
    wrong.click()
    expect(page.locator("h2").first).to_contain_text(re.compile(rf"^\s*{count} .*sample"))
    expect(page.locator(".prediction")).to_have_count(min(int(count), 36))
    page.go_back()
    page.locator("#at").fill("90")
    expect(page.locator(".threshold-form output")).to_have_text("90 %")
    expect(page.locator("[data-changes]")).to_contain_text(re.compile("no longer|Same result"))
    expect(page).to_have_url(re.compile("at=90"))
    card = page.locator("#mistakes .prediction").first
    number = card.get_attribute("id")
    card.get_by_role("button", name="Relabel").click()
    expect(page.locator(".toast-note")).to_contain_text("next version")
    expect(page.locator(f"#mistakes #{number} .prediction-now")).to_contain_text("now")
    page.locator(".toast-note .undo").click()
    expect(page.locator(f"#mistakes #{number} .prediction-now")).to_have_count(0)
    expect(page.locator(f"#mistakes #{number} .heat")).to_be_visible(timeout=WORKER_MS)


def test_it_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    assert scrolls_sideways(page) == 0
