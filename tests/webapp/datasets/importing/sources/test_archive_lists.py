"""Lists in ZIP files as other programs, systems and strangers write them: encodings, paths, letters, floods."""

import json
import tracemalloc
import unicodedata
from collections.abc import Iterator
from typing import Literal

import pytest

from analysis.archives import json_rows, list_text, tables
from analysis.archives.list_text import Broken
from analysis.archives.listed_files import of_coco
from tests.factories_datasets import make_dataset, picture
from tests.webapp.datasets.importing.fillings import fill_from_zip, job_of, labels_of, prepare_zip, run, zipped
from webapp.accounts.models import Team, User
from webapp.datasets.importing import words as importing_words

database = pytest.mark.django_db(transaction=True)
COCO = {"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": [], "categories": []}


def blocks(text: str | bytes, size: int = 7) -> Iterator[bytes]:
    data = text.encode() if isinstance(text, str) else text
    return (data[at : at + size] for at in range(0, len(data), size))


@database
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_tables_come_in_the_encodings_of_spreadsheets(codec: str, team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    table = "file;label\r\n1.jpg;Müller\r\n2.jpg;Özil\r\n".encode(codec)
    of_import = fill_from_zip(dataset, alice, {"1.jpg": picture(1), "2.jpg": picture(2), "list.csv": table})
    assert labels_of(dataset) == {"1.jpg": "Müller", "2.jpg": "Özil"}
    assert ["Windows-1252" in words for words in importing_words.of_notes(of_import)] == [True] * (codec == "cp1252")


@pytest.mark.parametrize(
    ("codec", "labels"),
    [
        ("cp1250", "Łódź człowiek"),
        ("cp1251", "Улыбка кот"),
        ("cp1253", "Γάτα σκύλος"),
        ("cp1254", "Ağaç şişe"),
        ("gb18030", "微笑 中文 猫"),
        ("shift_jis", "笑顔 ネコ いぬ"),
    ],
)
def test_code_pages_are_told_by_their_words(codec: str, labels: str) -> None:
    data = "file,label\n" + "".join(f"{word}.png,{word}\n" for word in labels.split())
    encoding = list_text.encoding_of(data.encode(codec))
    assert data.encode(codec).decode(encoding.codec) == data
    assert encoding.guessed


@database
def test_what_may_be_two_encodings_is_refused_with_their_names(team: Team, alice: User) -> None:
    table = "file,label\n1.jpg,고양이\n".encode("euc_kr")
    of_import = run(prepare_zip(make_dataset(team=team), alice, zipped({"1.jpg": picture(1), "list.csv": table})))
    assert job_of(of_import).error_code == "broken_list"
    assert ["EUC-KR / GB18030" in words for words in importing_words.of_notes(of_import)] == [True]


@database
@pytest.mark.parametrize(("form", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_letters_are_compared_composed(
    form: Literal["NFC", "NFD"], other: Literal["NFC", "NFD"], team: Team, alice: User
) -> None:
    """A Mac decomposes names of files; lists are written on any system."""
    dataset = make_dataset(team=team)
    table = unicodedata.normalize(other, "file,label\nÉté/ä.jpg,Élodie\n")
    fill_from_zip(dataset, alice, {unicodedata.normalize(form, "Été/ä.jpg"): picture(1), "list.csv": table})
    assert list(labels_of(dataset).values()) == ["Élodie"]


@database
@pytest.mark.parametrize(
    "path",
    [
        "..\\..\\media\\upload\\4\\ab-1.jpg",
        "C:\\Users\\me\\ab-1.jpg",
        "/home/me/ab-1.jpg",
        "https://example.org/media/ab-1.jpg?token=1/2",
        "/data/local-files/?d=set%2Fab-1.jpg",
    ],
)
def test_paths_of_other_programs_are_found_by_their_last_part(path: str, team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    listed = COCO | {
        "images": [{"id": 1, "file_name": path}, {"id": 2, "file_name": "../twice.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 0}],
        "categories": [{"id": 0, "name": "cat"}],
    }
    members = {"pictures/ab-1.jpg": picture(1), "a/twice.jpg": picture(2), "b/twice.jpg": picture(3)}
    of_import = fill_from_zip(dataset, alice, members | {"result.json": json.dumps(listed)})
    assert of_import.counts == {"added": 1, "unreadable": 1}
    assert list(labels_of(dataset).values()) == ["cat"]


@database
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", json.dumps(COCO).replace("1", "9" * 5000, 1), "images[0]"),
        ("a.json", json.dumps(COCO).replace("1", "[" * 100_000, 1), "deep"),
        ("rollcall.json", "[" * 100_000 + "]" * 100_000, "deep"),
        ("a.json", '{"images":[' + "{}," * 100_000 + '{}],"annotations":[]}', "images[0]"),
        ("a.json", json.dumps(COCO)[:-1] + ', "info": "' + "x" * 5_000_000 + '"}', "larger"),
        ("sources.csv", b"file,source\n1.jpg,a\n2.jpg,\xff\xfe\n", "line 3"),
    ],
    ids=["number", "nested", "own nested", "empty objects", "one large value", "unknown encoding"],
)
def test_a_hostile_list_is_refused_by_name(name: str, text: str | bytes, said: str, team: Team, alice: User) -> None:
    of_import = run(prepare_zip(make_dataset(team=team), alice, zipped({"1.jpg": picture(1), name: text})))
    assert job_of(of_import).error_code == "broken_list"
    assert [name in words and said in words for words in importing_words.of_notes(of_import)] == [True]


def test_a_long_list_takes_the_memory_of_a_row() -> None:
    row = '{"id": 7, "segmentation": [' + "1," * 200 + "1]},"
    text = ('{"info": [' + row * 40_000 + '{}], "images": [], "annotations": []}').encode()
    tracemalloc.start()
    try:
        assert of_coco(blocks(text, 1024**2), "a.json").listed == []
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024**2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_rows_are_the_same_in_blocks_of_any_size(size: int, encoding: str) -> None:
    content = {"a": 12345, "rows": [{"x": [1, -2.5e3, "é\n\\u12", None]}, 17, "😀"], "none": [], "b": {"c": True}}
    text = json.dumps(content, indent=1, ensure_ascii=False).encode(encoding)
    read: dict[str, object] = {}
    for key, number, row in json_rows.rows(blocks(text, size)):
        if number is None:
            read[key] = row
        else:
            array = read[key]
            assert isinstance(array, list) and len(array) == number
            array.append(row)
    assert read == content


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a"', '{"a":1', '{"a":[1,', '{"a":[1 2]}', '{"a":1}x', "\xff", "nul"]
)
def test_broken_json_is_broken(text: str) -> None:
    with pytest.raises(Broken):
        list(json_rows.rows(blocks(text.encode("latin-1"))))


def test_text_that_databases_refuse_is_mended() -> None:
    listed = COCO | {"images": [{"id": 1, "file_name": "a\0\ud800.jpg", "rollcall": {"source": "\ud800", "x": "y"}}]}
    found = of_coco(blocks(json.dumps(listed)), "a.json").listed[0]
    assert (found.file, found.row) == ("a?.jpg", {"source": "?"})
    huge = COCO | {"annotations": [{"image_id": 1, "bbox": [0, 0, 10**400, float("nan")]}]}
    assert of_coco(blocks(json.dumps(huge)), "a.json").listed[0].marks[0].box_xywh is None


@database
@pytest.mark.parametrize("key", ["\\ud800", "\\u0000", "k" * 100_000])
def test_where_a_list_is_broken_is_said_whatever_stands_there(key: str, team: Team, alice: User) -> None:
    """Databases take neither halves of letters nor zeros, and nobody reads a page of them."""
    text = f'{{"images": [], "annotations": [], "{key}": {"9" * 5000}}}'
    name = "n" * 1000 + ".json"
    of_import = run(prepare_zip(make_dataset(team=team), alice, zipped({name: text})))
    assert job_of(of_import).error_code == "broken_list"
    (said,) = importing_words.of_notes(of_import)
    assert said.encode().count(0) == 0 and len(said) < 500


def test_what_a_row_nests_is_no_cell() -> None:
    deep = '{"source": ' + "[" * 5 + "]" * 5 + ', "second": 1.5, "identity": "Ada", "name": null}'
    text = f'{{"images": [{{"id": 1, "file_name": "1.jpg", "rollcall": {deep}}}], "annotations": []}}'
    assert of_coco(blocks(text), "a.json").listed[0].row == {"second": "1.5", "identity": "Ada"}


@pytest.mark.parametrize("between", [b"ab,", b'"\n",ab,'])
def test_a_row_of_millions_of_cells_is_refused_before_it_fills_the_memory(between: bytes) -> None:
    rows = b"a.png,cat\n" * 50
    assert len(tables.of_table(b"file,label\n" + rows, "labels.csv")) == 50
    wide = b"file,label\n" + rows + between * 1_500_000 + b"\n"
    with pytest.raises(Broken) as refused:
        tables.of_table(wide, "labels.csv")
    assert refused.value.line > 51
