"""A worker that is killed while it fills a dataset: nothing is added twice, nothing is lost, no file is left over."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.test_filling import DONE_MS, choose, entry, new_dataset
from tests.factories_datasets import picture
from tests.product import Product
from tests.webapp.datasets.importing.fillings import zipped

RECOVERED_MS = 180_000
MANY = 1000
"""Batches of 64: the worker is killed in the second or a little later."""


def test_a_killed_worker_adds_nothing_twice_and_loses_nothing(page: Page, product: Product, tmp_path: Path) -> None:
    different = [picture(n, width=640, height=480) for n in range(50)]
    # What follows the end of a JPEG is not seen but makes it another file.
    members = {f"label {n % 3}/{n}.jpg": different[n % 50] + str(n).encode() for n in range(MANY)}
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(members))
    new_dataset(page, "Killed")
    choose(page, "archive")
    page.set_input_files("#files", path)
    expect(page.locator("#work")).to_contain_text(re.compile(r"Adding samples · [1-9]"), timeout=DONE_MS)
    product.child("celery", "media@").kill()
    assert entry(page, "many.zip").filter(has_text=f"{MANY} added").count() == 0, "killed too late to say anything"
    expect(entry(page, "many.zip")).to_contain_text(f"{MANY} added", timeout=RECOVERED_MS)
    page.reload()
    expect(page.locator(".head")).to_contain_text(f"{MANY} samples · {MANY} labelled")
    dataset = page.url.split("/datasets/")[1].split("/")[0]
    files = list((product.data_dir / "media").rglob(f"datasets/{dataset}/**/*.jpg"))
    assert len([path for path in files if ".thumbnail" in path.name and path.stat().st_size > 0]) == MANY
    assert len(files) == 2 * MANY, "files without a sample were left"
    # Else a worker would look at all of them for a minute, which the trainings of other tests would wait for.
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/datasets/$"))
