"""The real product, a real browser, and clips for them; a page that complains fails its test."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests import services
from tests.e2e.browser import Troubles, browser, chromium_path, create_owner, new_context, open_page
from tests.e2e.seeding import seed_session, seed_teams
from tests.factories import PASSWORD
from tests.migrated import copy_migrated
from tests.product import Product

KILLING = "tests/e2e/killing/"
LONG_CLIP_REPEATS = 10


@pytest.fixture(scope="session", autouse=True)
def nothing_of_this_process() -> None:
    """These tests know the product by its pages alone; they touch no row and no setting of the test process."""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Closed behind the last of these tests: while it is open its event loop runs, and asynchronous tests cannot."""
    if chromium_path() is None:
        pytest.skip("Chromium is not installed")
    with browser() as chromium:
        yield chromium


def is_killed(items: list[pytest.Item]) -> bool:
    """Whether tests of this process kill what the product runs, its queue as well, which has to be its own then."""
    is_shared_out = "PYTEST_XDIST_WORKER" in os.environ  # to another process than that of the other tests here
    ids = [os.environ["PYTEST_CURRENT_TEST"]] if is_shared_out else [item.nodeid for item in items]
    return any(each.startswith(KILLING) for each in ids)


@pytest.fixture(scope="package")
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for all files here, each with a team of its own in it, and another for those that kill its processes."""
    data_dir = tmp_path_factory.mktemp("product") / "data"
    copy_migrated(tmp_path_factory, data_dir / "rollcall.sqlite3")
    services.serve_product(data_dir, own_queue=is_killed(request.session.items))
    product = Product(data_dir, None, **services.variables_of(data_dir)).wait_until_ready()
    yield product
    assert product.stop() == 0, product.out


@pytest.fixture(scope="package")
def first_owner(chromium: Browser, product: Product) -> StorageState:
    """Cookies of the person who came through the one-time link."""
    context = new_context(chromium)
    create_owner(open_page(context), product.owner_link, "alice@example.org", PASSWORD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="package")
def newsrooms(product: Product, first_owner: StorageState) -> None:
    """A team for each file of tests here."""
    seed_teams(product.data_dir, [path.stem for path in Path(__file__).parent.rglob("test_*.py")])


@pytest.fixture(scope="module")
def newsroom(request: pytest.FixtureRequest, newsrooms: None) -> str:
    """Name of the team that only the tests of this file work in: what others left in the product is not seen there."""
    return str(request.node.path.stem)


@pytest.fixture(scope="package")
def owners_browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of its own. What it loaded serves all pages of all files: with nothing in its cache it spends two
    seconds of the processor on the first one."""
    context = new_context(chromium)
    yield context
    context.close()


@pytest.fixture(scope="module")
def window(owners_browser: BrowserContext, product: Product, newsroom: str) -> Iterator[Page]:
    """Where the owner of this file's team is signed in."""
    session = seed_session(product.data_dir, f"{newsroom}@example.org")
    owners_browser.clear_cookies()
    owners_browser.add_cookies([{"name": session["name"], "value": session["value"], "url": product.address}])
    page = open_page(owners_browser)
    page.goto(f"{product.address}/videos/")
    page.goto(f"{product.address}/healthz")  # a page that asks for nothing any more
    yield page
    page.close()


@pytest.fixture(scope="module")
def cookies(window: Page) -> StorageState:
    """Of the owner of this file's team."""
    return window.context.storage_state()


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def page(product: Product, window: Page, cookies: StorageState, troubles: Troubles) -> Iterator[Page]:
    """A page of the signed-in owner, on the library; nothing that the page of another test stored is there."""
    context = window.context
    page = open_page(context, troubles)
    page.goto(f"{product.address}/videos/")
    yield page
    complaints = troubles.all()
    for opened in context.pages:
        if opened is not window:
            opened.close()
    window.evaluate("() => localStorage.clear()")
    context.clear_cookies()
    context.add_cookies(cookies["cookies"])  # type: ignore[arg-type]
    assert not complaints


@pytest.fixture(scope="session")
def sample_clip(tmp_path_factory: pytest.TempPathFactory, sample_film: Path) -> Path:
    """24 s with two people, who are also seen side by side."""
    path = tmp_path_factory.mktemp("clips") / "Zwei Frauen 两位女士.mp4"
    path.write_bytes(sample_film.read_bytes())
    return path


@pytest.fixture(scope="session")
def long_clip(sample_clip: Path) -> Path:
    """Four minutes, the sample over and over: long enough to interrupt its upload and its analysis."""
    path = sample_clip.with_name("long.mp4")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stream_loop", str(LONG_CLIP_REPEATS - 1)]
    subprocess.run([*command, "-i", sample_clip, "-c", "copy", path], check=True)
    return path
