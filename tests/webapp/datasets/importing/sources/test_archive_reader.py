"""ZIP files from strangers and from honest people: bombs, escapes, links, passwords, names in any script, lists."""

import io
import json
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.archives import zip_archive
from analysis.archives.errors import ArchiveTooLarge, NotAnArchive
from analysis.images.read import decode_picture
from tests.analysis.images.picture_files import made
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
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets import cleanup as datasets_cleanup
from webapp.datasets.importing import queries
from webapp.datasets.importing import words as importing_words
from webapp.datasets.models import Import, Label
from webapp.datasets.services import label_called
from webapp.jobs.models import Status

database = pytest.mark.django_db(transaction=True)


def refused(of_import: Import) -> str:
    """The code with which it failed; nothing was added."""
    job = job_of(run(of_import))
    assert job.status == Status.FAILED
    assert of_import.samples.count() == 0
    return job.error_code


def zip_at(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# Hostile ones


@database
@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"no zip at all", zipped({"a": b"b"})[:-10]],
    ids=["empty", "two letters", "text", "cut off"],  # bytes with a time of day in them are no name for a test
)
def test_what_is_no_zip_is_refused(content: bytes, team: Team, alice: User) -> None:
    of_import = prepare_zip(make_dataset(team=team), alice, content or b"\0")
    assert refused(of_import) == "not_an_archive"


@database
def test_a_bomb_is_refused_by_what_its_directory_promises(team: Team, alice: User) -> None:
    content = bytearray(zipped({"a.png": bytes(1024)}, compression=zipfile.ZIP_DEFLATED))
    at = content.rindex(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<L", 2 * 1024**3)
    of_import = prepare_zip(make_dataset(team=team), alice, bytes(content))
    assert refused(of_import) == "archive_too_large"


@pytest.mark.parametrize("small", [(0xFFFF, 0xFFFFFFFF), (1, 52)], ids=["it says so", "it says nothing"])
def test_a_directory_of_millions_is_refused_before_it_is_read(small: tuple[int, int], tmp_path: Path) -> None:
    content = zipped({"a.jpg": b"x"})
    at = content.rindex(zip_archive.END)
    locator = zip_archive.LOCATOR + struct.pack("<LQL", 0, at, 1)
    end64 = zip_archive.END64 + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 10**9, 10**9, 10**12, 0)
    end = zip_archive.END + struct.pack("<4H2LH", 0, 0, small[0], *small, 0xFFFFFFFF, 0)
    path = zip_at(tmp_path / "a.zip", content[:at] + end64 + locator + end)
    assert zip_archive.directory_facts(path) == (10**9, 10**12)
    with pytest.raises(ArchiveTooLarge), zip_archive.opened(path):
        pass


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "MOST_ENTRIES", 3)
    path = zip_at(tmp_path / "a.zip", zipped({f"{n}": b"" for n in range(4)}))
    with pytest.raises(ArchiveTooLarge), zip_archive.opened(path):
        pass


def test_the_directory_is_measured_where_python_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "directory_facts", lambda path: (1, 1))
    path = zip_at(tmp_path / "a.zip", zipped({f"{n}": b"" for n in range(4)}))
    for limit, most in (("MOST_ENTRIES", 3), ("MOST_DIRECTORY_BYTES", 100)):
        with monkeypatch.context() as patched:
            patched.setattr(zip_archive, limit, most)
            with pytest.raises(ArchiveTooLarge), zip_archive.opened(path):
                pass


def test_a_member_that_says_less_than_it_holds_is_cut_at_what_it_says(tmp_path: Path) -> None:
    """50 kB that hold 50 MB take neither memory nor space on the disk."""
    content = bytearray(zipped({"a.png": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED))
    at = content.rindex(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<L", 10)
    path = zip_at(tmp_path / "a.zip", bytes(content))
    with zip_archive.opened(path) as archive:
        tracemalloc.start()
        try:
            with pytest.raises(zip_archive.DAMAGES):
                assert sum(map(len, archive.blocks(archive.files[0]))) <= 10
            assert tracemalloc.get_traced_memory()[1] < 2 * 1024**2
        finally:
            tracemalloc.stop()


@database
@pytest.mark.parametrize(("method", "name"), [(9, "Deflate64"), (12, "bzip2"), (14, "LZMA"), (77, "77")])
def test_other_methods_than_deflate_are_refused_by_name(method: int, name: str, team: Team, alice: User) -> None:
    content = bytearray(zipped({"a/1.jpg": picture(1)}))
    for signature, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        content[content.index(signature) + offset] = method
    of_import = prepare_zip(make_dataset(team=team), alice, bytes(content))
    assert refused(of_import) == "unsupported_compression"
    of_import.refresh_from_db()
    assert importing_words.of_notes(of_import) == [f"“a/1.jpg” is packed with {name}."]


@database
def test_a_damaged_member_is_said_and_the_others_come(team: Team, alice: User) -> None:
    content = bytearray(zipped({"a/1.jpg": picture(1), "a/2.jpg": picture(2)}))
    at = content.index(picture(1))
    content[at + 200 : at + 210] = bytes(10)
    of_import = run(prepare_zip(make_dataset(team=team), alice, bytes(content)))
    assert of_import.counts == {"unreadable": 1, "added": 1}
    assert [problem.name for problem in of_import.problems.all()] == ["1.jpg"]


@database
def test_a_zip_with_a_password_is_refused(team: Team, alice: User) -> None:
    content = bytearray(zipped({"a/1.jpg": picture(1)}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    assert refused(prepare_zip(make_dataset(team=team), alice, bytes(content))) == "encrypted_archive"


@database
def test_links_are_left_alone(team: Team, alice: User, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture(9))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("a/link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(secret))
        archive.writestr("a/fine.jpg", picture(1))
    dataset = make_dataset(team=team)
    of_import = run(prepare_zip(dataset, alice, buffer.getvalue()))
    assert of_import.counts == {"not_a_sample": 1, "added": 1}
    assert labels_of(dataset) == {"fine.jpg": "a"}


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_archive(name: str) -> None:
    parts, is_odd = zip_archive.split(name)
    assert not any(part in ("", ".") or "/" in part or "\\" in part for part in parts)
    assert is_odd or ".." not in parts


@given(st.binary(max_size=400))
def test_any_bytes_are_a_zip_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = zip_at(tmp_path_factory.mktemp("zips") / "a.zip", content)
    try:
        with zip_archive.opened(path):
            pass
    except (NotAnArchive, ArchiveTooLarge):
        pass


# Honest ones


@database
def test_folders_are_labels_in_any_script(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    names = ["lächeln", "微笑", "улыбка", "ابتسامة", "笑顔 😀"]
    fill_from_zip(dataset, alice, {f"{name}/{n}.jpg": picture(n) for n, name in enumerate(names)})
    assert labels_of(dataset) == {f"{n}.jpg": name for n, name in enumerate(names)}


def with_raw_name(raw: bytes, extra: bytes = b"") -> bytes:
    """A ZIP whose one member bears these bytes as its name, without the UTF-8 flag."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("x" * len(raw))
        info.extra = extra
        archive.writestr(info, picture(1))
    return buffer.getvalue().replace(b"x" * len(raw), raw)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("lächeln/1.jpg".encode("cp437"), "lächeln/1.jpg"),
        ("微笑/1.jpg".encode(), "微笑/1.jpg"),
        (b"plain/1.jpg", "plain/1.jpg"),
    ],
)
def test_names_without_the_utf8_flag_are_read_as_meant(raw: bytes, name: str, tmp_path: Path) -> None:
    with zip_archive.opened(zip_at(tmp_path / "a.zip", with_raw_name(raw))) as archive:
        assert [entry.name for entry in archive.files] == [name]


def test_a_name_repeated_in_utf8_counts(tmp_path: Path) -> None:
    name = "微笑/1.jpg".encode()
    extra = struct.pack("<HHBL", zip_archive.UNICODE_PATH, 5 + len(name), 1, 0) + name
    content = with_raw_name("微笑/1.jpg".encode("gbk"), extra)
    with zip_archive.opened(zip_at(tmp_path / "a.zip", content)) as archive:
        assert [entry.name for entry in archive.files] == ["微笑/1.jpg"]


@database
def test_empty_folders_become_labels_and_what_systems_leave_is_nothing(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    members = {"smile/1.jpg": picture(1), "no smile/": b"", "__MACOSX/smile/._1.jpg": b"x", "smile/.DS_Store": b"x"}
    of_import = fill_from_zip(dataset, alice, members | {"Thumbs.db": b"x"})
    assert of_import.counts == {"added": 1}
    assert set(dataset.labels.values_list("name", flat=True)) == {"smile", "no smile"}


@database
@pytest.mark.parametrize(("one", "two"), [("Smile", "smile"), ("УЛЫБКА", "улыбка")])
def test_folders_that_differ_in_case_are_one_label_and_that_is_said(
    one: str, two: str, team: Team, alice: User
) -> None:
    dataset = make_dataset(team=team)
    of_import = fill_from_zip(dataset, alice, {f"{one}/1.jpg": picture(1), f"{two}/2.jpg": picture(2)})
    assert Label.objects.filter(dataset=dataset).count() == 1
    assert set(labels_of(dataset).values()) == {Label.objects.get(dataset=dataset).name}
    assert [one in words and two in words for words in importing_words.of_notes(of_import)] == [True]


@database
def test_a_folder_that_wraps_everything_is_no_label(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    fill_from_zip(dataset, alice, {"all/a/1.jpg": picture(1), "all/b/2.jpg": picture(2)})
    assert labels_of(dataset) == {"1.jpg": "a", "2.jpg": "b"}


@database
def test_sources_beside_the_folders_are_taken_over(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    table = "file,source\na/1.jpg,Monday\nb/2.jpg,Tuesday\n"
    fill_from_zip(dataset, alice, {"a/1.jpg": picture(1), "b/2.jpg": picture(2), "sources.csv": table})
    assert {row.name: row.source for row in samples_of(dataset)} == {"1.jpg": "Monday", "2.jpg": "Tuesday"}


@database
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_list_names_files_and_labels(delimiter: str, team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    rows = [["Filename", "Class"], ["1.jpg", "smile"], ["2.jpg", ""], ["gone.jpg", "smile"]]
    table = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    of_import = fill_from_zip(dataset, alice, {"p/1.jpg": picture(1), "p/2.jpg": picture(2), "list.csv": table})
    assert labels_of(dataset) == {"1.jpg": "smile", "2.jpg": ""}
    assert [problem.name for problem in of_import.problems.all()] == ["list.csv:4 · gone.jpg"]


@database
@pytest.mark.parametrize(
    ("table", "line"),
    [
        (b"file,label\n1.jpg,a\n,b\n", 3),
        (b"file,label\n1.jpg,a\n2.jpg,b,c,d\n", 3),
        (b"file,label\n1.jpg,a\n2.jpg,\xff\xfe\n", 3),
        (b'file,label\n1.jpg,a\n2.jpg,"open\n', 3),
    ],
)
def test_a_broken_csv_fails_and_names_the_line(table: bytes, line: int, team: Team, alice: User) -> None:
    members = {"1.jpg": picture(1), "2.jpg": picture(2), "list.csv": table}
    of_import = prepare_zip(make_dataset(team=team), alice, zipped(members))
    assert refused(of_import) == "broken_list"
    of_import.refresh_from_db()
    assert [f"line {line}" in words for words in importing_words.of_notes(of_import)] == [True]
    assert not queries.can_resume(of_import)
    datasets_cleanup.clean_up()
    assert storage.names(of_import.inbox_prefix) == []


def coco(**changes: Any) -> str:
    content = {
        "images": [{"id": 1, "file_name": "1.png", "width": 100, "height": 80}, {"id": 2, "file_name": "2.png"}],
        "categories": [{"id": 5, "name": "cat"}, {"id": 6, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 5, "bbox": [10, 20, 30, 40]},
            {"id": 2, "image_id": 1, "category_id": 6, "bbox": [50.0, 0.0, 50.0, 80.0]},
        ],
    }
    return json.dumps(content | changes)


def two_pictures() -> dict[str, bytes]:
    return {f"images/{n}.png": picture(n, width=100, height=80, suffix=".png") for n in (1, 2)}


@database
def test_each_box_of_a_coco_list_is_a_sample(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = fill_from_zip(dataset, alice, two_pictures() | {"annotations.json": coco()})
    assert of_import.counts == {"added": 3}
    assert labels_of(dataset) == {"1.png #1": "cat", "1.png #2": "dog", "2.png": ""}
    first, second, whole = samples_of(dataset)
    assert [(row.width, row.height) for row in (first, second, whole)] == [(30, 40), (50, 80), (100, 80)]
    original = cv2.imdecode(np.frombuffer(two_pictures()["images/1.png"], np.uint8), cv2.IMREAD_COLOR)
    cut = cv2.imdecode(np.frombuffer(storage.read_bytes(first.key), np.uint8), cv2.IMREAD_COLOR)
    assert original is not None and cut is not None
    assert np.array_equal(cut, original[20:60, 10:40])
    assert storage.read_bytes(whole.key) == two_pictures()["images/2.png"]


@database
def test_pictures_of_telephones_come_as_pictures_that_browsers_show(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    members = {"cat/IMG_1.HEIC": made("heic", orientation=6), "dog/a.avif": made("avif"), "dog/b.png": made("heic")}
    assert fill_from_zip(dataset, alice, members).counts == {"added": 3}
    assert labels_of(dataset) == {"IMG_1.HEIC": "cat", "a.avif": "dog", "b.png": "dog"}
    assert [(row.width, row.height) for row in samples_of(dataset)] == [(40, 60), (60, 40), (60, 40)]
    for row in samples_of(dataset):
        assert row.media_type == "image/jpeg"
        stored = storage.read_bytes(row.key)
        assert stored.startswith(b"\xff\xd8") and decode_picture(stored, row.name).shape == (row.height, row.width, 3)


@database
def test_boxes_are_where_a_turned_picture_shows_them(team: Team, alice: User) -> None:
    """The camera held it on its side: 60 x 40 are stored, 40 x 60 are seen, and the upper half is red."""
    dataset = make_dataset(team=team)
    marks = [{"image_id": 1, "category_id": 5, "bbox": [0, 0, 40, 30]}, {"image_id": 1, "bbox": [0, 0, 40, 60]}]
    listed = coco(images=[{"id": 1, "file_name": "1.heic"}], annotations=marks)
    fill_from_zip(dataset, alice, {"1.heic": made("heic", orientation=6), "coco.json": listed})
    half, whole = samples_of(dataset)
    assert [(row.width, row.height) for row in (half, whole)] == [(40, 30), (40, 60)]
    red = decode_picture(storage.read_bytes(half.key), "half")
    assert red[:25, :, 2].min() > 180


@database
def test_unknown_categories_come_without_a_label_and_that_is_said(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    marks = [{"image_id": 1, "category_id": 99, "bbox": [0, 0, 20, 20]}]
    of_import = fill_from_zip(dataset, alice, two_pictures() | {"coco.json": coco(annotations=marks)})
    assert set(labels_of(dataset).values()) == {""}
    assert [words.startswith("1 box") for words in importing_words.of_notes(of_import)] == [True]


@database
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (coco()[:-30], "line 1"),
        ('{"images": [],\n"annotations": [\n{,}]}', "line 3"),
        (coco(images=[{"id": 1}]), "images[0]"),
        (coco(annotations=[{"image_id": 1}, 7]), "annotations[1]"),
        (coco(categories={}), "categories"),
    ],
)
def test_a_broken_coco_list_fails_and_names_the_place(text: str, said: str, team: Team, alice: User) -> None:
    of_import = prepare_zip(make_dataset(team=team), alice, zipped(two_pictures() | {"coco.json": text}))
    assert refused(of_import) == "broken_list"
    of_import.refresh_from_db()
    assert [said in words for words in importing_words.of_notes(of_import)] == [True]


@database
def test_more_labels_than_a_dataset_can_have(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.datasets.services.MOST_LABELS", 2)
    dataset = make_dataset(team=team)
    label_called(dataset, "a")
    of_import = fill_from_zip(dataset, alice, {f"{name}/{name}.jpg": picture(ord(name)) for name in "abc"})
    assert labels_of(dataset) == {"a.jpg": "a", "b.jpg": "b", "c.jpg": ""}
    assert len(importing_words.of_notes(of_import)) == 1
