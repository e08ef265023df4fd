"""The one search: people, moments of several, videos, labels and datasets of the chosen team, whatever the spelling."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_datasets import make_dataset
from tests.factories_videos import found_track, make_analysed_video, make_video, people_of
from webapp.accounts.models import Team, User
from webapp.library.search.people_queries import ways_to_part
from webapp.library.search.queries import MANY, SearchResults, search
from webapp.people.acts import services
from webapp.people.models import Person
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


@pytest.fixture
def met(team: Team, alice: User) -> Video:
    """A video in which Tom is on screen from 1 to 9 s, and Élodie 安娜 from 5 to 12 s."""
    tracks = (found_track(1, start_s=1, end_s=9), found_track(2, start_s=5, end_s=12, box=RIGHT))
    video = make_analysed_video(*tracks, team=team, title="Été à Nîmes")
    tom, anna = people_of(video)
    services.name_person(tom, name="Tom", user=alice)
    services.name_person(anna, name="Élodie 安娜", user=alice)
    return video


def found(user: User, team: Team, text: str) -> SearchResults:
    return search(user, team, text, MANY)


def names(results: SearchResults) -> list[str]:
    return [str(hit.person) for hit in results.people]


def test_a_name_finds_the_person_and_their_videos_at_their_first_second(met: Video, team: Team, vera: User) -> None:
    results = found(vera, team, "tom")
    assert names(results) == ["Tom"]
    assert [hit.video for hit in results.videos] == [met]
    assert results.videos[0].moments[0].start_s == pytest.approx(1, abs=0.1)
    page = signed_in(vera).get("/search/", {"q": "tom"}).content.decode()
    assert f"/videos/{met.pk}/?t=1.1" in page.replace("&amp;", "&") and "0:01" in page


@pytest.mark.parametrize(
    "text",
    [
        "Tom and Élodie",
        "tom elodie",
        "Elodie, Tom",
        "tom & elodie",
        "Tom和安娜",
        "tom 与 an",
        "elodie 安娜 tom",
        "ELODIE AND TOM",
        "“Tom” and “Élodie”",
    ],
)
def test_two_names_find_the_moments_of_both(met: Video, team: Team, vera: User, text: str) -> None:
    results = found(vera, team, text)
    (hit,) = results.together
    assert hit.video == met
    assert {str(person) for person in hit.people} == {"Tom", "Élodie 安娜"}
    (moment,) = hit.moments
    assert [moment.start_s, moment.end_s] == pytest.approx([5, 9], abs=0.3)
    assert set(names(results)) == {"Tom", "Élodie 安娜"}


def test_three_names_find_the_moments_of_all(met: Video, team: Team, vera: User) -> None:
    tracks = (
        found_track(5, end_s=9),
        found_track(6, start_s=2, end_s=7, box=RIGHT),
        found_track(7, start_s=6, end_s=8),
    )
    three = make_analysed_video(*tracks, team=team)
    for person, name in zip(people_of(three), ("Ada", "Ben", "Cem"), strict=True):
        services.name_person(person, name=name, user=None)
    for text in ("Ada, Ben and Cem", "ada, ben, and cem", "Ada、Ben和Cem", "ada ben cem", "cem + ada / ben"):
        (hit,) = found(vera, team, text).together
        assert [hit.moments[0].start_s, hit.moments[0].end_s] == pytest.approx([6, 7], abs=0.3), text
    assert found(vera, team, "Ada, Ben, Cem and Tom").names_several, "who are never together"


def test_a_name_that_is_nobodys_is_said_beside_those_found(met: Video, team: Team, vera: User) -> None:
    results = found(vera, team, "Tom and Zorro")
    assert names(results) == ["Tom"] and results.unknown == ["zorro"] and not results.names_several
    page = signed_in(vera).get("/search/", {"q": "Tom and Zorro"}).content.decode()
    assert "Nobody is called “zorro”" in page
    assert found(vera, team, "Zorro and Zelda").count == 0 and not found(vera, team, "tom zorro").count


@pytest.mark.parametrize("text", ["tom and", "Tom and ", "tom &", "tom,", "Tom和"])
def test_a_second_name_that_is_still_to_come_hides_nobody(met: Video, team: Team, vera: User, text: str) -> None:
    results = found(vera, team, text)
    assert names(results) == ["Tom"] and not results.unknown and results.text == text


def test_and_may_be_part_of_a_name(met: Video, team: Team, vera: User) -> None:
    for number, name in enumerate(("Tom and the kids", "Mrs Anna and Co", "Anders Tomsand"), 50):
        Person.objects.create(team=team, name=name, number=number, hue=0, appearances=1)
    assert names(found(vera, team, "tom and the")) == ["Tom and the kids"]
    assert names(found(vera, team, "anna and co")) == ["Mrs Anna and Co"]
    assert found(vera, team, "tom and elodie").together, "although both words are in other names, too"


def test_two_who_never_meet_are_said_not_to(met: Video, team: Team, vera: User) -> None:
    alone = make_analysed_video(found_track(3), team=team)
    (ben,) = people_of(alone)
    services.name_person(ben, name="Ben", user=None)
    results = found(vera, team, "Tom and Ben")
    assert results.names_several and not results.together
    assert "No video shows them" in signed_in(vera).get("/search/", {"q": "Tom and Ben"}).content.decode()


def test_a_whole_name_is_not_parted(met: Video, team: Team, vera: User) -> None:
    assert names(found(vera, team, "elodie an")) == ["Élodie 安娜"]
    assert not found(vera, team, "elodie an").names_several
    services.name_person(Person.objects.get(name="Tom"), name="张和安", user=None)
    assert names(found(vera, team, "张和安")) == ["张和安"]
    assert not found(vera, team, "张和安").names_several


def test_somebody_without_a_name_is_found_by_number(team: Team, vera: User) -> None:
    (person,) = people_of(make_analysed_video(found_track(4), team=team))
    assert names(found(vera, team, f"person {person.number}")) == [str(person)]


def test_chinese_is_found_by_pinyin_and_the_word_between_names_is_the_languages(
    met: Video, team: Team, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("anna", "an na", "安"):
        assert names(found(vera, team, text)) == ["Élodie 安娜"], text
    with translation.override("zh-hans"):
        assert ways_to_part("张三和李四") == [["张三", "李四"]]
        assert ways_to_part("Tom and Anna") == [["tom", "anna"]]


def test_hidden_people_and_people_without_videos_say_so(met: Video, team: Team, vera: User, alice: User) -> None:
    tom = Person.objects.get(name="Tom")
    services.show_and_hide(team=team, show=set(), hide={tom.pk}, user=alice)
    Person.objects.create(team=team, name="Tomas", number=99, hue=0)
    notes = {str(hit.person): hit.note for hit in found(vera, team, "tom").people}
    assert notes == {"Tom": "Hidden from People", "Tomas": "In no video now"}


def test_titles_files_labels_and_datasets_are_found(met: Video, team: Team, vera: User) -> None:
    make_dataset(team, name="Größe", labels=["Café ouvert"])
    make_video(team=team, title="Another", file_name="nimes.mp4")
    assert [hit.video.title for hit in found(vera, team, "NIMES").videos] == ["Été à Nîmes", "Another"]
    assert [label.name for label in found(vera, team, "cafe").labels] == ["Café ouvert"]
    assert [dataset.name for dataset in found(vera, team, "grosse").datasets] == ["Größe"]


def test_nobody_finds_what_is_another_teams_or_deleted(met: Video, team: Team, vera: User, charlie: User) -> None:
    make_dataset(team, name="Tom")
    elsewhere = make_team("Elsewhere")
    for user, where in [(charlie, team), (vera, elsewhere)]:
        assert found(user, where, "tom").count == 0
        assert found(user, where, "tom and elodie").count == 0
    Video.objects.filter(pk=met.pk).update(deleted_at="2026-01-01T00:00Z")
    assert not found(vera, team, "tom").videos and not found(vera, team, "tom and elodie").together


def test_more_results_cost_no_more_queries(met: Video, team: Team, vera: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            found(vera, team, "tom")
        return len(captured)

    before = queries()
    for _ in range(3):
        make_analysed_video(found_track(1, start_s=1, end_s=9), team=team, title="Again")
    assert queries() <= before


def test_odd_texts_find_nothing_and_break_nothing(met: Video, vera: User) -> None:
    client = signed_in(vera)
    for text in (
        "",
        " ",
        "%",
        "_",
        "\0",
        "'",
        "and",
        "和",
        ",",
        "a" * 500,
        "\u0301",
        "Tom and",
        "+ - &",
        '"',
        "“ ”",
        "a " * 99,
        "👩‍👩‍👧",
        "שלום",
        "‏",
    ):
        for path in ("/search/", "/search/options/"):
            assert client.get(path, {"q": text}).status_code == 200, text


def test_the_box_lists_options_that_lead_to_seconds(met: Video, vera: User) -> None:
    page = signed_in(vera).get("/search/options/", {"q": "Tom and Elodie"}).content.decode()
    assert 'role="option"' in page and f"/videos/{met.pk}/?t=5" in page
    assert '<search-box data-options="/search/options/">' in signed_in(vera).get("/people/").content.decode()
