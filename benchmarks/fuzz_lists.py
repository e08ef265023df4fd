"""Lists in archives (CSV, JSON, XML, YAML, text) with other cells, structures and encodings, as a worker reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.fuzz_archive_seeds import LISTS, beside, pictures, zipped
from benchmarks.fuzz_bytes import CHANGES
from benchmarks.fuzz_cases import UNWORDED, Missed
from benchmarks.fuzz_imports import ImportedArchives, can_be_read

ENCODINGS: tuple[str, ...] = (
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "cp1251",
    "gb18030",
)
ENCODINGS += ("cp932", "euc_kr", "cp1253", "latin-1", "utf-7")
ODD_TEXTS = (
    *("", " ", "\0", "\t", "\n", "\r", '"', '""', "'", ",", ";", "=1+1", "@x", "+1", "-", "../0.jpg", "C:\\0.jpg"),
    *("NaN", "inf", "-1", "1e999", "9" * 400, "0x10", "²", "１", "é", "e\u0301", "猫", "\u202e", "\ufeff", "\ufffe"),
    *(
        "🐈",
        "a" * 5000,
        "<b>",
        "&amp;",
        "%s",
        "{}",
        "null",
        "True",
        "Привет",
        "ελ",
        "İ",
        "ß",
        "\x85",
        "\u2028",
        "\x1b[0m",
    ),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 1e308, -0.0, float("nan"), float("inf"), "", [], {}),
    *([[]], [None], {"a": {}}, [1, 2], [1, 2, 3, 4, 5], [0, 0, 0, 0], "0", "\0", "\ud800", ["a"] * 50, 10**30),
)
XML_PARTS = (
    *(
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<?xml version='1.1'?>",
        "<!--",
        "-->",
    ),
    *("<![CDATA[", "]]>", "&lol;", "&#0;", "&#x110000;", "<object>", "</object>", "<a:b xmlns:a='x'/>", "<x " * 30),
)
YAML_PARTS = (
    *(
        "&a [x, x]\n",
        "*a",
        "!!python/object:os.system x\n",
        "names: *a\n",
        "- [\n",
        "? {a: b}\n",
        "%YAML 9.9\n",
        "---\n",
    ),
    *(
        "names: [0x" + "f" * 5000 + "]\n",
        "names: [cat, dog]\n",
        "names: 7\n",
        "names: {-1: a, x: b}\n",
        "nc: 99999999999\n",
        "\t- tab\n",
        "<<: {a: b}\n",
    ),
)
IMPORTED_EVERY = 20
"""The other lists are read alone, for which no dataset has to be filled."""
BLOCK_BYTES = 4096
CELL = re.compile(r"[^,;\t\n\r]+")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
TextChange = Callable[[str, Random], str]


def other_cell(text: str, random: Random) -> str:
    found = list(CELL.finditer(text))
    if not found:
        return random.choice(ODD_TEXTS)
    cell = random.choice(found)
    return text[: cell.start()] + random.choice(ODD_TEXTS) + text[cell.end() :]


def other_number(text: str, random: Random) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    number = random.choice(found)
    value = random.choice(("-1", "0", "1e400", "nan", "9" * 30, "9" * 5000, "0.0000001", "1e-320", "٣", "--1", ""))
    return text[: number.start()] + value + text[number.end() :]


def insert(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(ODD_TEXTS) * random.choice((1, 1, 1, 3, 400)) + text[at:]


def lines_moved(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or [text]
    at = random.randrange(len(lines))
    way = random.randrange(4)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines[at:at] = [lines[at]] * random.choice((1, 2, 2000))
    elif way == 2:
        random.shuffle(lines)
    else:
        lines[at] = lines[at].rstrip("\r\n") + random.choice(("\n", "\r", "\r\n", "\n\n", "", "\x0b", "\x85"))
    return "".join(lines)


def cut(text: str, random: Random) -> str:
    return text[: random.randint(0, len(text))]


def other_signs(text: str, random: Random) -> str:
    """Another sign for cells, other quotes, or brackets that do not fit."""
    old, new = random.choice(
        ((",", ";"), (",", "\t"), ('"', "'"), ("{", "["), ("]", "}"), (":", " "), (">", "/>"), ("\n", "\r"))
    )
    return text.replace(old, new, random.choice((1, 1, -1)))


def parts_of(choices: tuple[str, ...]) -> TextChange:
    """Returns a change that inserts one of these somewhere."""

    def insert_part(text: str, random: Random) -> str:
        at = random.choice((0, random.randint(0, len(text))))
        return text[:at] + random.choice(choices) + text[at:]

    return insert_part


def other_value(text: str, random: Random) -> str:
    """Another value somewhere in JSON, or a key that is lost, doubled or renamed, or deep nesting."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return insert(text, random)
    holders = _holders(content)
    if holders:
        holder = random.choice(holders)
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        way = random.randrange(4)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, list):
            holder += [holder[key]] * random.choice((1, 3, 500))
        elif way == 1:
            holder[random.choice((*ODD_TEXTS, "\ud800", "k" * 90_000))] = holder.pop(key)
        else:
            holder[key] = random.choice(ODD_VALUES)
    written = json.dumps(content, ensure_ascii=random.random() < 0.7)
    if random.random() < 0.1:
        place = random.choice([match.end() for match in re.finditer(": ", written)] or [0])
        much = random.choice(("[" * 100, "[" * 100_000, "9" * 5000, "-" + "9" * 400, '{"a":' * 2000))
        written = written[:place] + much + written[place:]
    return written


def _holders(content: Any) -> list[Any]:
    """Returns all objects and arrays that hold something."""
    below = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return ([content] if below else []) + [holder for each in below for holder in _holders(each)]


MOST_LETTERS = 100_000
"""Of a list before each change: parts that are repeated many times, again and again, fill the memory by themselves."""
ANY: tuple[TextChange, ...] = (other_cell, other_cell, other_number, insert, lines_moved, cut, other_signs)
OWN: dict[str, tuple[TextChange, ...]] = {
    "json": (other_value, other_value, other_value, *ANY),
    "xml": (parts_of(XML_PARTS), parts_of(XML_PARTS), *ANY),
    "yaml": (parts_of(YAML_PARTS), parts_of(YAML_PARTS), *ANY),
}


class ChangedLists(ImportedArchives):
    """A list of one kind with some changes, in one of several encodings, beside the pictures that it tells of."""

    name = "lists"

    def run(self, random: Random, number: int) -> str:
        return self._imported(random) if number % IMPORTED_EVERY == 0 else self._read(random)

    def _read(self, random: Random) -> str:
        """Has one list read by what an import has for it, without a dataset to fill."""
        from analysis.archives.list_text import Broken

        name = random.choice(tuple(LISTS))
        data = changed_list(LISTS[name], name, random)
        try:
            read_list(name, data)
        except Broken as broken:
            if not can_be_read(str(broken)):
                raise Missed(UNWORDED, repr(broken)) from broken
            return "broken"
        return "read"

    def _imported(self, random: Random) -> str:
        members = {}
        for name in random.sample(tuple(LISTS), random.choice((1, 1, 1, 2, 3))):
            members[name] = changed_list(LISTS[name], name, random)
            members |= beside(name, pictures() if random.random() < 0.2 else (b"", b""))
        return self.import_archive(zipped(members), random)


def read_list(name: str, data: bytes) -> None:
    """Raises Broken, also for a table that an import refuses by its size before it is read."""
    from analysis.archives import box_lists, listed_files, tables
    from analysis.archives.list_text import Broken

    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)] or [b""]
    if name.endswith(".csv"):
        if len(data) > tables.MOST_TABLE_BYTES:
            raise Broken(0, reason="large")
        tables.is_table_of_samples(blocks[0])
        tables.of_table(data, name)
    elif name == "result.json":
        listed_files.of_coco(blocks, name)
    else:
        read: Callable[[list[bytes], str], object] = {
            "rollcall.json": listed_files.own_labels,
            "data.yaml": box_lists.names_of_yaml,
            "Annotations/0.xml": box_lists.voc_marks,
            "labels/train/0.txt": box_lists.yolo_boxes,
            "classes.txt": box_lists.names_of_text,
        }[name]
        read(blocks, name)


def changed_list(text: str, name: str, random: Random) -> bytes:
    changes = OWN.get(name.rpartition(".")[2], ANY)
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        text = random.choice(changes)(text[:MOST_LETTERS], random)
    data = text.encode(random.choice(ENCODINGS), errors=random.choice(("replace", "replace", "ignore")))
    return random.choice(CHANGES)(data, random) if random.random() < 0.15 else data
