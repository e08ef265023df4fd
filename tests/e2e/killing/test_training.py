"""A training on the real product: started on a page, watched live in two tabs, reloaded, killed, paused, kept."""

import re

import cv2
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.analysis.training.pictures import stripes
from tests.e2e.browser import PHONE, Troubles, new_context, open_page, scrolls_sideways
from tests.e2e.seeding import seed
from tests.product import Product

EPOCH_MS = 120_000
"""For the first epoch: torch has to be loaded, on a machine that may be busy."""
PICTURES = 200


@pytest.fixture(scope="module")
def dataset(product: Product, newsroom: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of one that is labelled; each picture is from one of forty recordings."""
    folder = tmp_path_factory.mktemp("stripes")
    for n in range(PICTURES):
        cv2.imwrite(str(folder / f"{n:03d}.png"), stripes(bool(n % 2), n, 64))
    wish = {"labels": ["lying", "standing"], "count": PICTURES, "labelled": PICTURES, "sources": 40}
    made = seed(product.data_dir, team=newsroom, name="Stripes", kind="frames", folder=str(folder), **wish)
    return f"{product.address}/datasets/{made['id']}/"


def epoch_of(page: Page) -> int:
    """As the facts beside the curves say."""
    words = page.locator(".run-facts dd").first.inner_text()
    found = re.match(r"(\d+) of at most", words)
    return int(found.group(1)) if found else 0


def expect_epoch(page: Page, least: int) -> None:
    expect(page.locator(".run-facts dd").first).to_have_text(
        re.compile("^(" + "|".join(str(n) for n in range(least, 401)) + ") of at most 400$"), timeout=EPOCH_MS
    )


def test_a_training_is_started_watched_interrupted_and_kept(
    page: Page, chromium: Browser, product: Product, cookies: StorageState, troubles: Troubles, dataset: str
) -> None:
    page.goto(dataset)
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("link", name="Make a version").click()
    page.get_by_role("button", name="Make version").click()
    expect(page).to_have_url(re.compile(r"/versions/1/$"))
    page.locator("main").get_by_role("link", name="Train", exact=True).last.click()
    page.locator("label.choice", has_text="The tutorial's network").click()
    page.locator("details.advanced > summary").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_attribute("placeholder", "10")
    page.get_by_label("Epochs", exact=True).fill("400")
    page.get_by_label("Learning rate", exact=True).fill("0.0001")
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[\w-]{36}/$"))
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
        expect(each.get_by_role("button", name="Go on")).to_be_visible(timeout=20_000)
    expect(phone.locator(".going-on")).to_contain_text("Paused behind epoch")
    phone.get_by_role("button", name="Go on").click()
    keep = page.get_by_role("button", name="Stop and keep the best")
    expect(keep).to_be_visible(timeout=EPOCH_MS)
    expect_epoch(page, reached + 3)
    keep.click()
    for each in (page, phone):
        expect(each.locator("run-watch")).to_have_count(0, timeout=EPOCH_MS)
        expect(each.locator("main")).to_contain_text(re.compile(r"\d+ %"))
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
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    context.close()
