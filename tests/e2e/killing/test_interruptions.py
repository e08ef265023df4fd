"""One long video through everything that goes wrong: reload, killed web server, killed worker, killed queue."""

import re
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from tests.e2e.browser import Troubles
from tests.product import Product

SLOW_BYTES_PER_S = 4_000_000
CHUNK_BYTES = 8 * 1024**2
RECOVERED_MS = 180_000


def slow_down(page: Page, bytes_per_s: int) -> None:
    """-1 takes the limit away."""
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def sent_from(request: Request) -> int | None:
    """The offset of a chunk; None for other requests."""
    return int(request.headers["upload-offset"]) if request.method == "PATCH" else None


def test_an_upload_and_an_analysis_survive_reload_and_kills(
    page: Page, troubles: Troubles, product: Product, long_clip: Path
) -> None:
    # A killed server means refused requests and broken sockets; the page has to live with them. As with the last bytes
    # of a request that was cut, which may come after the next one has asked how many there are: it asks again.
    troubles.expected = (409, 500, 502, 503)
    slow_down(page, SLOW_BYTES_PER_S)
    with page.expect_request(lambda request: sent_from(request) == CHUNK_BYTES, timeout=40_000):
        page.set_input_files("input[type=file]", long_clip)
    page.reload()
    expect(page.locator("upload-row")).to_contain_text(re.compile("choose the file again", re.IGNORECASE))

    slow_down(page, SLOW_BYTES_PER_S)
    with page.expect_request(lambda request: sent_from(request) is not None, timeout=40_000) as resumed:
        page.set_input_files("input[type=file]", long_clip)
    assert CHUNK_BYTES <= (sent_from(resumed.value) or 0) < 2 * CHUNK_BYTES, "it did not go on where it was"
    for process in product.children("webapp.supervisor.web"):
        process.kill()

    card = page.locator(".video-card").filter(has=page.locator(f'a.card-link[title="{long_clip.stem}"]'))
    expect(card).to_contain_text(re.compile("Looking|Finding"), timeout=RECOVERED_MS)
    card.locator("a.card-link").click()
    expect(page.locator(".found-faces img").first).to_be_visible(timeout=30_000)
    assert page.locator(".person-row").count() == 0, "it is killed too late for this test to say anything"
    for words in (["celery", "analysis@"], ["valkey-server"]):
        product.child(*words).kill()

    expect(page.locator(".person-row")).to_have_count(2, timeout=RECOVERED_MS)
    # Each person is on screen for a little over half of the four minutes; anything found twice would show here.
    for row in page.locator(".person-row .row-facts").all_inner_texts():
        share = re.search(r"(\d+)\s?%", row)
        assert share and 45 <= int(share.group(1)) <= 60, row
    page.goto(f"{product.address}/videos/")
    expect(card).to_have_count(1)
    troubles.console = [line for line in troubles.console if not _is_about_the_dead_server(line)]


def _is_about_the_dead_server(line: str) -> bool:
    return bool(re.search("ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket|ERR_NETWORK", line))
