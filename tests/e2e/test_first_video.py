"""The main job as a person does it: upload, watch people appear, look, jump, name, come back."""

import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.browser import PHONE, scrolls_sideways
from tests.waiting import wait_for

ANALYSED_MS = 60_000
LISTEN = """
() => {
  window.said = [];
  const hear = (records) => {
    for (const { addedNodes } of records) window.said.push(...[...addedNodes].map((node) => node.textContent));
  };
  new MutationObserver(hear).observe(document.getElementById("announcements"), { childList: true });
}
"""


DISAGREE = """
() => {
  window.disagreed = [];
  const look = () => {
    const chips = document.querySelector(".filter-states")?.innerText ?? "";
    const headline = document.querySelector(".video-card [data-headline]")?.innerText;
    const isDone = headline === "Done" || document.querySelector('.video-card[data-state="done"]');
    if (isDone && chips.includes("Analysing")) window.disagreed.push([headline, chips]);
    requestAnimationFrame(look);
  };
  look();
}
"""
"""Looks at every frame whether the only card says that its video is done while the counts say that it is not."""


def card(page: Page, title: str) -> Locator:
    return page.locator(".video-card").filter(has=page.locator(f'a.card-link[title="{title}"]'))


def upload(page: Page, path: Path) -> Locator:
    page.set_input_files("input[type=file]", path)
    return card(page, path.stem)


def player_time_s(page: Page) -> float:
    return float(page.evaluate("() => document.querySelector('video').currentTime"))


def test_a_video_becomes_people_one_can_jump_to_and_name(page: Page, sample_clip: Path) -> None:
    expect(page.locator(".drop")).to_be_visible()
    page.evaluate(DISAGREE)
    upload(page, sample_clip)
    expect(card(page, sample_clip.stem)).to_contain_text("2 people", timeout=ANALYSED_MS)
    assert page.evaluate("() => window.disagreed") == []
    expect(page.locator(".drop")).to_be_hidden()
    expect(page.get_by_role("link", name="Select")).to_be_visible()
    card(page, sample_clip.stem).locator("a.card-link").click()
    rows = page.locator(".person-row")
    expect(rows).to_have_count(2)

    _jump_with_the_time_bar(page, rows)
    _name(page, rows)
    assert scrolls_sideways(page) == 0
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert scrolls_sideways(page) == 0
    page.evaluate("() => scrollTo(0, 0)")
    lane, bar = rows.first.bounding_box(), page.locator("nav").first.bounding_box()
    assert lane and bar and lane["y"] + lane["height"] <= bar["y"]


def _jump_with_the_time_bar(page: Page, rows: Locator) -> None:
    """The first row's last appearance begins near 19.6 s; the address keeps the moment over a reload."""
    segments = rows.first.locator(".time-bar rect")
    expect(segments).to_have_count(3)
    box = segments.last.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(lambda: 19 < player_time_s(page) < 24, what="the player jumps")
    expect(page).to_have_url(re.compile(r"[?&]t=2\d"))
    page.reload()
    wait_for(lambda: 19 < player_time_s(page) < 24, what="the moment after a reload")


def _name(page: Page, rows: Locator) -> None:
    rows.first.locator("summary").click()
    rows.first.locator("input[name=name]").fill("Eileen 艾琳")
    page.keyboard.press("Enter")
    expect(rows.first.locator(".row-name")).to_have_text("Eileen 艾琳")
    undo = page.locator(".toast-note .undo").first
    expect(undo).to_be_visible()
    _lies_beside_what_one_works_on(page)
    undo.click()
    expect(rows.first.locator(".row-name")).to_have_text(re.compile(r"Person \d+"))
    # A name changes nothing about who is in the picture.
    expect(rows.first).to_have_class(re.compile("is-on-screen"))
    expect(rows.first.locator(".now-line")).to_be_visible()


def _lies_beside_what_one_works_on(page: Page) -> None:
    note = page.locator(".toast-note").bounding_box()
    for part in ("on-screen-now", ".lanes", ".controls"):
        place = page.locator(part).bounding_box()
        assert note and place and not _overlap(note, place), part


def test_boxes_lie_on_the_faces_of_the_shown_frame(page: Page, sample_clip: Path) -> None:
    card(page, sample_clip.stem).locator("a.card-link").click()
    expect(page.locator(".person-row")).to_have_count(2)
    boxes = page.locator("face-boxes > *:visible")
    expect(boxes.first).to_be_visible()  # it opens where somebody is seen
    page.evaluate("() => { document.querySelector('video').currentTime = 12; }")
    expect(boxes).to_have_count(2)
    frame = page.locator(".player").bounding_box()
    places = [boxes.nth(n).bounding_box() for n in range(2)]
    assert frame
    labels = [boxes.nth(n).locator("span").bounding_box() for n in range(2)]
    for label in labels:
        assert label and not any(_overlap(label, place) for place in places if place)
    centres = sorted((p["x"] + p["width"] / 2 - frame["x"]) / frame["width"] for p in places if p)
    # In this scene the two are side by side: one face in the left half, one in the right.
    assert 0.15 < centres[0] < 0.35
    assert 0.65 < centres[1] < 0.85
    page.locator("summary", has_text="Export").click()
    page.get_by_role("link", name="Blurred picture").click()
    expect(page.locator("[name=time_s]")).to_have_value("12.000")


def _overlap(one: FloatRect, other: FloatRect) -> bool:
    """By more than half a pixel, to which places are rounded."""
    wide = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    high = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    return min(wide, high) > 0.5


def test_the_page_stays_where_it_is_and_the_player_in_sight(page: Page, sample_clip: Path) -> None:
    card(page, sample_clip.stem).locator("a.card-link").click()
    expect(page.locator(".person-row")).to_have_count(2)
    expect(page.locator(".face-box").first).to_be_visible()
    expect(page.locator(".now-person:visible").first).to_be_visible()
    for size in (PHONE, (1280, 420)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        place = _scrolled(page)
        assert place > 0
        for part in (".row-face", ".row-facts", ".time-bar"):
            # Where a finger would meet it; Playwright's own click scrolls first.
            page.locator(".person-row").last.locator(part).dispatch_event("click", {"clientX": 300})
            expect(page.locator(".person-row").last).to_have_class(re.compile("is-selected"))
        page.locator(".face-box").first.dispatch_event("click")
        assert _scrolled(page) == place
        expect(page.locator(".player")).to_be_in_viewport(ratio=0.95)


def _scrolled(page: Page) -> float:
    return float(page.evaluate("() => scrollY"))


def test_keys_go_from_person_to_person_and_only_one_of_them_is_played(page: Page, sample_clip: Path) -> None:
    card(page, sample_clip.stem).locator("a.card-link").click()
    rows = page.locator(".person-row")
    expect(rows).to_have_count(2)
    page.keyboard.press("Shift+N")
    expect(rows.first).to_have_class(re.compile("is-selected"))
    page.keyboard.press("Shift+N")
    expect(rows.last).to_have_class(re.compile("is-selected"))
    page.keyboard.press("Shift+P")
    page.keyboard.press("n")
    expect(page.locator("[data-place]")).to_contain_text("2 of")
    name = str(rows.first.get_attribute("data-label"))
    page.keyboard.press("o")
    expect(page.locator("[data-only-words]")).to_have_text(re.compile(rf"^Only {name} · \d of \d$"))
    expect(page).to_have_url(re.compile("only=here"))
    spans = json.loads(str(rows.first.get_attribute("data-appearances")))
    gap = next((one[1] + other[0]) / 2 for one, other in pairwise(spans))
    page.evaluate("(time) => { document.querySelector('video').currentTime = time; }", gap)
    beyond = next(start for start, _ in spans if start > gap)
    wait_for(lambda: player_time_s(page) >= beyond - 0.5, what="the player leaves out where somebody else is seen")
    page.keyboard.press("Escape")
    expect(page.locator("[data-only-note]")).to_be_hidden()
    rows.first.locator("person-name summary").click()
    rows.first.locator("[name=name]").fill("Kim")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place]")).to_contain_text("Kim: ")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-place]")).to_contain_text(f"{name}: ")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Previous / next person")


def test_the_same_file_again_is_recognised(page: Page, sample_clip: Path, tmp_path: Path) -> None:
    again = tmp_path / "renamed copy.mp4"
    again.write_bytes(sample_clip.read_bytes())
    upload(page, again)
    row = page.locator(".refused li", has_text="renamed copy")
    expect(row).to_contain_text(re.compile("already here", re.IGNORECASE), timeout=30_000)
    expect(card(page, "renamed copy")).to_have_count(0)


def test_a_screen_reader_hears_of_the_end(page: Page, sample_clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "heard.mp4"
    path.write_bytes(sample_clip.read_bytes() + bytes(8))  # not the same file again
    page.goto(re.sub(r"/videos/.*", "/videos/upload/", page.url))
    page.evaluate(LISTEN)
    page.set_input_files("input[type=file]", path)
    row = page.locator("upload-row", has_text="heard.mp4")
    expect(row.locator("[data-words]")).to_contain_text("Done", timeout=ANALYSED_MS)
    wait_for(lambda: len(page.evaluate("() => window.said")) > 1, what="the end, said a moment later")
    said = page.evaluate("() => window.said")
    assert said == ["heard.mp4: Uploaded", "heard.mp4: The analysis is done."]


def test_what_is_no_video_is_refused_in_plain_words_and_can_be_dismissed(page: Page, tmp_path: Path) -> None:
    junk = tmp_path / "holiday.mp4"
    junk.write_bytes(b"<script>alert(1)</script>" * 40)
    upload(page, junk)
    tray = page.locator(".upload-tray")
    expect(tray).to_contain_text("not a video")
    tray.get_by_role("button", name="Remove all").click()
    expect(tray).to_be_hidden()
    expect(card(page, "holiday")).to_have_count(0)

    junk.write_bytes(bytes(40) + b"<script>alert(1)</script>" * 40)  # only the server sees through it
    upload(page, junk)
    row = page.locator(".refused li", has_text="holiday")
    expect(row).to_contain_text("not a video", timeout=30_000)
    expect(card(page, "holiday")).to_have_count(0)
    page.locator(".refused summary").click()
    row.locator("a").first.click()
    page.get_by_role("button", name="Delete").first.click()
    expect(page).to_have_url(re.compile(r"/videos/$"))
    expect(page.locator("main")).not_to_contain_text("holiday")


def test_an_end_whose_begin_was_never_told_is_shown(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.wait_for_function("() => import('rollcall/live-store').then(({ isNews }) => isNews())")

    def refreshes() -> bool:
        end = {"id": str(uuid4()), "subject": "b", "kind": "check", "status": "failed", "started": 1, "sequence": 3}
        page.evaluate("(end) => import('rollcall/live-store').then(({ offer }) => offer(end))", end)
        page.wait_for_timeout(300)
        return "/videos/changes/" in asked

    wait_for(refreshes, what="the library asks what has changed")


def test_every_tab_shows_the_same_without_a_reload(page: Page, sample_clip: Path) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    card(other, sample_clip.stem).locator("a.card-link").click()
    other.locator("summary[aria-label='More actions']").click()
    other.get_by_role("button", name="Delete").first.click()
    expect(card(page, sample_clip.stem)).to_have_count(0, timeout=10_000)
    other.locator(".toast-note .undo").click()
    expect(card(other, sample_clip.stem)).to_contain_text("2 people")
    page.reload()
    expect(card(page, sample_clip.stem)).to_contain_text("2 people")
