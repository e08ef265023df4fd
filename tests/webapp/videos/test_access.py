"""Every address of videos and people, four kinds of visitor: member, stranger, viewer who may not change, nobody."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, make_upload, people_of
from tests.present import present
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.people.acts.services import merge_people, show_and_hide
from webapp.videos import services
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class TeamVideos:
    """A team's video with two people, another one that is deleted, an upload and a merge."""

    video: Video
    deleted: Video
    args: dict[str, list[Any]]


@pytest.fixture
def shown(team: Team, alice: User) -> TeamVideos:
    video = make_analysed_video(found_track(1), found_track(2, box=(300, 10, 360, 70)), team=team, user=alice)
    for key in ("poster_key", "sprites_key"):
        setattr(video, key, f"{video.files_prefix}/{key}.jpg")
        storage.put_bytes(getattr(video, key), b"picture")
    video.sprites = {"columns": 10, "rows": 1, "tile_width": 160, "tile_height": 90, "interval_s": 1.0}
    video.save()
    other = make_analysed_video(found_track(3), found_track(4, box=(300, 10, 360, 70)), team=team)
    merge = merge_people(people_of(other)[0], target=people_of(other)[1], user=alice)
    hidden = show_and_hide(team=team, show=[], hide=[people_of(other)[0].pk], user=alice)
    deleted = make_analysed_video(team=team)
    services.delete_video(deleted)
    person = people_of(video)[0]
    args: dict[str, list[Any]] = {
        "videos:restore": [deleted.pk],
        "videos:tus_file": [make_upload(alice, team=team).pk],
        "people:name": [person.pk],
        "people:face_picture": [person.portrait_id],
        "people:undo": [merge.pk],
        "people:undo_both": [merge.pk, hidden[0].pk],
        "people:why": [present(video.current_analysis).tracks.filter(joined_to=None)[0].pk],
    }
    args["people:give"] = args["people:why"]
    args["people:introduction_act"] = [uuid4(), "switch"]
    pages = [*PERSON_PAGES, *PERSON_CHANGES, "limits", "person", "unclear"]
    args |= {f"people:{name}": [person.pk] for name in pages}
    return TeamVideos(video, deleted, args)


READABLE = ["detail", "card", "panel", "boxes", "state", "play", "download", "poster", "sprites"]
CHANGES = ["rename", "delete", "restore", "analyse", "cancel"]
PERSON_PAGES = ["merge_page", "split_page"]
PERSON_CHANGES = ["name", "merge", "split", "move", "portrait", "delete"]
READS = [*(f"videos:{name}" for name in READABLE), "people:face_picture", "people:why"]
PERSON_READS = ["people:person"]
"""Open even when no video shows the person any more: the history is there."""
EDITOR_READS = [f"people:{name}" for name in PERSON_PAGES]
WRITES = [
    *(f"videos:{name}" for name in CHANGES),
    *(f"people:{name}" for name in PERSON_CHANGES),
    "people:undo",
    "people:undo_both",
]
MANAGER_WRITES = ["people:limits"]
LISTS = ["videos:library", "videos:upload", "people:list", "people:suggest"]
EDITOR_LISTS = ["people:review"]
MANAGER_LISTS = ["people:strictness", "people:face_model"]
MIXED = ["people:photo"]
"""Read with GET, used with POST; open to those to whom the team opens it."""
OTHER_WRITES = ["people:give", "people:unclear", "people:introduction_act"]
"""Who may not is refused here; what they do has tests of its own."""
MANAGER_TEAM_WRITES = ["people:set_strictness", "people:prepare_model"]
TEAM_WRITES = [
    "videos:sample",
    "videos:precheck",
    "people:visibility",
    "people:answer",
    "videos:bulk",
    "videos:restore_many",
]
PROTOCOL = ["videos:tus_create", "videos:tus_file"]
"""Has its own tests in test_tus_responses.py: it answers 401 rather than a redirect."""
WITHOUT_ARGUMENTS = LISTS + EDITOR_LISTS + MANAGER_LISTS + TEAM_WRITES + MANAGER_TEAM_WRITES
FIELDS = {"title": "New", "thoroughness": "fast", "name": "Anna"}


def url(shown: TeamVideos, name: str) -> str:
    return reverse(name, args=[] if name in WITHOUT_ARGUMENTS else shown.args.get(name, [shown.video.pk]))


def test_every_address_is_in_one_of_the_lists() -> None:
    names = set()
    for app in ("videos", "people"):
        resolvers = [each for each in get_resolver().url_patterns if isinstance(each, URLResolver)]
        for pattern in next(each for each in resolvers if each.app_name == app).url_patterns:
            assert isinstance(pattern, URLPattern)
            names.add(f"{app}:{pattern.name}")
    theirs = MIXED + EDITOR_READS + EDITOR_LISTS + MANAGER_LISTS + MANAGER_WRITES + PERSON_READS
    theirs += OTHER_WRITES + MANAGER_TEAM_WRITES
    assert names == set(READS + WRITES + LISTS + TEAM_WRITES + PROTOCOL + theirs)


def test_members_see_it_and_strangers_do_not(shown: TeamVideos, vera: User, charlie: User) -> None:
    for name in READS + PERSON_READS:
        assert signed_in(vera).get(url(shown, name)).status_code == 200, name
        assert signed_in(charlie).get(url(shown, name)).status_code == 404, name


def test_pages_for_changing_are_open_to_editors_only(shown: TeamVideos, bob: User, vera: User, charlie: User) -> None:
    for name in EDITOR_READS:
        statuses = [signed_in(user).get(url(shown, name)).status_code for user in (bob, vera, charlie)]
        assert statuses == [200, 404, 404], name
    assert [signed_in(user).get(reverse("people:review")).status_code for user in (bob, vera)] == [200, 404]


def test_only_admins_set_how_sure_is_sure(shown: TeamVideos, alice: User, bob: User, vera: User, charlie: User) -> None:
    for name in MANAGER_WRITES:
        statuses = [signed_in(user).post(url(shown, name), FIELDS).status_code for user in (alice, bob, vera, charlie)]
        assert statuses == [303, 404, 404, 404], name
    for name in MANAGER_LISTS:
        statuses = [signed_in(user).get(url(shown, name)).status_code for user in (alice, bob, vera)]
        assert statuses == [200, 404, 404], name
    for name in MANAGER_TEAM_WRITES:
        assert [signed_in(user).post(url(shown, name), FIELDS).status_code for user in (bob, vera)] == [404, 404], name


@pytest.mark.parametrize("name", WRITES)
def test_editors_may_change_it(shown: TeamVideos, bob: User, name: str) -> None:
    assert signed_in(bob).post(url(shown, name), FIELDS).status_code == 303


@pytest.mark.parametrize("who", ["vera", "charlie"])
def test_viewers_and_strangers_may_not_change_it(shown: TeamVideos, who: str, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(who))
    for name in WRITES + OTHER_WRITES:
        assert client.post(url(shown, name), FIELDS).status_code == 404, name


def test_a_get_changes_nothing(shown: TeamVideos, alice: User) -> None:
    for name in WRITES + TEAM_WRITES + MANAGER_WRITES + OTHER_WRITES + MANAGER_TEAM_WRITES:
        assert signed_in(alice).get(url(shown, name)).status_code == 405, name


def test_a_change_needs_the_csrf_token(shown: TeamVideos, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for name in WRITES + TEAM_WRITES + MANAGER_WRITES + OTHER_WRITES + MANAGER_TEAM_WRITES:
        assert client.post(url(shown, name), FIELDS).status_code == 403, name


def test_nobody_is_sent_to_the_sign_in_page(shown: TeamVideos, client: Client) -> None:
    readable = READS + LISTS + PERSON_READS + EDITOR_READS + EDITOR_LISTS + MANAGER_LISTS
    asked = [client.get(url(shown, name)) for name in readable]
    asked += [client.post(url(shown, name), FIELDS) for name in WRITES + TEAM_WRITES + MANAGER_WRITES + OTHER_WRITES]
    for response in asked:
        assert response.status_code == 302 and response.headers["Location"].startswith(reverse("accounts:login"))


def test_lists_show_a_stranger_nothing_of_the_team(shown: TeamVideos, charlie: User) -> None:
    client = signed_in(charlie)
    for name in LISTS:
        text = re.sub(r"<script.*?</script>", "", client.get(url(shown, name)).content.decode(), flags=re.S)
        assert str(shown.video.pk) not in text and "Person" not in text, name


def test_a_viewer_may_not_add_videos(shown: TeamVideos, vera: User) -> None:
    content = {"files": [{"name": "a.mp4", "size": 5, "fingerprint": "x"}]}
    for name in ("videos:sample", "videos:precheck", "people:visibility", "people:answer"):
        assert signed_in(vera).post(url(shown, name), content, content_type="application/json").status_code == 404


def test_nothing_of_a_deleted_video_can_be_seen(shown: TeamVideos, alice: User) -> None:
    services.delete_video(shown.video)
    for name in READS:
        assert signed_in(alice).get(url(shown, name)).status_code == 404, name


def test_a_person_of_another_team_cannot_be_merged_into(shown: TeamVideos, bob: User, charlie: User) -> None:
    theirs = people_of(make_analysed_video(found_track(5), team=charlie.teams.get()))[0]
    fields = {"name": "Anna", "merge_into": str(theirs.pk)}
    assert signed_in(bob).post(url(shown, "people:name"), fields).status_code == 404


def test_a_redirect_goes_to_this_site_only(shown: TeamVideos, bob: User) -> None:
    client = signed_in(bob)
    for wished in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "evil"):
        response = client.post(url(shown, "videos:rename"), FIELDS | {"next": wished})
        assert response.headers["Location"] == reverse("videos:detail", args=[shown.video.pk])
    response = client.post(url(shown, "videos:rename"), FIELDS | {"next": "/videos/?q=x"})
    assert response.headers["Location"] == "/videos/?q=x"
