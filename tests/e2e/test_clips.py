"""Short clips as samples: they play in the large view of the grid, one after the other."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.analysis.training.pictures import moving_bar
from tests.clips import write_clip
from tests.e2e.test_filling import DONE_MS, choose, entry, new_dataset
from tests.e2e.test_label_grid import look, says, tile
from tests.waiting import wait_for
from tests.webapp.datasets.importing.fillings import zipped

CLIP_FRAMES = 50
"""Two seconds."""


def time_s(video: Locator) -> float:
    return float(video.evaluate("video => video.currentTime"))


def expect_playing(video: Locator) -> None:
    """Its time goes on, and pictures are decoded."""
    expect(video).to_have_js_property("error", None)
    expect(video).to_have_js_property("paused", False)
    reached = wait_for(lambda: time_s(video), what="the clip begins to play")
    wait_for(lambda: time_s(video) not in (0, reached), what="the clip goes on")
    wait_for(
        lambda: video.evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames") > 5,
        what="pictures of the clip",
    )


def test_clips_play_in_the_large_view(page: Page, tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {}
    for n in range(4):
        pictures = moving_bar(bool(n % 2), n, frames=CLIP_FRAMES, side=64)
        members[f"{('left', 'right')[n % 2]}/{n}.mp4"] = write_clip(tmp_path / f"{n}.mp4", pictures).read_bytes()
    archive = tmp_path / "moves.zip"
    archive.write_bytes(zipped(members))
    new_dataset(page, "Moves", "clips")
    choose(page, "archive")
    page.set_input_files("#files", archive)
    expect(entry(page, archive.name)).to_contain_text("4 added", timeout=DONE_MS)

    look(page, re.sub("fill/.*$", "", page.url))
    expect(tile(page, 1).locator("img")).to_have_js_property("complete", True)
    tile(page, 1).click()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    video = large.locator("video")
    expect(large).to_contain_text("Sample 1")
    expect_playing(video)
    expect(video).to_have_js_property("videoWidth", 64)
    first = video.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("Sample 2")
    expect(video).not_to_have_attribute("src", first or "")
    expect_playing(video)
    page.keyboard.press("1")
    expect(large).to_contain_text("Sample 3")
    expect_playing(video)
    page.keyboard.press("Escape")
    expect(page.locator("video")).to_have_count(0)
    says(page, 2, "left")
