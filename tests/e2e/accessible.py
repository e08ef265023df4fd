"""Checks pages for everybody: axe, a walk by Tab, targets for fingers, narrow windows. Findings are worded for whoever
has to mend the page."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
OWN = Path(__file__).with_name("page_checks.js")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_THEME = ["color-contrast", "link-in-text-block"]
"""The rules of which another theme changes the answer."""
OF_LANGUAGE = ["html-has-lang", "html-lang-valid", "valid-lang", "label", "button-name", "link-name", "document-title"]
"""And those of which another language does."""
NARROW_PX = (390, 320)
FIND = """
async ([run, part]) => {
  const options = { runOnly: run, resultTypes: ["violations"], preload: false };
  const { violations } = await window.axe.run(part, options);
  const words = ({ html, target, any }) => [target.join(" "), `${any[0]?.message ?? ""} ${html}`];
  return violations.map(({ id, help, nodes }) => [id, help, nodes.map(words)]);
}
"""


@cache
def _source() -> str:
    return AXE.read_text() + OWN.read_text()


def findings(page: Page, part: str = "html") -> list[str]:
    """What axe finds on this page, or in a part of it, as it stands: rule, selector and element."""
    return _axe(page, {"type": "tag", "values": LEVELS}, part)


def findings_of_rules(page: Page, rules: list[str]) -> list[str]:
    return _axe(page, {"type": "rule", "values": rules}, "html")


def keyboard_findings(page: Page, part: str = "body") -> list[str]:
    """Presses Tab from the start of a part of the page to its end: all is reached, in order, seen and not covered."""
    _prepare(page)
    for _ in range(page.evaluate("(part) => checks.begin(part)", part) + 1):
        page.keyboard.press("Tab")
    return list(page.evaluate("() => checks.end()"))


def narrow_findings(page: Page) -> list[str]:
    """Targets of 24 px and nothing wider than the window, on a phone and on the narrowest that WCAG asks for."""
    _prepare(page)
    found: list[str] = []
    for width in NARROW_PX:
        page.set_viewport_size({"width": width, "height": 844})
        found += page.evaluate("() => checks.overflow()")
        if width == NARROW_PX[0]:
            found += page.evaluate("() => [...checks.targets(), ...checks.moving()]")
    page.set_viewport_size({"width": NARROW_PX[0], "height": 844})
    return found


def closed_findings(page: Page) -> list[str]:
    """Opens each menu, popover and dialog of a kind that was not seen before, and looks into it."""
    _prepare(page)
    found: list[str] = []
    while part := page.evaluate("() => checks.openNext()"):
        found += findings(page, part)
        found += page.evaluate("(part) => [...checks.targets(part), ...checks.overflow()]", part)
        page.evaluate("() => checks.close()")
    return found


def _prepare(page: Page) -> None:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())  # not as an element, which the content security policy would refuse


def _axe(page: Page, run: dict[str, Any], part: str) -> list[str]:
    _prepare(page)
    found = page.evaluate(FIND, [run, part])
    return [f"{rule} ({help_}) at {where}: {html[:200]}" for rule, help_, nodes in found for where, html in nodes]
