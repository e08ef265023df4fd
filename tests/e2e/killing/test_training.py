"""A training on the real product: started on a page, watched live in two tabs, reloaded, killed, paused, kept."""

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.browser import PHONE, Troubles, new_context, open_page, scrolls_sideways
from tests.e2e.killing.stripes import epoch_of, make_stripes, start_tutorial
from tests.product import Product

EPOCH_MS = 120_000
"""For the first epoch: torch has to be loaded, on a machine that may be busy."""
PICTURES = 200


@pytest.fixture(scope="module")
def dataset(product: Product, newsroom: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of one that is labelled; each picture is from one of forty recordings."""
    return make_stripes(product, newsroom, tmp_path_factory.mktemp("stripes"), PICTURES)


def expect_epoch(page: Page, least: int) -> None:
    expect(page.locator(".run-facts dd").first).to_have_text(
        re.compile(r"^\s*(" + "|".join(str(n) for n in range(least, 401)) + r") of up to 400\s*$"), timeout=EPOCH_MS
    )


def test_a_training_is_started_watched_interrupted_and_kept(
    page: Page, chromium: Browser, product: Product, cookies: StorageState, troubles: Troubles, dataset: str
) -> None:
    start_tutorial(page, dataset, 400)
    expect_epoch(page, 2)
    expect(page.locator("run-curves canvas")).to_have_count(2)

    context = new_context(chromium, PHONE)
    context.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
    phone = open_page(context, troubles)
    phone.goto(page.url)
    expect_epoch(phone, 2)
    assert scrolls_sideways(phone) == 0
    page.reload()
    assert epoch_of(page) >= 2, "right before anything live has come"
    expect(page.locator("run-curves canvas")).to_have_count(2)

    reached = epoch_of(page)
    product.child("celery", "training@").kill()
    expect_epoch(page, reached + 2)
    page.get_by_role("button", name="Pause").click()
    for each in (page, phone):
        expect(each.get_by_role("button", name="Resume")).to_be_visible(timeout=20_000)
    expect(phone.locator(".going-on")).to_contain_text("Paused after epoch")
    phone.get_by_role("button", name="Resume").click()
    keep = page.get_by_role("button", name="Stop and keep the best")
    expect(keep).to_be_visible(timeout=EPOCH_MS)
    expect_epoch(page, reached + 3)
    beside = open_page(context, troubles)
    beside.goto(dataset.replace("/datasets/", "/training/datasets/"))
    expect(beside.locator(".run-row progress")).to_be_visible()
    keep.click()
    for each in (page, phone):
        expect(each.locator("run-watch")).to_have_count(0, timeout=EPOCH_MS)
        expect(each.locator("main")).to_contain_text(re.compile(r"\d+ %"))
    expect(beside.locator(".run-row")).to_contain_text("right in the test")
    page.goto(f"{product.address}/training/")
    expect(page.locator(".run-row")).to_contain_text("right in the test")
    context.close()


def test_the_pages_say_the_same_without_javascript(
    chromium: Browser, product: Product, cookies: StorageState, dataset: str
) -> None:
    context = new_context(chromium, javascript=False)
    context.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
    page = open_page(context)
    page.goto(dataset)
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[\w-]{36}/$"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    context.close()
