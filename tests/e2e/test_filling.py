"""Filling a dataset as a person does it: a ZIP, many pictures, people of a video; undo; a download and back again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import PHONE, scrolls_sideways
from tests.e2e.killing.test_interruptions import CHUNK_BYTES, SLOW_BYTES_PER_S, sent_from, slow_down
from tests.factories_datasets import picture
from tests.webapp.datasets.importing.fillings import zipped

DONE_MS = 30_000


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    path = tmp_path / "Gesichter 笑脸.zip"
    members = {f"smile/{n}.jpg": picture(n, width=300, height=200) for n in range(12)}
    members |= {f"no smile/{n}.jpg": picture(100 + n) for n in range(8)}
    path.write_bytes(zipped(members | {"notes.txt": b"nothing to see"}))
    return path


def new_dataset(page: Page, name: str, kind: str = "frames") -> None:
    page.get_by_role("link", name="Datasets").first.click()
    page.get_by_role("link", name="New dataset").first.click()
    page.fill("[name=name]", name)
    page.check(f"[name=kind][value={kind}]")
    page.get_by_role("button", name="Create dataset").click()
    expect(page).to_have_url(re.compile(r"/datasets/[0-9a-f-]{36}/fill/(\?|$)"))


def entry(page: Page, title: str) -> Locator:
    return page.locator(".import").filter(has=page.locator(f'h3[title="{title}"]'))


def choose(page: Page, source: str) -> None:
    page.locator(f'a.source[href="?from={source}"]').click()
    expect(page.locator(f'a.source[href="?from={source}"]')).to_have_attribute("aria-current", "true")


def test_a_zip_fills_a_dataset_and_can_be_undone(page: Page, folders: Path) -> None:
    new_dataset(page, "Smiles")
    choose(page, "archive")
    page.set_input_files("#files", folders)
    row = entry(page, folders.name)
    expect(row).to_contain_text("20 added · 1 neither picture nor clip", timeout=DONE_MS)
    page.reload()
    expect(page.locator(".head")).to_contain_text("20 samples · 20 labelled")
    row.locator("summary").click()
    expect(row).to_contain_text("notes.txt")
    for size in (PHONE, (1280, 900)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert scrolls_sideways(page) == 0
    row.get_by_role("button", name="Undo import").click()
    expect(row).to_contain_text("Undone")
    expect(page.locator(".head")).to_contain_text("0 samples")


def test_a_zip_goes_on_after_a_reload(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    # What is no picture fills the file, so that it takes a few pieces.
    path.write_bytes(zipped({"a/1.jpg": picture(1), "a/padding.bin": bytes(range(256)) * 80_000}))
    new_dataset(page, "Reloaded")
    choose(page, "archive")
    slow_down(page, SLOW_BYTES_PER_S)
    with page.expect_request(lambda request: sent_from(request) == CHUNK_BYTES, timeout=DONE_MS):
        page.set_input_files("#files", path)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(entry(page, "large.zip")).to_contain_text(re.compile(r"“large.zip” stopped at \d+ %"))
    slow_down(page, -1)
    with page.expect_request(lambda request: sent_from(request) is not None, timeout=DONE_MS) as resumed:
        page.set_input_files("#files", path)
    gone_on_from = sent_from(resumed.value)
    assert gone_on_from is not None and gone_on_from >= CHUNK_BYTES, "it did not go on where it was"
    assert gone_on_from < 2 * CHUNK_BYTES, "what was on its way was cut, and no more than that counts"
    expect(entry(page, "large.zip")).to_contain_text("1 added", timeout=DONE_MS)
    expect(page.locator(".import")).to_have_count(1)


def test_many_pictures_are_sent_in_batches(page: Page, tmp_path: Path) -> None:
    paths = []
    for number in range(90):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(picture(number))
    new_dataset(page, "Many")
    choose(page, "pictures")
    page.fill("[name=label]", "lächeln")
    page.set_input_files("#files", paths)
    expect(entry(page, "90 pictures")).to_contain_text("90 added", timeout=DONE_MS)
    page.reload()
    expect(page.locator(".head")).to_contain_text("90 samples · 90 labelled")


def test_a_download_comes_back_whole(page: Page, folders: Path, tmp_path: Path) -> None:
    new_dataset(page, "There")
    choose(page, "archive")
    page.set_input_files("#files", folders)
    expect(entry(page, folders.name)).to_contain_text("20 added", timeout=DONE_MS)
    page.locator("summary[aria-label=More]").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as ZIP with folders").click()
    assert waiting.value.suggested_filename == "There.zip"
    back = tmp_path / "There.zip"
    waiting.value.save_as(back)
    new_dataset(page, "And back")
    choose(page, "archive")
    page.set_input_files("#files", back)
    expect(entry(page, "There.zip")).to_contain_text("20 added", timeout=DONE_MS)
    page.reload()
    expect(page.locator(".head")).to_contain_text("20 samples · 20 labelled")


def test_people_of_a_video_are_counted_while_one_chooses(page: Page, sample_clip: Path) -> None:
    page.set_input_files("input[type=file]", sample_clip)
    card = page.locator(".video-card").filter(has=page.locator(f'a.card-link[title="{sample_clip.stem}"]'))
    expect(card).to_contain_text("2 people", timeout=60_000)
    new_dataset(page, "Faces", "faces")
    expect(page.locator("#expected")).to_contain_text("Nothing selected")
    second = page.locator("#people-choices .option").nth(1)
    name = second.inner_text()
    second.click()
    expect(page.locator("#expected")).to_contain_text(re.compile(r"\d+ samples · 1 person · 1 video"))
    # The count redraws the list: whoever was ticked stays where they were, and nobody else is ticked.
    expect(page.locator("#people-choices .option").nth(1)).to_have_text(name)
    expect(page.locator("#people-choices .option:has(:checked)")).to_have_text([name])
    page.locator("label.choice:has([name=how][value=every])").click()
    expect(page.locator("[name=step_s]")).to_be_visible()
    # The choice stands in the address.
    page.reload()
    expect(page.locator("#people-choices :checked")).to_have_count(1)
    page.get_by_role("button", name="Add samples", exact=True).click()
    expect(page.locator(".import").first).to_contain_text(re.compile(r"\d+ added"), timeout=DONE_MS)
