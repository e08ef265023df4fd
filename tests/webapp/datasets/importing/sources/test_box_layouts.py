"""Archives laid out for YOLO and for Pascal VOC: one class a picture is its label, several boxes are samples."""

import pytest

from analysis.archives import box_lists
from tests.factories_datasets import make_dataset, picture
from tests.webapp.datasets.importing.fillings import (
    fill_from_zip,
    job_of,
    labels_of,
    prepare_zip,
    run,
    samples_of,
    zipped,
)
from webapp.accounts.models import Team, User
from webapp.datasets.importing import words as importing_words
from webapp.datasets.labelling import queries

pytestmark = pytest.mark.django_db(transaction=True)


def png(seed: int) -> bytes:
    return picture(seed, width=100, height=80, suffix=".png")


YOLO: dict[str, bytes | str] = {
    "set/data.yaml": "train: train/images\nnames: [cat, dog]\n",
    "set/train/images/0.png": png(0),
    "set/train/labels/0.txt": "0 .5 .5 .4 .4\n0 .1 .1 .1 .1\n",
    "set/train/images/1.png": png(1),
    "set/train/labels/1.txt": "1 .5 .5 .4 .5\r\n0 0.1 0.1 0.2 0.1 0.2 0.9\n",
    "set/valid/images/2.png": png(2),
}


def test_yolo_beside_and_in_parts(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = fill_from_zip(dataset, alice, YOLO)
    assert of_import.counts == {"added": 4}
    assert labels_of(dataset) == {"0.png": "cat", "1.png #1": "dog", "1.png #2": "cat", "2.png": ""}
    whole, first, second, _plain = samples_of(dataset)
    assert [(row.width, row.height) for row in (whole, first, second)] == [(100, 80), (40, 40), (10, 64)]
    assert first.source == second.source != whole.source
    assert first.source_name == "set/train/images/1.png"
    assert [row["boxes"] for row in queries.rows(dataset, [1, 2, 4])] == [
        "2 boxes in set/train/images/0.png: cat at 30, 24 (40 × 32 px), cat at 5, 4 (10 × 8 px)",
        "Cut out of set/train/images/1.png: dog at 30, 20 (40 × 40 px)",
        "",
    ]


@pytest.mark.parametrize(
    ("parts", "expected", "said"),
    [
        ("keep", ["train", "train", "train", "validation"], ["Kept with their sets: Training 3 · Validation 1."]),
        ("drop", [""] * 4, []),
        ("", [""] * 4, []),
    ],
)
def test_folders_of_parts_are_kept_on_request(
    parts: str, expected: list[str], said: list[str], team: Team, alice: User
) -> None:
    dataset = make_dataset(team=team)
    of_import = fill_from_zip(dataset, alice, YOLO, parts=parts)
    assert [row.part for row in samples_of(dataset)] == expected
    assert importing_words.of_notes(of_import) == said


def test_a_folder_of_a_part_is_no_label_and_one_beside_others_is(team: Team, alice: User) -> None:
    divided, kinds = make_dataset(team=team), make_dataset(team=team, name="Vehicles")
    members = {"train/0.png": png(0), "Test2017/cat/1.png": png(1), "train/dog/2.png": png(2), "test/": b""}
    fill_from_zip(divided, alice, members, parts="keep")
    assert {row.name: row.part for row in samples_of(divided)} == {"0.png": "train", "1.png": "test", "2.png": "train"}
    assert labels_of(divided) == {"0.png": "", "1.png": "cat", "2.png": "dog"}
    assert set(divided.labels.values_list("name", flat=True)) == {"cat", "dog"}
    fill_from_zip(kinds, alice, {"train/0.png": png(0), "bus/1.png": png(1)}, parts="keep")
    assert labels_of(kinds) == {"0.png": "train", "1.png": "bus"} and not kinds.samples.exclude(part="").exists()


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({"data.yaml": "names:\n  0: Müller\n  7: yes\n"}, {"Müller"}),
        ({"data.yaml": "names: ['a: b', 3]"}, {"a: b"}),
        ({"classes.txt": "Katze\nHund\n"}, {"Katze"}),
        ({}, {"0"}),
    ],
    ids=["by number", "odd names", "plain text", "none"],
)
def test_names_of_classes(changes: dict[str, str], labels: set[str], team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    members: dict[str, bytes | str] = {"images/train/0.png": png(0), "labels/train/0.txt": "0 .5 .5 .4 .4"}
    of_import = fill_from_zip(dataset, alice, members | changes)
    assert of_import.counts == {"added": 1}
    assert set(labels_of(dataset).values()) == labels
    assert ["data.yaml" in words for words in importing_words.of_notes(of_import)] == [True] * (not changes)


def test_texts_beside_pictures_are_yolo_only_with_names(team: Team, alice: User) -> None:
    members: dict[str, bytes | str] = {"cat/0.png": png(0), "cat/0.txt": "1 .5 .5 .4 .4"}
    plain, named = make_dataset(team=team), make_dataset(team=team, name="Named")
    assert fill_from_zip(plain, alice, members).counts == {"added": 1, "not_a_sample": 1}
    assert labels_of(plain) == {"0.png": "cat"}
    fill_from_zip(named, alice, members | {"obj.names": "a\nb\n"})
    assert labels_of(named) == {"0.png": "b"}


def voc(*objects: tuple[str, int, int, int, int], head: str = "") -> str:
    boxes = "".join(
        f"<object><name>{name}</name><part><name>head</name></part><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, x1, y1, x2, y2 in objects
    )
    return f"<?xml version='1.0'?>{head}<annotation><filename>x</filename>{boxes}</annotation>"


def test_pascal_voc(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    members: dict[str, bytes | str] = {
        "VOC/JPEGImages/0.png": png(0),
        "VOC/Annotations/0.xml": voc(("cat", 1, 2, 30, 40)),
        "VOC/JPEGImages/1.png": png(1),
        "VOC/Annotations/1.xml": voc(("cat", 10, 20, 40, 60), ("dog", 50, 0, 100, 80)),
    }
    assert fill_from_zip(dataset, alice, members).counts == {"added": 3}
    assert labels_of(dataset) == {"0.png": "cat", "1.png #1": "cat", "1.png #2": "dog"}
    assert [(row.width, row.height) for row in samples_of(dataset)] == [(100, 80), (30, 40), (50, 80)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("labels/0.txt", "0 .5 .5 .4 .4\ncat", "line 2"),
        ("labels/0.txt", "0 .5 .5 .4 nan", "line 1"),
        ("data.yaml", "names: [a\n", "line 2"),
        ("data.yaml", "names: " + "[" * 5000, "deep"),
        ("data.yaml", "names: [" + "9" * 5000 + "]", "line 1"),
        ("images/0.xml", voc(("cat", 1, 2, 30, 40), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "DTD"),
        ("images/0.xml", voc(("cat", 30, 2, 1, 40)), "line 1"),
        ("images/0.xml", "<annotation>" + "<a>" * 100_000, "deep"),
        ("images/0.xml", "<?xml version='1.0' encoding='utf99'?><annotation/>", "encoding"),
        ("images/0.xml", "<?xml version='1.0' encoding='gbk'?><annotation/>", "encoding"),
        ("images/0.xml", "<?xml version='1.0' encoding='idna'?><annotation/>", "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, text: str, said: str, team: Team, alice: User) -> None:
    members: dict[str, bytes | str] = {"images/0.png": png(0), name: text}
    if name == "data.yaml":
        members["labels/0.txt"] = "0 .5 .5 .4 .4"
    of_import = run(prepare_zip(make_dataset(team=team), alice, zipped(members)))
    assert job_of(of_import).error_code == "broken_list"
    assert [name in words and said in words for words in importing_words.of_notes(of_import)] == [True]


def test_a_number_that_cannot_be_written_is_no_name() -> None:
    names = f"names: [cat, 0x{'f' * 5000}, 7, -{'9' * 30}]".encode()
    assert box_lists.names_of_yaml([names], "data.yaml") == {0: "cat", 2: "7"}
