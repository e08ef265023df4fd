"""A dataset of stripes and a training on it that is long enough to be interrupted."""

import re
from pathlib import Path

import cv2
from playwright.sync_api import Page, expect

from tests.analysis.training.pictures import stripes
from tests.e2e.seeding import seed
from tests.product import Product


def make_stripes(product: Product, team: str, folder: Path, count: int) -> str:
    """Address of a dataset that is labelled; each picture is from one of forty recordings."""
    for n in range(count):
        cv2.imwrite(str(folder / f"{n:03d}.png"), stripes(bool(n % 2), n, 64))
    wish = {"labels": ["lying", "standing"], "count": count, "labelled": count, "sources": 40}
    made = seed(product.data_dir, team=team, name="Stripes", kind="frames", folder=str(folder), **wish)
    return f"{product.address}/datasets/{made['id']}/"


def start_tutorial(page: Page, dataset: str, epochs: int) -> None:
    """Makes a version and starts to train the small network on it; ends on the page of the run."""
    page.goto(dataset)
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("link", name="Create version").click()
    page.locator("form[action$='/versions/freeze/'] button").click()
    expect(page).to_have_url(re.compile(r"/versions/1/$"))
    page.locator("main").get_by_role("link", name="Train", exact=True).last.click()
    page.locator("label.choice", has_text="Small network").click()
    page.locator("details.advanced > summary").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_attribute("placeholder", "10")
    page.get_by_label("Epochs", exact=True).fill(str(epochs))
    page.get_by_label("Learning rate", exact=True).fill("0.0001")
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[\w-]{36}/$"))


def epoch_of(page: Page) -> int:
    """As the facts beside the curves say; 0 before the first."""
    found = re.match(r"(\d+) of up to", page.locator(".run-facts dd").first.inner_text())
    return int(found.group(1)) if found else 0
