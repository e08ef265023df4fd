"""A deployed model runs on an earlier video; the difference is seen before it is applied, then the labels are there."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import PHONE, scrolls_sideways
from tests.e2e.seeding_run import seed_run
from tests.e2e.test_first_video import ANALYSED_MS, card, player_time_s, upload
from tests.product import Product
from tests.trained import SHOT_FRAMES, stripes_film
from tests.waiting import wait_for

RECOGNISED_MS = 90_000
"""The worker loads the networks for the first video."""
SHOT_S = SHOT_FRAMES / 25
SHOTS = ("lie", "stand", "lie")
NEAR_S = 1.0
"""Classified frames are a few frames apart; a stretch ends halfway between two."""
SURE = {"learn": 40, "settings": {"epochs": 8, "learning_rate": 3e-3}}


def bars(page: Page, label: str) -> Locator:
    return page.locator(".found-row").filter(has=page.get_by_role("link", name=label, exact=True)).locator("rect")


def stretches(page: Page, label: str) -> list[tuple[float, float]]:
    """Seconds that the bar of a label shows."""
    found = bars(page, label).evaluate_all("all => all.map(({ dataset }) => [dataset.from, dataset.to])")
    return [(float(from_s), float(to_s)) for from_s, to_s in found]


def expect_shots(page: Page) -> None:
    """The labels tab shows each label where its shots are."""
    expect(page.locator(".found-row")).to_have_count(2)
    for label in ("lie", "stand"):
        wanted = [(n * SHOT_S, (n + 1) * SHOT_S) for n, shot in enumerate(SHOTS) if shot == label]
        found = stretches(page, label)
        assert len(found) == len(wanted), (label, found)
        for (begins_s, ends_s), (from_s, to_s) in zip(wanted, found, strict=True):
            assert abs(begins_s - from_s) < NEAR_S and abs(ends_s - to_s) < NEAR_S, (label, found)


def test_a_deployed_model_labels_an_earlier_video_only_when_that_is_applied(
    page: Page, product: Product, newsroom: str, tmp_path: Path
) -> None:
    film = stripes_film(tmp_path / "Curtains.mp4", SHOTS)
    upload(page, film)
    expect(card(page, film.stem)).to_have_attribute("data-state", "done", timeout=ANALYSED_MS)
    card(page, film.stem).locator("a.card-link").click()
    page.get_by_role("tab", name="Labels").click()
    expect(page.locator("#labels")).to_contain_text("Teach Rollcall what to look for")
    video = page.url.split("?")[0]

    run = seed_run(product.data_dir, team=newsroom, **SURE)["run"]
    page.goto(f"{product.address}/training/{run}/")
    page.get_by_role("link", name="Use this model").click()
    page.get_by_role("button", name=re.compile("^Use ")).click()
    expect(page.locator("#deployment .is-deployed")).to_be_visible()
    page.locator("#deployment").get_by_role("link", name="Run on earlier videos").click()
    page.get_by_label(film.stem).check()
    page.get_by_role("button", name="Check selected videos").click()
    expect(page).to_have_url(re.compile(r"/batches/[\w-]{36}/$"))
    batch = page.url
    row = page.locator(".batch-row")
    expect(row.locator(".differences li")).to_have_count(2, timeout=RECOGNISED_MS)
    expect(row).to_contain_text("no labels before")
    expect(row.locator(".difference-list a")).to_have_count(len(SHOTS))
    page.goto(f"{video}?tab=labels")
    expect(page.locator("#labels").get_by_role("link", name="New labels")).to_be_visible()
    expect(page.locator(".found-row")).to_have_count(0)

    page.goto(batch)
    page.get_by_role("button", name="Apply all").click()
    expect(row.locator(".is-applied")).to_have_text("Applied")
    row.get_by_role("link", name=film.stem).click()
    expect_shots(page)
    box = bars(page, "stand").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(lambda: SHOT_S < player_time_s(page) < 2 * SHOT_S, what="the player jumps to the label")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert scrolls_sideways(page) == 0

    page.goto(batch)
    row.get_by_role("button", name="Undo").click()
    expect(row.locator(".is-applied")).to_have_count(0)
    page.goto(f"{video}?tab=labels")
    expect(page.locator(".found-row")).to_have_count(0)
