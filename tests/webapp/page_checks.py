"""Reads a rendered page and says what is wrong with its markup."""

import re
from html.parser import HTMLParser
from pathlib import Path

from django.conf import settings

DATA_BLOCKS = {"application/json"}
VOID_NAMES = {"hidden", "submit", "button"}
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (Path(settings.BASE_DIR) / "static/icons.svg").read_text()))


class PageChecker(HTMLParser):
    """Collects faults: inline code and styles, ids used twice, fields and pictures without words, unknown drawings."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: set[str] = set()
        self.label_targets: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.labels_open = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._check_policy(tag, given)
        self._check_words(tag, given)
        if name := given.get("id"):
            if name in self.ids:
                self.faults.append(f"id {name} twice")
            self.ids.add(name)
        if tag == "use" and (drawing := given["href"].partition("#")[2]) not in ICONS:
            self.faults.append(f"no drawing called {drawing}")

    def handle_endtag(self, tag: str) -> None:
        self.labels_open -= tag == "label"

    def _check_policy(self, tag: str, given: dict[str, str]) -> None:
        if tag == "style" or "style" in given:
            self.faults.append(f"inline style on {tag}")
        self.faults += [f"inline handler {name} on {tag}" for name in given if name.startswith("on")]
        is_data = given.get("type") in DATA_BLOCKS
        if tag == "script" and not ("src" in given or is_data or given.get("nonce")):
            self.faults.append("inline script without nonce")
        if any(value.strip().lower().startswith("javascript:") for value in given.values()):
            self.faults.append(f"javascript: address on {tag}")

    def _check_words(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img" and "alt" not in given:
            self.faults.append(f"picture without alt: {given.get('src')}")
        if tag == "label":
            self.labels_open += 1
            self.label_targets.add(given.get("for", ""))
        is_field = tag in ("input", "select", "textarea") and given.get("type") not in VOID_NAMES
        if is_field and not (self.labels_open or given.get("aria-label")):
            self.fields.append(given)


def faults_of(html: str) -> list[str]:
    checker = PageChecker()
    checker.feed(html)
    nameless = [f"no label for {f}" for f in checker.fields if f.get("id") not in checker.label_targets]
    unrendered = ["template code in the page"] if re.search(r"\{[{%#]|[%#}]\}", _without_data(html)) else []
    return checker.faults + nameless + unrendered


def _without_data(html: str) -> str:
    """The import map and the strings hold braces of their own."""
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
