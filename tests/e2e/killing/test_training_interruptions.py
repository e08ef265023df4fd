"""A training goes on while the queue, the web server and both at once are killed, and two tabs show it rightly."""

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.browser import PHONE, Troubles, new_context, open_page
from tests.e2e.killing.stripes import epoch_of, make_stripes, start_tutorial
from tests.product import Product

EPOCHS = 900
"""More than it learns before the test ends it."""
EPOCH_MS = 120_000
PICTURES = 120


@pytest.fixture(scope="module")
def run_page(product: Product, newsroom: str, window: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a training that has just been started."""
    dataset = make_stripes(product, newsroom, tmp_path_factory.mktemp("stripes"), PICTURES)
    page = open_page(window.context)
    start_tutorial(page, dataset, EPOCHS)
    address = page.url
    page.close()
    return address


def expect_later(page: Page, than: int) -> int:
    """Waits, without a reload, for an epoch behind `than`."""
    words = "|".join(str(n) for n in range(than + 1, EPOCHS + 1))
    expect(page.locator(".run-facts dd").first).to_have_text(re.compile(rf"^\s*({words}) of"), timeout=EPOCH_MS)
    return epoch_of(page)


def epochs_in_table(page: Page) -> list[int]:
    """The newest first."""
    return [int(text) for text in page.locator("#run tbody th[scope=row]").all_text_contents() if text.isdigit()]


def test_a_training_outlives_the_queue_and_the_web_server(
    chromium: Browser, product: Product, cookies: StorageState, run_page: str
) -> None:
    contexts = [new_context(chromium), new_context(chromium, PHONE)]
    tabs = []
    for context in contexts:
        context.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
        tabs.append(open_page(context, Troubles()))
        tabs[-1].goto(run_page)
    reached = max(expect_later(tab, 1) for tab in tabs)
    worker = product.child("celery", "training@").pid
    queue, web = ("valkey-server",), ("webapp.supervisor.web",)
    for killed in ((queue,), (web,), (queue, web)):
        for words in killed:
            for process in product.children(*words):
                process.kill()
        reached = max(expect_later(tab, reached + 1) for tab in tabs)
    assert product.child("celery", "training@").pid == worker, "nobody had to begin again"
    for tab in tabs:
        tab.reload()
        expect_later(tab, reached - 1)
        shown = epochs_in_table(tab)
        assert shown == list(range(shown[0], 0, -1)), "no epoch is missing or shown twice"

    tabs[0].get_by_role("button", name="Pause").click()
    for tab in tabs:
        expect(tab.get_by_role("button", name="Resume")).to_be_visible(timeout=20_000)
    product.child(*queue).kill()
    # What waits in the queue is lost with it, or is not: it is done once in either case.
    tabs[1].get_by_role("button", name="Resume").click()
    for tab in tabs:
        expect_later(tab, reached)
    for context in contexts:
        context.close()
