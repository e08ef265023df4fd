"""Tags of a team on its videos, and each person's favourites."""

from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_team, make_user
from tests.factories_videos import make_video
from webapp.accounts.models import Team, User
from webapp.library.search.queries import FEW, search
from webapp.library.tagging import queries, services
from webapp.videos.models import Tag, Video
from webapp.videos.services import delete_video, restore_video

pytestmark = pytest.mark.django_db(transaction=True)


def titles(user: User, **query: Any) -> set[str]:
    return {card.video.title for card in signed_in(user).get(reverse("videos:library"), query).context["page"]}


def tags_of(video: Video) -> list[str]:
    return [tag.name for tag in queries.of_videos([video.pk]).get(video.pk, [])]


def bulk(user: User, action: str, name: str, *videos: Video) -> Any:
    fields = {"action": action, "tag": name, "video": [video.pk for video in videos]}
    return signed_in(user).post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"})


def undo(user: User, response: Any) -> Any:
    asked = response.json()["undo"]
    return signed_in(user).post(asked["url"], asked["fields"], headers={"Accept": "application/json"})


def test_several_videos_get_a_tag_at_once_and_an_undo_takes_it_off_those_alone(team: Team, bob: User) -> None:
    first, second, third = (make_video(team=team, title=title) for title in ("A", "B", "C"))
    bulk(bob, "tag", "Café", first)
    response = bulk(bob, "tag", "  CAFE ", first, second)
    assert response.json()["toast"] == "Tagged 1 video “Café”."
    assert (tags_of(first), tags_of(second), tags_of(third)) == (["Café"], ["Café"], [])
    undo(bob, response)
    assert (tags_of(first), tags_of(second)) == (["Café"], [])
    undo(bob, bulk(bob, "untag", "café", first, third))
    assert (tags_of(first), tags_of(third)) == (["Café"], [])
    assert bulk(bob, "untag", "nothing", first).status_code == 409
    for unseen in ("\u200b", "\u202e"):
        assert bulk(bob, "tag", unseen, first).status_code >= 400


def test_the_library_is_filtered_by_all_of_several_tags_and_counts_them(team: Team, bob: User, vera: User) -> None:
    both, one = make_video(team=team, title="Both"), make_video(team=team, title="One")
    deleted = make_video(team=team, title="Deleted")
    bulk(bob, "tag", "Studio", both, one, deleted)
    bulk(bob, "tag", "Interview", both)
    signed_in(bob).post(reverse("videos:delete", args=[deleted.pk]))
    studio, interview = services.named(team, "studio"), services.named(team, "interview")
    assert studio and interview
    assert titles(vera, tag=str(studio.pk)) == {"Both", "One"}
    assert titles(vera, tag=[str(studio.pk), str(interview.pk)]) == {"Both"}
    offered = signed_in(vera).get(reverse("videos:library"), {"tag": str(studio.pk)}).context["tag_offer"]
    assert [(each.tag.name, each.videos, each.is_chosen) for each in offered] == [
        ("Interview", 1, False),
        ("Studio", 2, True),
    ]


def test_tags_are_renamed_merged_deleted_and_restored(team: Team, bob: User) -> None:
    first, second = make_video(team=team, title="A"), make_video(team=team, title="B")
    for name, videos in (("Studio", [first, second]), ("Studoi", [first]), ("Street", [second])):
        bulk(bob, "tag", name, *videos)
    studio, wrong, street = (Tag.objects.get(name=name) for name in ("Studio", "Studoi", "Street"))
    client = signed_in(bob)

    def act(what: str, of: Tag, **fields: str) -> Any:
        return client.post(reverse(f"videos:{what}", args=[of.pk]), fields, headers={"Accept": "application/json"})

    assert act("rename_tag", wrong, tag="studio").status_code == 409
    assert act("merge_tag", wrong, tag="studio").status_code == 200
    assert (tags_of(first), tags_of(second)) == (["Studio"], ["Street", "Studio"])
    response = act("delete_tag", studio)
    assert tags_of(first) == []
    undo(bob, response)
    assert tags_of(first) == ["Studio"]
    undo(bob, act("rename_tag", street, tag="Road"))
    assert tags_of(second) == ["Street", "Studio"]
    act("delete_tag", studio)
    bulk(bob, "tag", "Studio", first)
    assert act("restore_tag", studio).status_code == 409


def test_a_merge_is_undone_with_the_tags_that_it_put_on_and_no_others(team: Team, bob: User) -> None:
    first, second, third = (make_video(team=team, title=title) for title in ("A", "B", "C"))
    for name, videos in (("Studoi", [first, second]), ("Studio", [second, third])):
        bulk(bob, "tag", name, *videos)
    wrong = Tag.objects.get(name="Studoi")

    def merge(into: str) -> Any:
        address = reverse("videos:merge_tag", args=[wrong.pk])
        return signed_in(bob).post(address, {"tag": into}, headers={"Accept": "application/json"})

    response = merge("studio")
    assert [tags_of(video) for video in (first, second, third)] == [["Studio"]] * 3
    assert undo(bob, response).json()["toast"] == "Restored the tag “Studoi”."
    assert [tags_of(video) for video in (first, second, third)] == [["Studoi"], ["Studio", "Studoi"], ["Studio"]]
    response = merge("studio")
    bulk(bob, "untag", "studio", first)
    bulk(bob, "tag", "studio", first)  # by hand, which an undo of something else leaves alone
    undo(bob, response)
    assert tags_of(first) == ["Studio", "Studoi"]
    response = merge("studio")
    bulk(bob, "tag", "Studoi", third)
    assert undo(bob, response).status_code == 409
    assert [tags_of(video) for video in (first, second, third)] == [["Studio"], ["Studio"], ["Studio", "Studoi"]]


def test_a_merge_that_was_merged_on_is_undone_wherever_its_videos_went(team: Team, bob: User) -> None:
    video, other = make_video(team=team), make_video(team=team)
    for name, on in (("One", video), ("Two", other), ("Three", other)):
        bulk(bob, "tag", name, on)
    one, two = (Tag.objects.get(name=name) for name in ("One", "Two"))
    client = signed_in(bob)
    headers = {"Accept": "application/json"}
    first = client.post(reverse("videos:merge_tag", args=[one.pk]), {"tag": "Two"}, headers=headers)
    client.post(reverse("videos:merge_tag", args=[two.pk]), {"tag": "Three"}, headers=headers)
    assert tags_of(video) == ["Three"]
    undo(bob, first)
    assert (tags_of(video), tags_of(other)) == (["One"], ["Three"])


def test_a_tag_is_found_by_the_search_and_completed_while_typing(team: Team, bob: User, vera: User) -> None:
    video = make_video(team=team)
    bulk(bob, "tag", "Élan vital", video)
    found = search(vera, team, "elan", FEW)
    assert [(each.tag.name, each.videos) for each in found.tags] == [("Élan vital", 1)] and found.count == 1
    known = signed_in(vera).get(reverse("videos:suggest_tags"), {"q": "vit"}).json()
    assert [(each["label"], each["note"]) for each in known] == [("Élan vital", "1 video")]


def test_no_team_sees_or_gets_tags_of_another(team: Team, bob: User) -> None:
    other = make_team("Other")
    stranger = make_user("stranger", team=other)
    theirs, ours = make_video(team=other), make_video(team=team)
    bulk(stranger, "tag", "Secret", theirs)
    tag = services.named(other, "secret")
    assert tag and services.named(team, "secret") is None
    for act in ("put_on", "take_off"):
        response = signed_in(bob).post(reverse(f"videos:{act}", args=[tag.pk]), {"videos": str(ours.pk)})
        assert response.status_code == 404
    response = signed_in(stranger).post(reverse("videos:put_on", args=[tag.pk]), {"videos": str(ours.pk)})
    assert response.status_code == 404 and tags_of(ours) == []
    assert search(bob, team, "secret", FEW).count == 0
    assert b"Secret" not in signed_in(bob).get(reverse("videos:tags")).content


def test_favourites_are_each_persons_own(team: Team, bob: User, vera: User) -> None:
    kept = make_video(team=team, title="Kept")
    make_video(team=team, title="Other")
    star = reverse("videos:favourite", args=[kept.pk])
    for _ in range(2):
        signed_in(vera).post(star, {"on": "1"})
    assert titles(vera, favourite="1") == {"Kept"} and titles(bob, favourite="1") == set()
    library = signed_in(vera).get(reverse("videos:library"))
    assert library.context["favourites"] == 1
    assert [card.is_favourite for card in library.context["page"] if card.video == kept] == [True]
    delete_video(kept, user=bob)
    assert signed_in(vera).get(reverse("videos:library")).context["favourites"] == 0
    restore_video(kept, user=bob)
    signed_in(vera).post(star, {"on": ""})
    assert titles(vera, favourite="1") == set()
