"""README and user guide say the same in every language, and call things as the pages do."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.guards.test_documents import PROJECT, anchors_of, without_code
from tests.guards.translations import path_of

PAIRS = [
    (PROJECT / "README.md", PROJECT / "README.zh-hans.md"),
    (PROJECT / "docs/guide/en.md", PROJECT / "docs/guide/zh-hans.md"),
]
GUIDES = PAIRS[1]
SECTION = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
BOLD = re.compile(r"\*\*(.+?)\*\*")
CODE = re.compile(r"`([^`\n]+)`")
COMMENT = re.compile(r"\s+# .*")


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.name)
def test_both_begin_with_a_link_to_the_other(english: Path, chinese: Path) -> None:
    for one, other in ((english, chinese), (chinese, english)):
        assert f"]({other.name})" in one.read_text().splitlines()[0]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.name)
def test_both_have_the_same_sections_commands_and_names(english: Path, chinese: Path) -> None:
    first, second = english.read_text(), chinese.read_text()
    assert anchors_of(english)[1:] == anchors_of(chinese)[1:]  # but for the title
    assert [COMMENT.sub("", block) for block in BLOCK.findall(first)] == [
        COMMENT.sub("", block) for block in BLOCK.findall(second)
    ]
    assert sorted(set(CODE.findall(without_code(first)))) == sorted(set(CODE.findall(without_code(second))))


def bold_by_section(path: Path) -> dict[str, list[str]]:
    """What stands in bold is what a page says: by the anchor of its section."""
    parts = SECTION.split(without_code(path.read_text()))
    return {
        anchor: [bold.rstrip("。.：") for bold in BOLD.findall(text)]
        for anchor, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_the_guide_calls_things_as_the_pages_do() -> None:
    with path_of("zh-hans").open("rb") as file:
        words = {str(message.id): str(message.string) for message in read_po(file) if not message.pluralizable}
    english, chinese = map(bold_by_section, GUIDES)
    unknown = [bold for section in english.values() for bold in section if bold not in words]
    assert not unknown
    assert {anchor: sorted(words[bold] for bold in section) for anchor, section in english.items()} == {
        anchor: sorted(section) for anchor, section in chinese.items()
    }
