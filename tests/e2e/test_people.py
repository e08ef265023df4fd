"""People as a person handles them: name, merge with preview, undo, review by keys, filter, find by photo."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from analysis.samples.video import sample_pictures
from tests.e2e.browser import DESKTOP, PHONE, Troubles, new_context, open_page, scrolls_sideways
from tests.e2e.test_first_video import ANALYSED_MS, card, upload
from tests.product import Product

LIVE_MS = 10_000


@pytest.fixture(scope="module")
def analysed(window: Page, product: Product, sample_clip: Path) -> None:
    """The sample has been analysed: two people."""
    page = open_page(window.context)
    page.goto(f"{product.address}/videos/")
    upload(page, sample_clip)
    expect(card(page, sample_clip.stem)).to_contain_text("2 people", timeout=ANALYSED_MS)
    page.close()


@pytest.fixture
def people(page: Page, product: Product, analysed: None) -> Iterator[Page]:
    page.goto(f"{product.address}/people/")
    expect(page.locator("a.tile").first).to_be_visible()
    yield page


def test_a_name_given_in_one_tab_shows_in_another(people: Page, troubles: Troubles) -> None:
    other = people.context.new_page()
    troubles.watch(other)
    other.goto(people.url)
    people.locator("a.tile").first.click()
    people.locator(".person-name summary").click()
    people.locator(".person-name [name=name]").fill("Eileen")
    people.keyboard.press("Enter")
    expect(people.locator(".history li").first).to_contain_text("“Eileen”")
    expect(other.locator("a.tile").first).to_contain_text("Eileen", timeout=LIVE_MS)
    people.locator(".history button").first.click()
    expect(other.locator("a.tile").first).to_contain_text("Person", timeout=LIVE_MS)


def test_merging_is_previewed_with_what_speaks_against_it_and_undone(people: Page, product: Product) -> None:
    before = people.locator("a.tile").count()
    people.get_by_role("link", name="Merge").click()
    expect(people).to_have_url(re.compile("mode=merge"))
    people.locator("a.tile").first.click()
    people.locator(".tile-pick").first.click()
    people.get_by_role("button", name="Preview merge").click()
    expect(people.locator(".notice-warn")).to_contain_text("on screen at the same time")
    people.get_by_role("button", name="Merge anyway").click()
    expect(people.locator(".history")).to_contain_text("Merged")
    people.locator(".toast-note .undo").click()
    expect(people.locator(".history li").first).to_have_class(re.compile("is-undone"))
    people.goto(f"{product.address}/people/")
    expect(people.locator("a.tile")).to_have_count(before)
    people.locator("a.tile").nth(1).drag_to(people.locator("a.tile").first)
    expect(people.get_by_role("heading", name="Are these the same person?")).to_be_visible()


def test_hiding_sends_only_what_changed(people: Page) -> None:
    before = people.locator("a.tile").count()
    people.get_by_role("link", name="Hide people").click()
    people.locator(".tile-choice").first.click()
    expect(people.locator("[data-changed]")).to_have_text("1 change")
    with people.expect_request("**/visibility/") as sent:
        people.get_by_role("button", name="Done").click()
    assert (sent.value.post_data or "").count("shown=") == 1
    expect(people.locator("a.tile")).to_have_count(before - 1)
    people.locator(".toast-note .undo").click()
    expect(people.locator("a.tile")).to_have_count(before)


def test_the_review_is_answered_by_keys_and_by_swipes_and_taken_back(
    people: Page, product: Product, tmp_path: Path, chromium: Browser, cookies: StorageState, troubles: Troubles
) -> None:
    """An admin asks to be asked about everybody, so that the next video brings a question."""
    for tile in (0, 1):
        people.goto(f"{product.address}/people/")
        people.locator("a.tile").nth(tile).click()
        people.fill("[name=review_from]", "1")
        people.fill("[name=accept_from]", "100")
        people.get_by_role("button", name="Save").last.click()
        expect(people.locator(".history")).to_contain_text("matching strictness")
    _upload_one_portrait(people, product, tmp_path)
    people.goto(f"{product.address}/people/review/")
    left = people.locator(".head small")
    first = int((left.inner_text()).split()[0])
    assert first >= 1
    people.keyboard.press("s")
    expect(people.locator(".toast-note")).to_contain_text("Skipped")
    people.keyboard.press("n")
    expect(people.locator(".toast-note")).to_contain_text("are different people")
    expect(left).to_contain_text(str(first - 1))
    people.keyboard.press("u")
    expect(left).to_contain_text(str(first), timeout=LIVE_MS)
    phone = new_context(chromium, PHONE)
    phone.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
    _swipe_no(open_page(phone, troubles), people.url, first)
    phone.close()


def _swipe_no(page: Page, address: str, first: int) -> None:
    """To the left, and back by the toast."""
    page.goto(address)
    pair = page.locator(".review-pair")
    pair.scroll_into_view_if_needed()
    box = pair.bounding_box()
    assert box
    finger = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] * 0.8, box["y"] + 40
    for kind, at in (("touchStart", x), ("touchMove", x - 60), ("touchMove", x - 140), ("touchEnd", None)):
        points = [] if at is None else [{"x": at, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator(".toast-note")).to_contain_text("are different people")
    expect(page.locator(".head small")).to_contain_text(str(first - 1))
    page.locator(".toast-note .undo").click()
    expect(page.locator(".head small")).to_contain_text(str(first))


def _upload_one_portrait(page: Page, product: Product, tmp_path: Path) -> None:
    clip = _portrait_clip(tmp_path / "portrait.mp4", height=480)
    page.goto(f"{product.address}/videos/")
    upload(page, clip)
    expect(card(page, clip.stem)).to_contain_text(re.compile("1 person"), timeout=ANALYSED_MS)


def _portrait_clip(path: Path, height: int) -> Path:
    """Four seconds of a still portrait, so high in a larger picture."""
    picture, scale = next(iter(sample_pictures().values())), f"scale=640:{height}:force_original_aspect_ratio=decrease"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-loop", "1", "-i", str(picture), "-t", "4", "-r", "25"]
    subprocess.run([*command, "-vf", f"{scale},pad=640:480:-1:-1,format=yuv420p", str(path)], check=True)
    return path


def test_an_unclear_face_is_given_by_hand_and_taken_back(people: Page, product: Product, tmp_path: Path) -> None:
    """A face of 20 pixels: too small to tell who it is."""
    clip = _portrait_clip(tmp_path / "far away.mp4", height=80)
    people.goto(f"{product.address}/videos/")
    upload(people, clip)
    expect(card(people, clip.stem)).to_have_attribute("data-state", "done", timeout=ANALYSED_MS)
    card(people, clip.stem).locator("a.card-link").click()
    fold = people.locator("#unclear")
    expect(fold.locator("> summary")).to_have_text(re.compile(r"Unclear faces\s+1"))
    fold.locator("> summary").click()
    fold.locator(".unclear-moment").click()
    expect(people.locator(".face-box.is-unclear")).to_have_text("Unclear")
    fold.get_by_text("Who is this?").click()
    fold.locator("[name=name]").fill("Michael")
    people.keyboard.press("Enter")
    expect(people.locator(".toast-note")).to_contain_text("Gave 1 unclear face to Michael")
    expect(people.locator(".person-row")).to_contain_text("Michael", timeout=LIVE_MS)
    expect(fold).to_have_count(0)
    people.locator(".toast-note .undo").click()
    expect(fold).to_have_count(1, timeout=LIVE_MS)
    expect(people.locator(".person-row")).to_have_count(0)


HEARD = """
async (status) => (await import("rollcall/live-store")).offer({
  id: "j", subject: "s", kind: "analysis", status, stage: "", sequence: status === "done" ? 2 : 1, revision: 0,
  created: 1, started: 1, percent: 5, headline: "", detail: "",
})
"""
"""As if the team's socket had told of a video at work."""


def test_the_library_is_filtered_by_people(people: Page, product: Product, sample_clip: Path) -> None:
    people.locator("a.tile").first.click()
    people.locator(".person-head").get_by_role("link", name="Videos").click()
    expect(people).to_have_url(re.compile(r"/videos/\?person="))
    expect(card(people, sample_clip.stem)).to_have_count(1)
    people.locator(".chosen-filters").get_by_text("Exclude", exact=True).click()
    expect(people).to_have_url(re.compile(r"without="))
    expect(card(people, sample_clip.stem)).to_have_count(0)
    people.goto(f"{product.address}/videos/?select=1")
    menu = people.locator(".people-filter")
    menu.locator("summary").click()
    menu.get_by_role("searchbox").fill("nobody of this name")
    expect(menu.get_by_text("No one with this name.")).to_be_visible()
    menu.get_by_role("searchbox").fill("")
    menu.locator(".filter-people label").first.click()
    expect(people).to_have_url(re.compile(r"/videos/\?select=1&person="))  # at once, and the menu stays open
    expect(menu.locator("summary")).to_have_attribute("aria-current", "true")
    expect(people.locator(".card-choice").first).to_be_visible()
    expect(people.locator("[data-chosen]")).to_have_text("0 selected")
    expect(people.locator("#library-actions .btn").first).to_have_attribute("href", re.compile(r"^\?person="))
    expect(people.locator(".filter-end [role=status]")).to_have_text(re.compile(r"\d+ of \d+ video"))
    expect(menu.locator(".filter-people")).to_be_visible()
    people.evaluate(HEARD, "running")
    expect(people).to_have_title(re.compile(r"^\(1\) Videos"))
    people.evaluate(HEARD, "done")
    expect(people).to_have_title(re.compile(r"^Videos"))


def test_a_photo_finds_its_person(people: Page, product: Product) -> None:
    people.goto(f"{product.address}/videos/")
    people.set_input_files("#files", next(iter(sample_pictures().values())))
    people.locator(".upload-row").get_by_role("link", name="Find by photo").click()
    expect(people.locator(".photo-face").first).to_be_visible(timeout=30_000)
    expect(people.locator(".photo-matches li").first).to_contain_text("probably")


LONG_NAMES = (
    "Eileen Marguerite-Alexandra von Hohenstein-Königsberg zu Wolkenburg",
    "欧阳娜娜与她的朋友们在上海的夏天" * 3,
)


def test_long_names_stand_on_the_tiles_and_widen_no_page(people: Page, product: Product) -> None:
    links = [str(tile.get_attribute("href")) for tile in people.locator("a.tile").all()[:2]]
    for link, name in zip(links, LONG_NAMES, strict=True):
        people.goto(product.address + link)
        people.locator(".person-name summary").click()
        people.locator(".person-name [name=name]").fill(name)
        people.keyboard.press("Enter")
        expect(people.locator(".history li").first).to_contain_text(name[:20])
    for size in (PHONE, DESKTOP):
        people.set_viewport_size({"width": size[0], "height": size[1]})
        for address in ("/people/", *links, f"/videos/?person={links[0].split('/')[-2]}"):
            people.goto(product.address + address)
            assert scrolls_sideways(people) == 0, (size, address)
        people.goto(f"{product.address}/people/")
        picture, words = (people.locator(part).first.bounding_box() for part in (".tile-picture", ".tile-name"))
        assert picture and words and words["y"] + words["height"] <= picture["y"] + picture["height"] + 1
    for link in links:
        people.goto(product.address + link)
        people.locator(".history li:not(.is-undone) button").first.click()
        expect(people.locator(".history li").first).to_have_class("is-undone")


def test_appearances_are_moved_to_a_name_that_is_suggested(people: Page, product: Product, troubles: Troubles) -> None:
    troubles.expected = (409,)  # the question whether they are two
    link = str(people.locator("a.tile").first.get_attribute("href"))
    people.goto(product.address + link)
    people.locator(".person-name summary").click()
    people.locator(".person-name [name=name]").fill("Ottilie")
    people.keyboard.press("Enter")
    expect(people.locator(".history li").first).to_contain_text("“Ottilie”")
    people.goto(f"{product.address}/people/")
    people.locator("a.tile", has_not_text="Ottilie").first.click()
    expect(people.locator(".view-choice input").first).to_be_visible()
    for choice in people.locator(".view-choice input").all():  # one of them is beside Ottilie
        choice.check()
    people.locator(".mode-bar [name=name]").press_sequentially("otti")
    expect(people.locator(".mode-bar .suggestions li")).to_have_text(["Ottilie"])
    people.keyboard.press("ArrowDown")
    people.keyboard.press("Enter")
    expect(people.locator(".mode-bar [name=name]")).to_have_value("Ottilie")
    expect(people.locator(".mode-bar .suggestions")).to_be_hidden()
    people.get_by_role("button", name="Someone else").click()
    expect(people.locator("h1").first).to_contain_text("Ottilie is already on screen")
    people.goto(product.address + link)
    people.locator(".history button").first.click()
    expect(people.locator(".history li").first).to_have_class("is-undone")


def test_the_pages_fit_a_phone(people: Page, product: Product) -> None:
    people.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for address in ("/people/", "/people/?mode=hide", "/people/review/", "/people/photo/", "/videos/?select=1"):
        people.goto(product.address + address)
        assert scrolls_sideways(people) == 0, address
    people.goto(f"{product.address}/people/")
    people.locator("a.tile").first.click()
    expect(people.locator(".person-page")).to_be_visible()
    assert scrolls_sideways(people) == 0


def test_a_portrait_is_chosen_and_taken_back(people: Page) -> None:
    people.locator("a.tile").first.click()
    portrait = people.locator(".person-portrait img")
    before = str(portrait.get_attribute("src"))
    others = people.locator(".views li").filter(has_not=people.locator(f'img[src="{before}"]'))
    others.first.locator("input").check()
    people.get_by_role("button", name="Use as portrait").click()
    expect(people.locator(".toast-note")).to_contain_text("has a new portrait")
    expect(portrait).not_to_have_attribute("src", before)
    people.locator(".toast-note .undo").click()
    expect(portrait).to_have_attribute("src", before)


def test_two_merged_by_mistake_are_proposed_as_groups_split_and_all_is_undone(people: Page, product: Product) -> None:
    first, second = (str(tile.get_attribute("href")) for tile in people.locator("a.tile").all()[:2])
    people.goto(f"{product.address}{first}merge/?with={second.split('/')[-2]}&keep=1")
    people.get_by_role("button", name="Merge anyway").click()
    people.wait_for_url(f"**{first}")
    people.get_by_role("link", name="Split").click()
    groups = people.locator(".split-group")
    expect(groups.nth(1)).to_be_visible()
    groups.last.click()
    people.get_by_role("button", name="Split off").click()
    expect(people.locator(".toast-note")).to_contain_text("Moved")
    assert not people.url.endswith(first)
    people.locator(".toast-note .undo").click()
    people.wait_for_url(f"**{first}")
    expect(people.locator(".history li").first).to_have_class("is-undone")
    people.locator(".history li:not(.is-undone) button").first.click()
    expect(people.locator(".history li").nth(1)).to_have_class("is-undone")


def test_of_two_who_name_at_once_the_later_sees_what_happened(people: Page, troubles: Troubles) -> None:
    troubles.expected = (409,)
    people.locator("a.tile").first.click()
    expect(people.locator(".person-page")).to_be_visible()
    other = people.context.new_page()
    troubles.watch(other)
    other.goto(people.url)
    for page in (people, other):
        page.locator(".person-name summary").click()
    for page, name in ((people, "Ottilie"), (other, "Eileen")):
        page.locator(".person-name [name=name]").fill(name)
        page.keyboard.press("Enter")
        expect(page.locator(".toast-note").first).to_contain_text("“Ottilie”")
    expect(other.locator(".toast-note")).to_contain_text("Someone else changed this first")
    expect(other.locator(".person-name .row-name")).to_have_text("Ottilie", timeout=LIVE_MS)
    people.locator(".toast-note .undo").click()
    expect(other.locator(".person-name .row-name")).to_contain_text("Person", timeout=LIVE_MS)


def test_chosen_videos_are_deleted_and_brought_back(people: Page, product: Product, sample_clip: Path) -> None:
    people.goto(f"{product.address}/videos/?select=1")
    people.get_by_role("checkbox", name=sample_clip.stem).check()
    expect(people.locator("[data-chosen]")).to_have_text("1 selected")
    people.reload()
    expect(people.locator("[data-chosen]")).to_have_text("1 selected")
    people.get_by_role("button", name="Delete").last.click()
    expect(people.locator(".toast-note")).to_contain_text("undo this for 10 minutes")
    expect(card(people, sample_clip.stem)).to_have_count(0)
    people.locator(".toast-note .undo").click()
    expect(people.locator(".toast-note")).to_contain_text("Restored 1 video")
    expect(card(people, sample_clip.stem)).to_contain_text("2 people")


def test_the_search_of_every_page_is_used_by_keys(people: Page) -> None:
    names = [text.split("\n")[0] for text in people.locator("a.tile").all_inner_texts()]
    people.keyboard.press("/")
    field = people.get_by_role("combobox", name="Search people, videos, labels and datasets")
    expect(field).to_be_focused()
    field.fill(f"{names[0]} and {names[1]}")
    together = people.get_by_role("group", name="On screen together").get_by_role("option")
    expect(together).to_have_count(1)
    expect(people.locator(".search-status")).to_contain_text("Results: 3")
    people.keyboard.press("Escape")
    expect(field).not_to_be_visible()
    for key in ("/", "Escape", "/"):  # without a wait between
        people.keyboard.press(key)
    expect(together).to_be_visible()
    people.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", str(together.get_attribute("id")))
    people.keyboard.press("Enter")
    expect(people).to_have_url(re.compile(r"/videos/.+\?t=\d"))
