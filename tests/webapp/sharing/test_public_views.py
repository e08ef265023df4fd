"""What anybody sees by a link: what was shared and nothing else, only as long as all of it holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job, make_team, make_user
from tests.factories_exports import make_export
from tests.factories_sharing import make_share_link
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts.models import Membership, Role, SignInCounter, Team, User
from webapp.audit.models import AuditEntry
from webapp.exports.models import Export, ExportKind
from webapp.jobs.models import JobKind, Status
from webapp.people.acts import services as acts
from webapp.people.models import Person
from webapp.sharing.models import ShareLink
from webapp.team_scope import within_teams
from webapp.videos import cleanup, services
from webapp.videos.models import Playback, Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
TOKEN = "t" * 43
PAGE, MEDIA, DOWNLOAD = (reverse(f"shared:{name}", args=[TOKEN]) for name in ("page", "media", "download"))
PASSWORD = "correct horse"


@pytest.fixture
def video(team: Team, bob: User) -> Video:
    """Tom from 1 s to 3 s, Anna from 11 s to 13 s."""
    tracks = [found_track(1, start_s=1, end_s=3), found_track(2, start_s=11, end_s=13)]
    made = make_analysed_video(*tracks, team=team, title="Party", file_name="IMG_0815.mp4", content=b"0123456789")
    for person, name in zip(people_of(made), ("Tom", "Anna"), strict=True):
        acts.name_person(person, name=name, user=bob)
    return made


@pytest.fixture
def link(video: Video, bob: User) -> ShareLink:
    made = make_share_link(video, bob, TOKEN, title="Our party")
    made.people.add(people_of(video)[0])
    return made


def html(client: Client | None = None) -> str:
    response = (client or Client()).get(PAGE)
    text = response.content.decode()
    assert (response.status_code, faults_of(text)) == (200, [])
    return text


def test_a_link_shows_the_player_and_the_chosen_people_and_nothing_else(link: ShareLink, video: Video) -> None:
    anna = people_of(video)[1]
    for client in (Client(), signed_in(make_user("otto", team=make_team("Elsewhere"), role=Role.OWNER))):
        text = html(client)
        assert "Our party" in text and "Tom: 1 appearance, at 0:01" in text and "[[1.0, 3." in text
        words = ("Anna", "Newsroom", "Elsewhere", "Party</", "IMG_0815", "Bob", "otto", str(video.pk), str(anna.pk))
        assert not [word for word in words if word.lower() in text.lower().replace("our party</", "")]
        assert not [each for each in ("/videos/", "/people/", "sign-in", "<nav", DOWNLOAD) if each in text]
    assert b"".join(Client().get(MEDIA)) == b"0123456789"
    part = Client().get(MEDIA, headers={"Range": "bytes=2-4"})
    assert (part.status_code, b"".join(part), "Content-Disposition" in part) == (206, b"234", False)


def test_answers_stay_out_of_caches_engines_and_other_sites(link: ShareLink) -> None:
    for response in (Client().get(PAGE), Client().get(MEDIA), Client().get("/s/unknown/")):
        assert response["Cache-Control"] == "no-store, private" and "noindex" in response["X-Robots-Tag"]
        assert (
            response["Referrer-Policy"] == "no-referrer" and "default-src 'none'" in response["Content-Security-Policy"]
        )
        assert not response.cookies
    assert "script-src 'self';" in Client().get(PAGE)["Content-Security-Policy"]
    assert Client().get(PAGE, headers={"Accept-Language": "zh-CN"}).headers["Content-Language"] == "zh-hans"


Ending = Callable[[ShareLink], Any]
ENDINGS: dict[str, Ending] = {
    "revoked": lambda link: ShareLink.objects.update(revoked_at=timezone.now()),
    "ended": lambda link: ShareLink.objects.update(expires_at=timezone.now()),
    "replaced": lambda link: ShareLink.objects.update(token_hash="x"),
    "video deleted": lambda link: services.delete_video(Video.objects.get(), user=None),
    "video purged": lambda link: cleanup.purge(Video.objects.get()),
    "maker demoted": lambda link: Membership.objects.filter(user=link.created_by).update(role=Role.VIEWER),
    "maker left": lambda link: Membership.objects.filter(user=link.created_by).delete(),
    "maker deactivated": lambda link: User.objects.filter(pk=link.created_by_id).update(is_active=False),
    "setting changed": lambda link: Team.objects.update(share_role=Role.OWNER),
    "second factor required": lambda link: Team.objects.update(requires_second_factor=True),
    "file gone": lambda link: Video.objects.update(playback=Playback.IMPOSSIBLE),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_a_link_ends_it_at_once_and_alike(ending: str, link: ShareLink) -> None:
    unknown = Client().get(reverse("shared:page", args=["unknown"]))
    assert unknown.status_code == 404 and faults_of(unknown.content.decode()) == []
    assert Client().get(MEDIA).status_code == 200
    ENDINGS[ending](link)
    for address in (PAGE, MEDIA, DOWNLOAD):
        response = Client().get(address, headers={"Range": "bytes=0-1"})
        assert (response.status_code, response.content) == (404, unknown.content), address
    assert Client().post(PAGE, {"password": "x"}).content == unknown.content


def test_a_deleted_video_that_is_restored_is_shared_again(link: ShareLink, video: Video) -> None:
    services.delete_video(video, user=None)
    assert Client().get(PAGE).status_code == 404
    video.refresh_from_db()
    services.restore_video(video)
    assert Client().get(PAGE).status_code == 200


def test_a_secret_of_one_team_reaches_nothing_of_another(link: ShareLink, video: Video) -> None:
    elsewhere = make_team("Elsewhere")
    with within_teams([elsewhere.pk]):
        assert not ShareLink.objects.exists()
    ShareLink.objects.update(team=elsewhere)
    assert Client().get(PAGE).status_code == Client().get(MEDIA).status_code == 404


def try_password(password: str, client: Client | None = None) -> Response:
    return (client or Client()).post(PAGE, {"password": password})


def test_a_password_opens_one_link_in_one_browser(link: ShareLink, video: Video, bob: User) -> None:
    ShareLink.objects.update(password=make_password(PASSWORD))
    client, other = Client(), reverse("shared:page", args=["o" * 43])
    asked = client.get(PAGE).content.decode()
    assert "password" in asked and "party" not in asked.lower() and "Tom" not in asked and faults_of(asked) == []
    assert client.get(MEDIA).status_code == client.get(DOWNLOAD).status_code == 404
    wrong = try_password("wrong horse", client)
    assert wrong.status_code == 422 and "This password is wrong." in wrong.content.decode()
    right = try_password(PASSWORD, client)
    cookie = right.cookies["shared"]
    assert (right.status_code, right["Location"], cookie["path"], cookie["httponly"]) == (303, PAGE, PAGE, True)
    assert "Our party" in html(client) and client.get(MEDIA).status_code == 200
    assert AuditEntry.objects.filter(action="opened_link").count() == 1
    make_share_link(video, bob, "o" * 43, title="Secret", password=make_password(PASSWORD))
    carried = Client()
    carried.cookies["shared"] = cookie.value
    assert "Secret" not in carried.get(other).content.decode()
    assert carried.get(MEDIA).status_code == 200
    ShareLink.objects.filter(pk=link.pk).update(password=make_password(PASSWORD + "s"))
    assert carried.get(MEDIA).status_code == 404


def test_who_guesses_is_locked_out_and_told_for_how_long(link: ShareLink) -> None:
    ShareLink.objects.update(password=make_password(PASSWORD))
    for _ in range(10):
        assert try_password("wrong horse").status_code == 422
    locked = try_password(PASSWORD)
    assert (locked.status_code, 600 < int(locked["Retry-After"]) <= 900) == (429, True)
    assert "Try again in 15 minutes" in locked.content.decode()
    elsewhere = Client(REMOTE_ADDR="198.51.100.7").post(PAGE, {"password": PASSWORD})
    assert elsewhere.status_code == 429 and "seconds" in elsewhere.content.decode()
    SignInCounter.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert try_password(PASSWORD).status_code == 303


def test_a_file_is_given_away_only_where_that_is_allowed(link: ShareLink) -> None:
    assert Client().get(DOWNLOAD).status_code == 404
    ShareLink.objects.update(may_download=True)
    assert DOWNLOAD in html()
    sent = Client().get(DOWNLOAD)
    assert sent["Content-Disposition"] == "attachment; filename*=UTF-8''Our%20party.mp4"
    ShareLink.objects.update(title="")
    assert Client().get(DOWNLOAD)["Content-Disposition"].endswith("video.mp4")


def test_who_is_hidden_deleted_or_merged_away_is_not_listed(link: ShareLink, video: Video, bob: User) -> None:
    tom, anna = people_of(video)
    for change in ({"is_hidden": True}, {"is_deleted": True}):
        Person.objects.filter(pk=tom.pk).update(**change)
        assert "Tom" not in html()
        Person.objects.filter(pk=tom.pk).update(is_hidden=False, is_deleted=False)
    acts.merge_people(tom, target=anna, user=bob)
    assert "Anna: 2 appearances" in html()
    Person.objects.filter(pk=anna.pk).update(is_hidden=True)
    assert "Anna" not in html() and "Tom" not in html()


@pytest.mark.parametrize(("whom", "listed"), [("everybody", ""), ("chosen", "Anna"), ("others", "Tom")])
def test_whose_face_is_blurred_is_not_listed(whom: str, listed: str, video: Video, bob: User) -> None:
    tom, anna = people_of(video)
    export = make_export(video, kind=ExportKind.BLUR, options={"whom": whom}, title="Party of Tom, blurred")
    export.people.add(tom)
    make_share_link(None, bob, TOKEN, export=export).people.add(tom, anna)
    text = html()
    assert [name for name in ("Tom", "Anna") if name in text] == [listed] * bool(listed)


def test_a_clip_lists_people_at_its_own_times_and_goes_with_its_export(video: Video, bob: User) -> None:
    part = {"source": 0, "first_s": 10.0, "length_s": 5.0, "at_s": 0.0}
    export = make_export(video, report={"parts": [part], "duration_s": 5.0}, title="Tom at 0:10")
    make_share_link(None, bob, TOKEN, export=export, title="Clip").people.add(*people_of(video))
    text = html()
    assert "Anna: 1 appearance, at 0:01" in text and "Tom" not in text
    assert b"".join(Client().get(MEDIA)) == b"a clip"
    Export.objects.update(expires_at=timezone.now())
    assert Client().get(PAGE).status_code == 404
    Export.objects.update(expires_at=export.expires_at)
    Export.objects.get().people.add(people_of(video)[0])
    Person.objects.filter(pk=people_of(video)[0].pk).update(is_deleted=True)
    assert Client().get(MEDIA).status_code == 404


def test_a_moment_waits_for_its_clip_and_never_falls_back_to_the_video(video: Video, bob: User) -> None:
    export = make_export(video, job=make_job(team=video.team, kind=JobKind.EXPORT))
    make_share_link(video, bob, TOKEN, export=export)
    waiting = Client().get(PAGE)
    assert (waiting.status_code, "Almost ready" in waiting.content.decode()) == (202, True)
    assert faults_of(waiting.content.decode()) == [] and Client().get(MEDIA).status_code == 404
    export.job.status, export.job.finished_at = Status.FAILED, timezone.now()
    export.job.save()
    assert Client().get(PAGE).status_code == Client().get(MEDIA).status_code == 404


def test_visits_are_counted_and_recorded_without_telling_who_else_visitors_are(link: ShareLink, charlie: User) -> None:
    for client in (Client(), Client(), signed_in(charlie), Client(REMOTE_ADDR="198.51.100.7")):
        client.get(PAGE)
    link.refresh_from_db()
    assert link.opens == 2 and link.last_opened_at is not None
    entries = AuditEntry.objects.filter(action="opened_link")
    assert set(entries.values_list("user_id", "user_name", "team_id")) == {(None, "", link.team_id)}
    assert set(entries.values_list("address", flat=True)) == {"127.0.0.1", "198.51.100.7"}
