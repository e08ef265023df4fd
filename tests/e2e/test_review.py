"""The review as a person sees it: question, faces and answers on one screen, and what happened covers none of them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, StorageState, expect

from tests.e2e.browser import PHONE, Theme, Troubles, new_context, open_page, screenshot, scrolls_sideways
from tests.e2e.seeding_review import seed_review
from tests.product import Product

LAPTOP = (1280, 800)
SIZES = (LAPTOP, PHONE)
BOTTOM_BAR_PX = {LAPTOP: 0, PHONE: 60}
"""What the main menu covers of a window."""
PAIRS = ([0, 1, 0.56], [2, 3, 0.55], [4, 5, 0.54])
GROUP = [[6, other, 0.58] for other in (7, 8)]


@pytest.fixture(scope="module")
def questions(product: Product, newsroom: str, newsrooms: None) -> None:
    seed_review(product.data_dir, team=newsroom, people=9, pairs=[*PAIRS, *GROUP])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("review")


def boxes(parts: Locator) -> list[FloatRect]:
    found = [box for part in parts.all() if (box := part.bounding_box())]
    assert found
    return found


def is_on_screen(parts: Locator, size: tuple[int, int]) -> bool:
    """Whether all of each part can be seen without scrolling."""
    width, height = size[0], size[1] - BOTTOM_BAR_PX[size]
    return all(
        box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
        for box in boxes(parts)
    )


def covers(note: FloatRect, other: FloatRect) -> bool:
    apart = (
        note["x"] + note["width"] <= other["x"]
        or other["x"] + other["width"] <= note["x"]
        or note["y"] + note["height"] <= other["y"]
        or other["y"] + other["height"] <= note["y"]
    )
    return not apart


@pytest.fixture(params=[(size, theme) for size in SIZES for theme in ("light", "dark")], ids=str)
def reviewer(
    request: pytest.FixtureRequest, chromium: Browser, cookies: StorageState, questions: None, troubles: Troubles
) -> tuple[Page, tuple[int, int], Theme]:
    size: tuple[int, int]
    theme: Theme
    size, theme = request.param
    context = new_context(chromium, size, theme)
    request.addfinalizer(context.close)
    context.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
    return open_page(context, troubles), size, theme


def test_question_faces_and_answers_are_on_one_screen_and_no_note_covers_them(
    reviewer: tuple[Page, tuple[int, int], Theme],
    product: Product,
    troubles: Troubles,
    pictures: Path,
) -> None:
    page, size, theme = reviewer
    page.goto(f"{product.address}/people/review/?one=1")
    parts = page.locator("h1, .review-face, .review-words, .review-buttons .btn")
    expect(page.locator(".review-face")).to_have_count(2)
    assert page.locator(".review-buttons .btn").count() == 4
    assert is_on_screen(parts, size) and scrolls_sideways(page) == 0
    page.keyboard.press("s")
    note = page.locator(".toast-note")
    expect(note).to_contain_text("Skipped")
    screenshot(page, pictures / f"pair-{size[0]}-{theme}.png", full_page=False)
    assert is_on_screen(parts, size)
    asked = page.locator(".review-face, .review-words, .review-buttons .btn")
    assert not any(covers(boxes(note)[0], box) for box in boxes(asked))
    assert not troubles.all()


def test_a_group_and_its_answers_are_on_one_screen(
    reviewer: tuple[Page, tuple[int, int], Theme],
    product: Product,
    troubles: Troubles,
    pictures: Path,
) -> None:
    page, size, theme = reviewer
    page.goto(f"{product.address}/people/review/")
    for _ in range(len(PAIRS) + 1):
        if page.locator(".review-group").count():
            break
        page.keyboard.press("s")
        expect(page.locator(".toast-note")).to_be_visible()
    parts = page.locator("h1, .review-whom, .review-many h2, .review-many .tile, .review-group .btn")
    expect(page.locator(".review-many .tile")).to_have_count(2)
    screenshot(page, pictures / f"group-{size[0]}-{theme}.png", full_page=False)
    assert is_on_screen(parts, size) and scrolls_sideways(page) == 0
    assert not troubles.all()


def test_nobody_of_interest_is_hidden_by_a_key_and_comes_back_by_undo(
    page: Page, product: Product, questions: None
) -> None:
    page.goto(f"{product.address}/people/review/?one=1")
    left = page.locator(".head small")
    before = left.inner_text()
    page.keyboard.press("h")
    expect(page.locator(".toast-note")).to_contain_text("Hid Person")
    expect(left).not_to_have_text(before)
    page.locator(".toast-note .undo").click()
    expect(left).to_have_text(before)
