"""Accents, case, width and Unicode form of a name do not matter; Chinese is found by pinyin; columns follow names."""

import ast
import unicodedata
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from tests.factories_datasets import make_dataset
from tests.factories_videos import make_video
from tests.guards.layout_rules import sources
from webapp.accounts.models import Team, User
from webapp.datasets import services as datasets
from webapp.datasets.models import Label
from webapp.folded_fields import FoldedField
from webapp.library.queries import filtered
from webapp.name_folding import LONGEST, fold, pinyin
from webapp.people import creation_services, queries
from webapp.people.acts import events, services
from webapp.people.models import Person
from webapp.videos import services as videos
from webapp.videos.models import Video

ELODIE = "Élodie"


def make_person(team: Team, name: str = "", **fields: Any) -> Person:
    number = creation_services.next_numbers(team.pk, 1)[0]
    return Person.objects.create(team=team, name=name, number=number, hue=0, appearances=1, **fields)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ELODIE, "élodie"),
        (ELODIE, "ELODIE"),
        (unicodedata.normalize("NFD", ELODIE), unicodedata.normalize("NFC", ELODIE)),
        ("Straße", "STRASSE"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("Ｔｏｍ　Ｂ", "tom b"),
        ("to\u200bm", "Tom"),
        (" Tom  B ", "tom b"),
        ("İpek", "ipek"),
        ("Pat O’Brien", "pat o'brien"),
        ("“Bob” Anna–Lena", '"bob" anna-lena'),
        ("❤️", "❤"),
    ],
)
def test_names_that_read_alike_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("张三", "章三"), ("हिं", "ह"), ("\u0301", "")])
def test_what_makes_another_name_is_kept(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_pinyin_holds_all_readings_and_initials() -> None:
    assert pinyin("张三") == "zhangsan zs"
    assert {"zengdan", "cengshan", "zs", "cd"} <= set(pinyin("曾单").split())
    assert pinyin("Tom Berger") == ""
    assert len(pinyin("长" * 120)) <= LONGEST and len(fold("ﷺ" * 120)) <= LONGEST


@pytest.mark.django_db
def test_a_name_is_the_same_whatever_its_accents_and_case(team: Team, alice: User) -> None:
    elodie, other = make_person(team, ELODIE), make_person(team)
    assert queries.same_name(other, "elodie") == elodie
    assert queries.same_name(other, "ÉLODIE") == elodie
    plain = make_person(team, "Elodie")
    assert queries.same_name(other, "Elodie") == plain, "written the same comes first"
    assert queries.same_name(other, "") is None


@pytest.mark.django_db
def test_columns_follow_a_name_through_naming_and_undo(team: Team, alice: User) -> None:
    person = make_person(team)
    event = services.name_person(person, name="张三", user=alice)
    assert event is not None
    person.refresh_from_db()
    assert (person.folded_name, person.pinyin) == ("张三", "zhangsan zs")
    events.undo(event, user=alice)
    person.refresh_from_db()
    assert (person.name, person.folded_name, person.pinyin) == ("", "", "")


@pytest.mark.django_db
def test_people_are_found_by_folded_names_pinyin_and_number(team: Team) -> None:
    elodie, zhang, unnamed = make_person(team, "Élodie Dupont"), make_person(team, "张三"), make_person(team)
    everybody = Person.objects.filter(team=team)
    for text, who in [
        ("elodie", elodie), ("DUPONT élo", elodie), ("zs", zhang), ("zhang", zhang), ("三", zhang),
        (f"Person {unnamed.number}", unnamed), (f"person{unnamed.number}", unnamed),
    ]:  # fmt: skip
        assert list(queries.called(everybody, text)) == [who], text
        assert queries.count_called(everybody, text) == 1, text
    assert not queries.called(everybody, f"Person {elodie.number}"), "who has a name is not called by a number"
    assert not queries.called(everybody, "100%")


@pytest.mark.django_db
def test_a_suggested_name_says_that_its_owner_is_hidden(team: Team) -> None:
    make_person(team, "Tom"), make_person(team, "Tomas", is_hidden=True)
    found = queries.suggestions(Person.objects.filter(team=team), "tom")
    assert [(each["label"], each["note"]) for each in found] == [("Tom", ""), ("Tomas", "hidden from People")]


@pytest.mark.django_db
def test_videos_are_found_by_folded_title_and_file_name(team: Team) -> None:
    video = make_video(team=team, title="Été à Nîmes", file_name="IMG_Größe.mp4")
    videos.rename_video(video, title="Hiver à Genève")
    for text in ("geneve", "HIVER", "grosse", "hiver img"):
        assert list(filtered(Video.objects.all(), text=text)) == [video], text
    assert not filtered(Video.objects.all(), text="nimes")


@pytest.mark.django_db
def test_labels_that_fold_alike_are_one(team: Team) -> None:
    dataset = make_dataset(team, labels=["Café", "open"])
    label = datasets.label_called(dataset, "CAFE")
    assert label.name == "Café"
    other = Label.objects.get(dataset=dataset, name="open")
    with pytest.raises(datasets.NameTaken):
        datasets.edit_label(other, name="cafe", hue=0, key="")
    datasets.edit_label(label, name="cafe", hue=0, key="")
    label.refresh_from_db()
    assert (label.name, label.folded_name) == ("cafe", "cafe")
    with pytest.raises(IntegrityError), transaction.atomic():
        Label.objects.create(dataset=dataset, name="CAFÉ")


FOLDED = {field.source for model in apps.get_models() for field in model._meta.fields if isinstance(field, FoldedField)}


def test_whoever_updates_names_in_place_updates_their_forms() -> None:
    """Rows that are saved do so by themselves; `update` writes just what it is told."""
    assert {"name", "title", "file_name"} == FOLDED
    wrong = []
    for path in sources("webapp/people", "webapp/videos", "webapp/datasets", "webapp/library", "webapp/analyses"):
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            is_update = isinstance(call.func, ast.Attribute) and call.func.attr == "update"
            if is_update and FOLDED & {keyword.arg for keyword in call.keywords}:
                wrong.append(f"{path.name}:{call.lineno}")
    assert not wrong
