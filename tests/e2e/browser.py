"""Chromium for tests and pictures: launch it, open pages of a size and theme, collect everything that goes wrong."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--process-per-site"]
"""The last: tabs of one visitor share a process, whose start costs more than any page."""
DESKTOP = (1320, 900)
PHONE = (390, 844)
Theme = Literal["light", "dark"]

WATCH_CSP = """
window.cspViolations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.cspViolations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""

# Lazy pictures outside of the window are never loaded, and their decode() never settles.
WAIT_FOR_PICTURES = """
() => Promise.all([...document.images].filter((image) => image.loading !== "lazy" || image.complete)
  .map((image) => image.decode().catch(() => null)))
"""


def chromium_path() -> str | None:
    """Debian's Chromium; None where there is none (then the tests that need it are skipped)."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


@dataclass
class Troubles:
    """What a page complained about. Empty is the only good answer."""

    expected: tuple[int, ...] = ()
    """Statuses that the test provokes on purpose (404, 409)."""
    console: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        self.pages.append(page)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("requestfailed", self._request_failed)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # A refused request is judged by its status below.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.console.append(f"{message.type}: {message.text}")

    def _request_failed(self, request: Request) -> None:
        # Leaving a page, seeking in a video and newer refreshes abort requests on purpose.
        if request.failure != "net::ERR_ABORTED":
            self.console.append(f"failed: {request.url} ({request.failure})")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.console.append(f"{response.status}: {response.url}")

    def all(self) -> list[str]:
        """Also asks open pages for violations of the content security policy."""
        violations = []
        for page in self.pages:
            if not page.is_closed():
                violations += page.evaluate("() => window.cspViolations ?? []")
        return self.console + [f"CSP: {words}" for words in violations]


@contextmanager
def browser() -> Iterator[Browser]:
    """One Chromium, closed at the end."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


def new_context(
    chromium: Browser, size: tuple[int, int] = DESKTOP, theme: Theme = "light", javascript: bool = True
) -> BrowserContext:
    """A visitor with cookies of their own; motion is reduced, so that pictures are equal each time."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        reduced_motion="reduce",
        java_script_enabled=javascript,
        has_touch=size[0] < 600,
    )
    if javascript:
        context.add_init_script(WATCH_CSP)
    return context


def open_page(context: BrowserContext, troubles: Troubles | None = None) -> Page:
    page = context.new_page()
    if troubles is not None:
        troubles.watch(page)
    return page


def sign_in(page: Page, base_url: str, email: str, password: str) -> None:
    page.goto(f"{base_url}/sign-in/")
    page.fill("[name=username]", email)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/videos/")


def create_owner(page: Page, welcome_url: str, email: str, password: str, name: str = "Alice") -> None:
    """Through the one-time link that `up` prints."""
    page.goto(welcome_url)
    page.fill("[name=name]", name)
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/videos/")


def screenshot(page: Page, path: Path, full_page: bool = True) -> Path:
    """Once its pictures are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if full_page:
        page.evaluate("() => { for (const image of document.images) image.loading = 'eager'; }")
    page.evaluate(WAIT_FOR_PICTURES)
    page.screenshot(path=str(path), full_page=full_page)
    return path


def scrolls_sideways(page: Page) -> int:
    """How many pixels the page is wider than the window; 0 is right."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))
