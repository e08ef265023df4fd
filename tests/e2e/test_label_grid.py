"""Labelling as people do it: with keys, with the mouse, with a thumb, two at once, and with 20,000 samples."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.browser import DESKTOP, PHONE, Troubles, new_context, open_page, scrolls_sideways, sign_in
from tests.e2e.seeding import seed_all
from tests.factories import PASSWORD
from tests.product import Product

MANY = 20_000


@pytest.fixture(scope="module")
def datasets(product: Product, newsroom: str) -> dict[str, str]:
    """Addresses by name."""
    wishes: dict[str, dict[str, Any]] = {
        "keys": {"members": [["bob", "editor"], ["vera", "viewer"]]},
        "mouse": {"labelled": 6, "suggested": 10},
        "together": {},
        "phone": {},
        "many": {"count": MANY},
    }
    named = [{"team": newsroom, "name": name.capitalize(), **wish} for name, wish in wishes.items()]
    made = seed_all(product.data_dir, *named)
    return {name: f"{product.address}/datasets/{ids['id']}/" for name, ids in zip(wishes, made, strict=True)}


@pytest.fixture
def visitors(chromium: Browser, product: Product, troubles: Troubles) -> Iterator[Any]:
    """Opens a page of another member; complaints of any fail the test."""
    contexts: list[BrowserContext] = []

    def visit(name: str, size: tuple[int, int] = DESKTOP) -> Page:
        contexts.append(new_context(chromium, size))
        page = open_page(contexts[-1], troubles)
        sign_in(page, product.address, f"{name}@example.org", PASSWORD)
        return page

    yield visit
    complaints = troubles.all()
    for context in contexts:
        context.close()
    assert not complaints


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'.sample-tile[aria-label^="Sample {number},"]')


def says(page: Page, number: int, words: str) -> None:
    """The tile shows it (and a screen reader hears it)."""
    expect(tile(page, number)).to_have_attribute("aria-label", re.compile(f"^Sample {number}, {words}"))


def look(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".sample-tile:not(.is-waiting)").first).to_be_visible()


def test_labelling_with_the_keyboard_alone(page: Page, datasets: dict[str, str]) -> None:
    look(page, datasets["keys"])
    tile(page, 1).focus()
    for key in "121":
        page.keyboard.press(key)
    for number, label in ((1, "smile"), (2, "no smile"), (3, "smile"), (4, "no label")):
        says(page, number, label)
    expect(tile(page, 4)).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-picked-words]")).to_have_text("3 selected")
    page.keyboard.press("2")
    says(page, 6, "no smile")
    expect(page.locator(".toast-note")).to_contain_text("3 samples “no smile”")
    page.keyboard.press("x")
    says(page, 5, "Left out · no smile")
    page.keyboard.press("x")
    says(page, 5, "no smile")
    for _ in range(3):
        page.keyboard.press("u")
    says(page, 6, "no label")
    page.keyboard.press("u")
    says(page, 3, "no label")
    expect(tile(page, 3)).to_be_focused()
    page.reload()
    says(page, 1, "smile")
    says(page, 3, "no label")


def test_the_track_large_view_and_the_keys(page: Page, datasets: dict[str, str]) -> None:
    look(page, datasets["keys"])
    tile(page, 11).click()
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("t")
    expect(page.locator(".toast-note")).to_contain_text("9 more samples of the track")
    says(page, 20, "smile")
    says(page, 21, "no label")
    tile(page, 21).click()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    expect(large).to_contain_text("Sample 21")
    expect(large.locator("img")).to_have_js_property("complete", True)
    link = large.get_by_role("link", name="Show in video")
    expect(link).to_have_attribute("href", re.compile(r"/videos/[\w-]+/\?t=10$"))
    page.keyboard.press("2")
    expect(large).to_contain_text("Sample 22")
    page.keyboard.press("ArrowLeft")
    expect(large.get_by_role("button", name="no smile")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(tile(page, 21)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_mouse_labels_filters_and_suggestions(page: Page, datasets: dict[str, str]) -> None:
    look(page, datasets["mouse"])
    smile = page.locator(".label-row").first
    expect(smile.locator("[data-count]")).to_have_text("3")
    tile(page, 20).click()
    tile(page, 22).click(modifiers=["Shift"])
    tile(page, 24).click(modifiers=["Control"])
    smile.locator(".label-give").click()
    says(page, 24, "smile")
    says(page, 23, "no label")
    expect(smile.locator("[data-count]")).to_have_text("7")
    page.get_by_role("button", name="Undo").first.click()
    says(page, 24, "no label")
    page.keyboard.press("Escape")
    smile.locator(".label-give").click()
    expect(page).to_have_url(re.compile(r"\?label=\d+"))
    expect(page.locator(".sample-tile")).to_have_count(3)
    page.get_by_role("link", name="Uncertain").click()
    expect(page.locator(".sample-tile.is-suggested")).to_have_count(10)
    page.keyboard.press("Control+a")
    page.keyboard.press("s")
    expect(page.locator(".toast-note").last).to_contain_text("10 suggestions")
    expect(page.locator(".sample-tile.is-labelled")).to_have_count(10)
    everything = page.get_by_role("link", name=re.compile(r"^All \d+"))
    everything.click()
    expect(everything).to_have_attribute("aria-current", "true")
    page.locator(".menu summary", has_text="Video").click()
    page.get_by_role("searchbox", name="Video title").fill("opening")
    page.locator("[data-choices] a").first.click()
    expect(page).to_have_url(re.compile(r"\?video="))
    expect(page.locator(".sample-tile").first).to_be_visible()


def test_labels_are_made_changed_and_removed_in_place(page: Page, troubles: Troubles, datasets: dict[str, str]) -> None:
    troubles.expected = (409,)
    look(page, datasets["mouse"])
    page.get_by_role("textbox", name="Name of the new label").fill("laugh")
    page.keyboard.press("Enter")
    row = page.locator(".label-row", has_text="laugh")
    expect(row).to_have_attribute("data-key", "3")
    tile(page, 18).click()
    page.keyboard.press("3")
    says(page, 18, "laugh")
    row.get_by_role("button", name="Edit “laugh”").click()
    dialog = page.locator("#label-dialog")
    dialog.get_by_role("textbox", name="Name").fill("Big laugh 大笑")
    dialog.get_by_role("textbox", name="Keyboard shortcut").fill("l")
    page.keyboard.press("Enter")
    says(page, 18, "Big laugh 大笑")
    tile(page, 19).click()
    page.keyboard.press("l")
    says(page, 19, "Big laugh 大笑")
    page.locator(".label-row", has_text="Big laugh").get_by_role("button", name="Edit").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("still has samples")


def test_two_people_see_each_other_and_nobody_overwrites(page: Page, visitors: Any, datasets: dict[str, str]) -> None:
    bob = visitors("bob")
    look(page, datasets["together"])
    look(bob, datasets["together"])
    tile(bob, 1).focus()
    bob.keyboard.press("2")
    says(page, 1, "no smile")
    expect(page.locator(".label-row", has_text="no smile").locator("[data-count]")).to_have_text("1")
    # Alice does not hear of Bob's next three before she labels six with them among these.
    page.evaluate("() => document.querySelector('live-updates').remove()")
    tile(bob, 5).click()
    tile(bob, 7).click(modifiers=["Shift"])
    bob.keyboard.press("2")
    expect(bob.locator(".toast-note")).to_contain_text("3 samples")
    tile(page, 3).click()
    tile(page, 8).click(modifiers=["Shift"])
    page.keyboard.press("1")
    expect(page.locator(".toast-note")).to_contain_text("Bob labelled 3 of these")
    for number, label in ((4, "smile"), (5, "no smile"), (7, "no smile"), (8, "smile")):
        says(page, number, label)
        says(bob, number, label)
    vera = visitors("vera")
    look(vera, datasets["together"])
    tile(vera, 2).focus()
    vera.keyboard.press("1")
    says(vera, 2, "no label")
    expect(vera.locator("[data-picked]")).to_have_count(0)


def test_labelling_with_a_thumb(visitors: Any, datasets: dict[str, str]) -> None:
    page = visitors("bob", PHONE)
    look(page, datasets["phone"])
    assert scrolls_sideways(page) == 0
    give = page.locator(".label-row", has_text="no smile").locator(".label-give")
    box = give.bounding_box()
    assert box and box["height"] >= 40 and box["y"] > PHONE[1] / 2
    tile(page, 1).tap()
    tile(page, 3).tap()
    give.tap()
    says(page, 3, "no smile")
    says(page, 2, "no label")
    page.get_by_role("button", name="Clear").tap()
    page.get_by_role("button", name="Select a range").tap()
    tile(page, 4).tap()
    tile(page, 6).tap()
    expect(page.locator("[data-picked-words]")).to_have_text("3 selected")
    give.tap()
    says(page, 5, "no smile")


def test_many_samples_scroll_and_are_labelled_at_once(page: Page, troubles: Troubles, datasets: dict[str, str]) -> None:
    look(page, datasets["many"])
    grid = page.get_by_role("grid")
    columns = int(grid.get_attribute("aria-colcount") or 0)
    assert int(grid.get_attribute("aria-rowcount") or 0) == -(-MANY // columns)
    tile(page, 1).click()
    page.keyboard.press("End")
    expect(tile(page, MANY)).to_be_focused()
    assert page.locator(".sample-tile").count() < 150, "only what is seen exists"
    page.keyboard.press("Control+a")
    expect(page.locator("[data-picked-words]")).to_have_text(f"{MANY} selected")
    page.keyboard.press("1")
    says(page, MANY, "smile")
    expect(page.locator(".toast-note").last).to_contain_text(f"{MANY} samples “", timeout=60_000)
    page.keyboard.press("Home")
    says(page, 2, "smile")
    page.keyboard.press("u")
    expect(page.locator(".toast-note").last).to_contain_text(f"Undone for {MANY} samples.", timeout=60_000)
    says(page, 2, "no label")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(grid).to_have_attribute("aria-colcount", "3")
    assert scrolls_sideways(page) == 0
    # Else a worker would look at all of them for minutes, which other tests would wait for.
    page.locator("summary[aria-label=More]").click()
    troubles.expected = (404,)  # the page may just ask for counts while it is left
    page.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/datasets/$"))
