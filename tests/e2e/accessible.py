"""Axe in the pages: rules of WCAG 2.2 A and AA that a machine can check, worded for whoever has to mend a page."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIND = """
async ([run]) => {
  const { violations } = await window.axe.run(document, { runOnly: run, resultTypes: ["violations"] });
  const words = ({ html, target, any }) => [target.join(" "), `${any[0]?.message ?? ""} ${html}`];
  return violations.map(({ id, help, nodes }) => [id, help, nodes.map(words)]);
}
"""


@cache
def _source() -> str:
    return AXE.read_text()


def findings(page: Page) -> list[str]:
    """What axe finds on this page as it stands: rule, selector and element."""
    return _findings(page, {"type": "tag", "values": LEVELS})


def contrast_findings(page: Page) -> list[str]:
    """The one rule of which another theme changes the answer."""
    return _findings(page, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]})


def _findings(page: Page, run: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())  # not as an element, which the content security policy would refuse
    found = page.evaluate(FIND, [run])
    return [f"{rule} ({help_}) at {where}: {html[:200]}" for rule, help_, nodes in found for where, html in nodes]
