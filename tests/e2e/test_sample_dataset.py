"""Somebody who has collected nothing: one button paints pictures, the doctor looks at them, a first model may learn."""

import re

from playwright.sync_api import Page, expect

from tests.product import Product

WORK_MS = 120_000
"""For the worker, on a machine that may be busy."""


def test_a_sample_is_painted_examined_and_ready_to_train(page: Page, product: Product) -> None:
    page.goto(f"{product.address}/datasets/")
    page.get_by_role("button", name="Try a sample dataset").click()
    expect(page).to_have_url(re.compile(r"/datasets/[\w-]{36}/$"))
    expect(page.locator(".head")).to_contain_text("122 samples · 122 labelled", timeout=WORK_MS)
    expect(page.locator("#work .state-card")).to_have_count(0, timeout=WORK_MS)

    page.get_by_role("link", name="Doctor", exact=True).click()
    page.get_by_role("button", name="Check dataset").click()
    for finding in ("Blurred", "Too dark or too bright", "Duplicates", "Probably wrong labels"):
        expect(page.get_by_role("heading", name=finding)).to_be_visible(timeout=WORK_MS)
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("link", name="Create version").click()
    page.locator("form[action$='/versions/freeze/'] button").click()
    expect(page).to_have_url(re.compile(r"/versions/1/$"))
    page.locator("main").get_by_role("link", name="Train", exact=True).last.click()
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
