"""The label grid while samples come from elsewhere: counted at once, offered, and nothing moves until one asks."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.seeding import seed
from tests.e2e.test_filling import DONE_MS, choose, new_dataset
from tests.e2e.test_label_grid import look, says, tile
from tests.factories_datasets import picture
from tests.product import Product

KNOWN, NEW = 60, 7


def fill(page: Page, folder: Path, count: int) -> None:
    """On the page where a dataset is filled: so many pictures, without labels."""
    paths = [folder / f"{n}.jpg" for n in range(count)]
    for n, path in enumerate(paths):
        path.write_bytes(picture(9000 + n))
    choose(page, "pictures")
    page.set_input_files("#files", paths)


def seen_at(page: Page) -> tuple[int, int]:
    """Where in the window the sample is that somebody looks at."""
    box = tile(page, 30).bounding_box()
    assert box
    return round(box["x"]), round(box["y"])


def test_new_samples_are_counted_and_offered_and_nothing_moves(
    page: Page, product: Product, newsroom: str, tmp_path: Path
) -> None:
    made = seed(product.data_dir, team=newsroom, name="Growing", kind="frames", count=KNOWN)
    address = f"{product.address}/datasets/{made['id']}/"
    look(page, address)
    page.evaluate("() => scrollTo(0, 500)")
    tile(page, 30).click()
    expect(page.locator("[data-picked-words]")).to_have_text("1 selected")
    offer = page.locator('.tiles-head [data-act="again"]')
    expect(offer).to_be_hidden()
    grid = page.get_by_role("grid")
    before = seen_at(page), grid.get_attribute("aria-rowcount")

    other = page.context.new_page()
    other.goto(f"{address}fill/")
    fill(other, tmp_path, NEW)
    expect(page.locator(".head")).to_contain_text(f"{KNOWN + NEW} samples · 0 labelled", timeout=DONE_MS)
    expect(offer).to_have_text(f"{NEW} new samples · Show them")
    expect(page.locator("#work .state-card")).to_have_count(0, timeout=DONE_MS)
    assert (seen_at(page), grid.get_attribute("aria-rowcount")) == before
    expect(page.locator("[data-picked-words]")).to_have_text("1 selected")
    expect(page.locator(".tiles-head [data-shown]")).to_have_text(f"{KNOWN} samples")

    offer.click()
    expect(tile(page, KNOWN + 1)).to_be_focused()
    expect(page.locator(".tiles-head [data-shown]")).to_have_text(f"{KNOWN + NEW} samples")
    expect(offer).to_be_hidden()
    page.keyboard.press("End")
    expect(tile(page, KNOWN + NEW)).to_be_focused()
    expect(tile(page, KNOWN + NEW).locator("img")).to_have_js_property("complete", True)
    page.keyboard.press("1")
    says(page, KNOWN + NEW, "smile")
    page.keyboard.press("Home")
    expect(tile(page, 1)).to_be_focused()
    look(page, address)
    says(page, 1, "no label")
    expect(page.locator(".head")).to_contain_text(f"{KNOWN + NEW} samples · 1 labelled")


def test_the_first_samples_of_an_empty_dataset_appear_by_themselves(page: Page, tmp_path: Path) -> None:
    new_dataset(page, "Empty at first")
    waiting = page.context.new_page()
    waiting.goto(re.sub("fill/.*$", "", page.url))
    expect(waiting.locator("[data-empty]")).to_be_visible()
    fill(page, tmp_path, 3)
    expect(tile(waiting, 3)).to_be_visible(timeout=DONE_MS)
    expect(waiting.locator("[data-empty]")).to_have_count(0)
