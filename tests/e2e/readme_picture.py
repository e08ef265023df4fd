"""Takes the picture of the README: the real product with the sample film (`python -m tests.e2e.readme_picture`)."""

import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Page

from analysis.samples.video import make_sample_video, sample_pictures
from tests.e2e.browser import browser, create_owner, new_context, open_page, screenshot
from tests.product import PROJECT, Product

PICTURE = PROJECT / "docs" / "library.png"
SIZE = (1320, 560)
CUTS = {"Day one, main stage": (0, 24), "Interview": (10, 5), "Rehearsal": (4, 9), "展览开幕": (15, 9)}
"""Title of each upload: where its part of the sample begins and how long it is, in seconds."""
NAMES = ["Eileen", "Grace"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "data").wait_until_ready()
        try:
            with browser() as chromium:
                page = open_page(new_context(chromium, SIZE))
                create_owner(page, product.owner_link, "alice@example.org", "a long enough phrase")
                upload(page, product, films(Path(folder)))
                name_people(page, product)
                page.goto(f"{product.address}/videos/")
                page.wait_for_timeout(9_000)  # until the notes have left
                print(screenshot(page, PICTURE, full_page=False))
        finally:
            product.stop()


def films(folder: Path) -> list[Path]:
    whole = folder / "sample.mp4"
    make_sample_video(sample_pictures(), whole)
    made = []
    for title, (start_s, length_s) in CUTS.items():
        part = folder / f"{title}.mp4"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", str(start_s), "-t", str(length_s)]
        subprocess.run([*command, "-i", whole, part], check=True)
        made.append(part)
    return made


def upload(page: Page, product: Product, paths: list[Path]) -> None:
    page.goto(f"{product.address}/videos/upload/")
    page.set_input_files("input[type=file]", [str(path) for path in reversed(paths)])
    page.wait_for_timeout(3_000)
    page.goto(f"{product.address}/videos/")
    page.locator('.video-card[data-state="done"]').nth(len(paths) - 1).wait_for(timeout=240_000)


def name_people(page: Page, product: Product) -> None:
    page.locator("a.card-link", has_text="Day one").click()
    for number, name in enumerate(NAMES):
        row = page.locator("person-name").nth(number)
        row.locator("summary").click()
        row.locator("input[name=name]").fill(name)
        row.locator("input[name=name]").press("Enter")
        page.get_by_text(f"to “{name}”").wait_for()


if __name__ == "__main__":
    main()
