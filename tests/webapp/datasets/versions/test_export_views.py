"""Exports: whatever goes out in any form comes back the same, and is sent without being gathered in memory."""

import csv
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import reverse

from tests.factories_datasets import make_dataset, picture
from tests.moving_picture import write_clip
from tests.webapp.datasets.importing.fillings import (
    fill_from_zip,
    prepare_pictures,
    prepare_zip,
    run,
    samples_of,
    zipped,
)
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, DatasetKind, Import, Label, Sample, Source, Version, VersionSample
from webapp.datasets.services import edit_label, label_called
from webapp.datasets.versions.export_formats import FORMS
from webapp.datasets.versions.export_queries import Contents, file_name, folders_of, safe_name

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ["lächeln", "微笑", "улыбка", "a/b:c?", "CON", "smile.", "x" * 80, "x" * 79 + "y", "Smile "]
COLUMNS = (
    *("sha256", "label__name", "source", "source_name", "identity", "time_s", "sequence", "name", "is_left_out"),
    "part",
)
BOXES = ("boxes__picture", "boxes__boxes", "boxes__is_cut_out", "boxes__width", "boxes__height")


def contents_of(dataset: Dataset) -> set[tuple[Any, ...]]:
    return set(Sample.objects.filter(dataset=dataset, removed_at=None).values_list(*COLUMNS))


def labels_of(dataset: Dataset) -> list[tuple[str, int, str]]:
    return list(Label.objects.filter(dataset=dataset).values_list("name", "hue", "key"))


def exported(dataset: Dataset, form: str, version: Version | None = None) -> bytes:
    return b"".join(FORMS[form](Contents(dataset, version)))


def rich_dataset(team: Team, alice: User) -> Dataset:
    """Labels in many scripts and one without samples, unlabelled samples, origins, a left-out one."""
    dataset = make_dataset(team=team)
    for name in NAMES:
        label_called(dataset, name)
    edit_label(Label.objects.get(dataset=dataset, name="微笑"), name="微笑", hue=7, key="q")
    run(prepare_pictures(dataset, alice, {f'{n} ü,".png': picture(n, suffix=".png") for n in range(12)}))
    labels = list(dataset.labels.all())[:-1]
    for number, sample in enumerate(samples_of(dataset)):
        sample.label = labels[number] if number < len(labels) else None
        sample.source, sample.source_name = f"source {number % 3}", f"Quelle {number % 3}"
        sample.identity, sample.sequence = f"who {number % 2}", f"track {number % 4}"
        sample.time_s, sample.is_left_out = number / 3, number == 2
        sample.save()
    return dataset


@pytest.mark.parametrize("form", ["zip", "coco", "yolo", "csv"])
def test_what_goes_out_comes_back_the_same(form: str, team: Team, alice: User) -> None:
    dataset = rich_dataset(team, alice)
    back = make_dataset(team=team, name="Back")
    of_import = run(prepare_zip(back, alice, exported(dataset, form)))
    assert of_import.counts == {"added": 12}
    assert contents_of(back) == contents_of(dataset)
    assert labels_of(back) == labels_of(dataset)


def boxed_dataset(team: Team, alice: User) -> Dataset:
    """A picture of two classes, cut up, one of two boxes of one class, and one of none; in two sets."""
    members: dict[str, bytes | str] = {
        "data.yaml": "names: [cat, dog]",
        **{f"images/{part}/{n}.png": picture(n, suffix=".png") for n, part in enumerate(("train", "train", "val"))},
        "labels/train/0.txt": "0 .5 .5 .4 .4\n1 .25 .25 .3 .3\n",
        "labels/train/1.txt": "1 .5 .5 .5 .5\n1 .125 .125 .25 .25\n",
    }
    dataset = make_dataset(team=team, name="Boxed")
    fill_from_zip(dataset, alice, members, parts="keep")
    return dataset


def boxes_of(dataset: Dataset) -> list[tuple[Any, ...]]:
    return list(dataset.samples.order_by("sha256").values_list("sha256", "part", *BOXES))


@pytest.mark.parametrize("form", ["zip", "coco", "yolo", "csv"])
def test_boxes_and_parts_come_back_the_same(form: str, team: Team, alice: User) -> None:
    dataset, back = boxed_dataset(team, alice), make_dataset(team=team, name="Back")
    kept = boxes_of(dataset)
    assert len(kept) == 4 and {row[1] for row in kept} == {"train", "validation"}
    assert sum(row[2] is not None for row in kept) == 3
    run(prepare_zip(back, alice, exported(dataset, form)))
    assert boxes_of(back) == kept


def test_boxes_go_out_as_other_programs_read_them(team: Team, alice: User) -> None:
    dataset = boxed_dataset(team, alice)
    whole = dataset.samples.get(boxes__is_cut_out=False)
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "yolo"))) as archive:
        lines = archive.read(f"train/labels/{whole.number:06d}.txt").decode()
        crop = archive.read(f"train/labels/{1:06d}.txt").decode()
        assert "val: val/images" in archive.read("data.yaml").decode()
    assert lines == "1 0.5 0.5 0.5 0.5\n1 0.125 0.125 0.25 0.25\n" and crop == "0 0.5 0.5 1 1\n"
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "coco"))) as archive:
        annotations = json.loads(archive.read("annotations.json"))["annotations"]
    assert [each["bbox"] for each in annotations if each["image_id"] == whole.number] == [
        [whole.width / 4, whole.height / 4, whole.width / 2, whole.height / 2],
        [0, 0, whole.width / 4, whole.height / 4],
    ]
    assert len({each["id"] for each in annotations}) == len(annotations) == 4


@pytest.mark.parametrize(("form", "table"), [("zip", "sources.csv"), ("csv", "samples.csv")])
def test_no_cell_is_run_as_a_formula_and_all_come_back_as_they_were(
    form: str, table: str, team: Team, alice: User
) -> None:
    dataset = make_dataset(team=team)
    for name in ("=1+1", "@SUM(1)", "-cmd", "'=1"):
        label_called(dataset, name)
    run(prepare_pictures(dataset, alice, {f'=HYPERLINK("http:x{n}").png': picture(n) for n in range(5)}))
    labels = list(dataset.labels.all())
    for number, sample in enumerate(samples_of(dataset)):
        sample.label = labels[number] if number < len(labels) else None
        sample.source, sample.source_name, sample.identity = f"+{number}.png", "＝1+1", f"'=@{number}"
        sample.save()
    content = exported(dataset, form)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        rows = list(csv.reader(io.StringIO(archive.read(table).decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=+@-\t\r＝" and cell]
    back = make_dataset(team=team, name="Back")
    run(prepare_zip(back, alice, content))
    assert contents_of(back) == contents_of(dataset)
    assert labels_of(back) == labels_of(dataset)


@pytest.mark.parametrize("form", ["zip", "coco", "csv"])
def test_clips_come_back_too(form: str, team: Team, alice: User, tmp_path: Path) -> None:
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    members = {f"wave/{n}.mp4": write_clip(tmp_path / f"{n}.mp4", seconds=0.5, seed=n) for n in range(2)}
    fill_from_zip(dataset, alice, members | {"still/empty/": b""})
    back = make_dataset(team=team, kind=DatasetKind.CLIPS)
    of_import = run(prepare_zip(back, alice, exported(dataset, form)))
    assert of_import.counts == {"added": 2}
    assert contents_of(back) == contents_of(dataset)
    assert labels_of(back) == labels_of(dataset)


def test_a_folder_for_each_label_and_sources_is_what_training_reads(team: Team, alice: User) -> None:
    dataset = rich_dataset(team, alice)
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "zip"))) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("sources.csv").decode("utf-8-sig"))))
        names = set(archive.namelist())
        folders = {name.rstrip("/") for name in names if name.endswith("/")}
    assert len(folders) == len(NAMES)
    assert {row["file"] for row in rows} == {name for name in names if name.endswith(".png")}
    assert {row["source"] for row in rows} == {"source 0", "source 1", "source 2"}
    assert {row["file"].partition("/")[0] for row in rows if "/" in row["file"]} <= folders


def test_wrapped_into_another_folder_it_still_comes_back(team: Team, alice: User) -> None:
    """As it is when somebody unpacks and packs it again."""
    dataset = rich_dataset(team, alice)
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "zip"))) as archive:
        members = {f"my export/{name}": archive.read(name) for name in archive.namelist()}
    back = make_dataset(team=team)
    run(prepare_zip(back, alice, zipped(members)))
    assert contents_of(back) == contents_of(dataset)


def freeze(dataset: Dataset) -> Version:
    version = Version.objects.create(dataset=dataset, number=3, fingerprint="abc", keep_together="source", seed=1)
    parts = ["train", "validation", "test"]
    for number, sample in enumerate(samples_of(dataset)):
        if sample.label:
            frozen = {"label": sample.label.name, "source": sample.source, "part": parts[number % 3]}
            VersionSample.objects.create(version=version, sample=sample, **frozen)
    return version


def test_a_version_goes_out_as_it_was_frozen(team: Team, alice: User) -> None:
    dataset = rich_dataset(team, alice)
    version = freeze(dataset)
    label = Label.objects.get(dataset=dataset, name="улыбка")
    edit_label(label, name="grin", hue=1, key="")
    Sample.objects.filter(dataset=dataset).update(label=None, removed_at=dataset.created_at)
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "csv", version))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("samples.csv").decode("utf-8-sig"))))
        described = json.loads(archive.read("rollcall.json"))
    assert len(rows) == version.samples.count() == 8
    assert {row["part"] for row in rows} == {"train", "validation", "test"}
    assert "улыбка" in {row["label"] for row in rows}
    assert "улыбка" in {row["name"] for row in described["labels"]}
    assert described["version"] == 3


def test_yolo_without_our_table_still_has_its_labels(team: Team, alice: User) -> None:
    """As another program reads it: parts are folders, a text beside each picture, the names of the classes."""
    dataset = rich_dataset(team, alice)
    version = freeze(dataset)
    with zipfile.ZipFile(io.BytesIO(exported(dataset, "yolo", version))) as archive:
        members = {
            name: archive.read(name) for name in archive.namelist() if name not in ("samples.csv", "rollcall.json")
        }
    folders = {name.rpartition("/")[0] for name in members if "/" in name}
    assert folders == {f"{part}/{kind}" for part in ("train", "val", "test") for kind in ("images", "labels")}
    back = make_dataset(team=team, name="Back")
    assert run(prepare_zip(back, alice, zipped(members))).counts == {"added": 8}
    assert set(back.samples.values_list("sha256", "label__name")) == set(
        version.samples.values_list("sample__sha256", "label")
    )


def test_an_empty_dataset_goes_out_too(team: Team) -> None:
    for form in FORMS:
        with zipfile.ZipFile(io.BytesIO(exported(make_dataset(team=team), form))) as archive:
            assert archive.testzip() is None


def test_names_suit_every_system() -> None:
    labels = [Label(name=name) for name in [*NAMES, "", "..", "aux.txt", "LPT1", "a\\b", "tab\tnew\nline", "smile"]]
    folders = folders_of(labels)
    assert len({folder.casefold() for folder in folders.values()}) == len(folders)
    for folder in folders.values():
        assert not set(folder) & set('<>:"/\\|?*\t\n')
        assert folder.strip(" .") == folder and folder
        assert folder.split(".")[0].lower() not in ("con", "aux", "lpt1")
    assert safe_name("微笑") == "微笑"


def many_samples(dataset: Dataset, user: User, count: int) -> None:
    """Rows that share one file of 1 MB."""
    of_import = Import.objects.create(dataset=dataset, source=Source.PICTURES, created_by=user)
    key = f"{dataset.files_prefix}/big.png"
    storage.put_bytes(key, bytes(1024**2))
    Sample.objects.bulk_create(
        Sample(
            dataset=dataset, number=n, came_with=of_import, key=key, media_type="image/png", sha256=str(n), source="s"
        )
        for n in range(1, count + 1)
    )


def test_memory_stays_flat_while_it_is_sent(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    many_samples(dataset, alice, 60)
    tracemalloc.start()
    try:
        sent = sum(len(block) for block in FORMS["zip"](Contents(dataset)))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 60 * 1024**2
    assert peak < 8 * 1024**2


async def test_the_download_is_a_file_that_no_browser_opens(team: Team, vera: User) -> None:
    from asgiref.sync import sync_to_async

    dataset = await sync_to_async(make_dataset)(team=team, name='A "name" / with 家庭')
    client = AsyncClient()
    await client.aforce_login(vera)
    for form in FORMS:
        answer = await client.get(reverse("datasets:export", args=[dataset.pk]) + f"?form={form}")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/zip"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''A%20_name_")
        content = b"".join([block async for block in answer])  # type: ignore[attr-defined]
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    answer = await client.get(reverse("datasets:export", args=[dataset.pk]) + "?form=exe")
    assert answer.status_code == 404


def test_a_file_is_named_by_its_number(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    run(prepare_pictures(dataset, alice, {"../../evil.jpg": picture(1)}))
    row = next(iter(Contents(dataset).rows()))
    assert file_name(row) == "000001.jpg"
