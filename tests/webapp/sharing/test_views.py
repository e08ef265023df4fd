"""Making, replacing and revoking links: who may, what is made, what is stored and recorded, what the team sees."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.video.decode import probe
from tests.clips import steady_clip
from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_exports import make_analysed_film, make_export
from tests.factories_sharing import make_share_link
from tests.factories_videos import found_track, make_analysed_video, make_video, people_of, work
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.models import Role, Team, User
from webapp.audit.models import AuditEntry
from webapp.exports import runner
from webapp.exports.models import Export, ExportKind
from webapp.jobs.models import AnsweredRequest
from webapp.people.acts import services as acts
from webapp.people.models import Person
from webapp.sharing import cleanup
from webapp.sharing.forms import VideoShareForm
from webapp.sharing.models import ShareKind, ShareLink
from webapp.videos.models import Playback, Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
NEW, LIST = reverse("sharing:new"), reverse("sharing:list")
WHOLE: dict[str, Any] = {"part": "whole", "days": "7", "title": "Our party"}
MOMENT = WHOLE | {"part": "moment", "start_s": "0:01", "end_s": "0:02.5"}
ADDRESS = re.compile(r'value="http://testserver(/s/[\w-]{43}/)"')


@pytest.fixture
def video(team: Team, bob: User) -> Video:
    made = make_analysed_video(found_track(1), found_track(2, box=(300, 10, 360, 70)), team=team, title="Party")
    acts.name_person(people_of(made)[0], name="Tom", user=bob)
    return made


def share(user: User, **fields: Any) -> Response:
    return signed_in(user).post(NEW, WHOLE | fields)


def address_in(response: Response) -> str:
    text = response.content.decode()
    found = ADDRESS.search(text)
    assert response.status_code == 200 and faults_of(text) == [] and found, text
    return found[1]


def page(user: User, address: str, **query: Any) -> str:
    response = signed_in(user).get(address, query)
    text = response.content.decode()
    assert (response.status_code, faults_of(text)) == (200, [])
    return text


def test_a_link_to_a_video_is_shown_once_and_stored_as_a_hash(video: Video, bob: User) -> None:
    offered = page(bob, NEW, video=video.pk)
    tom, other = people_of(video)
    ticks = dict(re.findall(r'name="person"\s+value="([\w-]+)"\s+(checked)?', offered))
    assert ticks == {str(tom.pk): "", str(other.pk): ""}
    answer = share(bob, video=video.pk, person=tom.pk, password="correct horse", may_download="on")
    address = address_in(answer)
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    link = ShareLink.objects.get()
    stored = str([list(rows.values()) for rows in (ShareLink.objects, AuditEntry.objects, AnsweredRequest.objects)])
    assert address.split("/")[2] not in stored and "correct horse" not in stored
    assert (link.kind, link.may_download, list(link.people.all())) == (ShareKind.VIDEO, True, [tom])
    assert timedelta(days=6) < link.expires_at - timezone.now() < timedelta(days=7)
    assert Client().post(address, {"password": "correct horse"}).status_code == 303
    entry = AuditEntry.objects.get(action="shared")
    told = {"kind": "video", "people": ["Tom"], "password": True, "download": True}
    assert json.loads(entry.after).items() >= told.items() and entry.subject_label == "Party"


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "0"},
        {"days": "366"},
        {"password": "short"},
        {"part": "all"},
        {"part": "moment"},
        {"part": "moment", "start_s": "0:05", "end_s": "0:04"},
        {"part": "moment", "start_s": "9:99:99", "end_s": "99:99:99"},
        {"part": "moment", "start_s": "nan", "end_s": "inf"},
    ],
)
def test_what_makes_no_sense_makes_no_link(wrong: dict[str, str], video: Video, bob: User) -> None:
    answer = share(bob, video=video.pk, **wrong)
    assert answer.status_code == 422 and faults_of(answer.content.decode()) == []
    assert not ShareLink.objects.exists()


def test_only_who_may_shares_and_only_what_is_there(video: Video, bob: User, vera: User, charlie: User) -> None:
    picture = make_export(video, kind=ExportKind.PICTURE)
    for user, ids in ((vera, {"video": video.pk}), (charlie, {"video": video.pk}), (bob, {"export": picture.pk})):
        answer = signed_in(user).get(NEW, {key: str(pk) for key, pk in ids.items()})
        is_told = "Your role in this team does not include sharing" in answer.content.decode()
        assert (answer.status_code, is_told) == (404, user == vera)
    unplayable = make_video(team=video.team, playback=Playback.PENDING)
    assert share(bob, video=unplayable.pk).status_code == 303
    assert not ShareLink.objects.exists()
    assert f"{NEW}?video=" not in page(vera, reverse("videos:detail", args=[video.pk]))
    assert f"{NEW}?video={video.pk}" in page(bob, reverse("videos:detail", args=[video.pk]))
    Team.objects.filter(pk=video.team_id).update(share_role=Role.VIEWER)
    address_in(share(vera, video=video.pk))


def test_people_of_others_and_hidden_ones_are_never_attached(video: Video, bob: User) -> None:
    tom, other = people_of(video)
    stranger = people_of(make_analysed_video(found_track(5), team=make_team("Elsewhere")))[0]
    assert "hidden from People" not in page(bob, NEW, video=video.pk)
    Person.objects.filter(pk=tom.pk).update(is_hidden=True)
    offered = page(bob, NEW, video=video.pk)
    assert "This person is hidden from People" in offered and f'value="{tom.pk}"' not in offered
    assert reverse("people:person", args=[tom.pk]) in offered
    share(bob, video=video.pk, person=[tom.pk, other.pk, stranger.pk])
    assert list(ShareLink.objects.get().people.all()) == [other]


def test_a_moment_is_proposed_where_one_is(video: Video, bob: User) -> None:
    at_a_time = page(bob, NEW, video=video.pk, t="2")
    assert 'value="0:02.0"' in at_a_time and re.search(r'value="moment"[^>]*checked', at_a_time)
    tom = people_of(video)[0]
    of_person = page(bob, NEW, video=video.pk, person=tom.pk)
    ticks = dict(re.findall(r'name="person"\s+value="([\w-]+)"\s+(checked)?', of_person))
    assert [key for key, tick in ticks.items() if tick] == [str(tom.pk)] and 'value="0:00.5"' in of_person


def test_clocks_are_read_as_they_are_written(video: Video) -> None:
    for text, seconds in (("75.5", 75.5), ("1:15,5", 75.5), ("1:01:15.5", 3675.5)):
        form = VideoShareForm(MOMENT | {"start_s": text, "end_s": "2:00:00"}, duration_s=7000)
        assert form.is_valid() and form.moment() == (seconds, 7000)
    assert VideoShareForm(duration_s=1)["start_s"].field.prepare_value(3675.5) == "1:01:15.5"


def test_a_moment_is_cut_out_and_nothing_else_of_the_video_is_sent(team: Team, bob: User, tmp_path: Path) -> None:
    film = make_analysed_film(
        steady_clip(tmp_path / "a.mp4", seconds=4), found_track(1, start_s=1, end_s=2), team=team, title="Film"
    )
    tom = people_of(film)[0]
    answer = signed_in(bob).post(NEW, MOMENT | {"video": film.pk, "person": tom.pk, "days": "30"})
    address, link = address_in(answer), ShareLink.objects.get()
    seen, told = reverse("sharing:seen", args=[link.pk]), answer.content.decode()
    assert seen in told and all(words in told for words in ("The clip is being made", "Our party", "Person 1"))
    assert Client().get(address).status_code == 202
    assert link.export is not None and link.export.expires_at == link.expires_at
    work(link.export.job_id, runner.make_export)
    export = Export.objects.get()
    assert export.title == "Film, 0:01.0–0:02.5" and export.expires_at >= link.expires_at
    assert all(words in page(bob, seen) for words in ("The link works now", "Our party", "Person 1"))
    sent = b"".join(Client().get(address + "media"))
    with storage.local_path(export.file_key) as path:
        assert sent == path.read_bytes() and abs(probe(path).duration_s - 1.5) < 0.1
    shown = Client().get(address).content.decode()
    assert "Person 1: 1 appearance, at 0:00" in shown and 'data-duration="1.' in shown


def test_a_form_that_is_sent_twice_makes_one_link(video: Video, bob: User) -> None:
    client, wish = signed_in(bob), MOMENT | {"video": video.pk, "idempotency_key": "k" * 22}
    first, second = (client.post(NEW, wish) for _ in range(2))
    secret = address_in(first).split("/")[2]
    assert (second.status_code, second["Location"]) == (303, LIST)
    assert (ShareLink.objects.count(), Export.objects.count()) == (1, 1)
    assert secret not in str(list(AnsweredRequest.objects.values()))


def test_an_export_is_kept_as_long_as_a_link_shows_it_and_no_longer(video: Video, bob: User) -> None:
    export = make_export(video, title="Clip of Tom")
    assert f"{NEW}?export={export.pk}" in page(bob, reverse("exports:list"))
    assert 'value="Party – clip"' in page(bob, NEW, export=export.pk)
    address_in(share(bob, export=export.pk, days="300"))
    link = ShareLink.objects.get()
    cleanup.clean_up()
    export.refresh_from_db()
    assert export.expires_at == link.expires_at
    signed_in(bob).post(reverse("sharing:revoke", args=[link.pk]))
    cleanup.clean_up()
    export.refresh_from_db()
    assert export.expires_at < timezone.now() + timedelta(days=8)
    ShareLink.objects.update(revoked_at=timezone.now() - timedelta(days=31))
    cleanup.clean_up()
    assert not ShareLink.objects.exists() and Export.objects.exists()


def test_a_copys_title_is_that_of_its_video_unless_that_names_who_is_blurred_or_hidden(video: Video, bob: User) -> None:
    tom = people_of(video)[0]
    copy = make_export(video, kind=ExportKind.BLUR, options={"whom": "chosen"})
    copy.people.add(tom)

    def proposed(title: str) -> str:
        Video.objects.filter(pk=video.pk).update(title=title)
        found = re.search(r'name="title" value="([^"]*)"', page(bob, NEW, export=copy.pk))
        assert found
        return found[1]

    assert proposed("Party") == "Party – blurred copy"
    assert proposed("TOM’s party") == "Blurred copy"
    assert len(proposed("P" * 255)) <= 255
    Export.objects.filter(pk=copy.pk).update(options={"whom": "others"})
    assert proposed("TOM’s party") == "TOM’s party – blurred copy"
    Person.objects.filter(pk=tom.pk).update(is_hidden=True)
    assert proposed("TOM’s party") == "Blurred copy"


def test_the_list_tells_how_links_are_and_lets_one_replace_and_revoke(video: Video, bob: User, vera: User) -> None:
    old = address_in(share(bob, video=video.pk))
    link = ShareLink.objects.get()
    Client().get(old)
    shown = " ".join(page(bob, LIST).split())
    assert all(words in shown for words in ("Party", "Bob", "Works", "opened 1 time", "Revoke this link?"))
    assert "Party" not in page(vera, LIST) and "Party" in page(bob, LIST, video=video.pk)
    renew, revoke = (reverse(f"sharing:{name}", args=[link.pk]) for name in ("renew", "revoke"))
    assert signed_in(vera).post(renew).status_code == signed_in(vera).post(revoke).status_code == 404
    assert "The link you sent before" not in page(bob, LIST)
    answer = signed_in(bob).post(renew)
    assert "The link you sent before no longer works" in answer.content.decode()
    new = address_in(answer)
    assert Client().get(old).status_code == 404 and Client().get(new).status_code == 200
    assert [signed_in(bob).post(revoke).status_code for _ in range(2)] == [303, 303]
    assert signed_in(bob).post(renew).status_code == 303
    assert Client().get(new).status_code == 404 and "Revoked" in page(bob, LIST)
    acts_told = AuditEntry.objects.filter(subject_kind="share_link").order_by("number")
    assert list(acts_told.values_list("action", flat=True)) == [
        *("shared", "opened_link", "renewed_link"),
        *("opened_link",) * (acts_told.count() - 4),
        "revoked_link",
    ]


def test_an_export_that_a_link_uses_is_deleted_only_knowingly(video: Video, bob: User) -> None:
    export = make_export(video, created_by=bob)
    link, delete = make_share_link(None, bob, export=export), reverse("exports:delete", args=[export.pk])
    assert "A shared link uses this file" in page(bob, reverse("exports:list"))
    refused = signed_in(bob).post(delete, headers={"Accept": "application/json"})
    assert refused.status_code == 409 and "shared link" in refused.json()["error"]
    assert ShareLink.objects.filter(pk=link.pk).exists()
    signed_in(bob).post(delete, {"with_links": "yes"})
    assert not ShareLink.objects.exists() and not Export.objects.exists()
    ended = make_share_link(None, bob, export=make_export(video, created_by=bob), revoked_at=timezone.now())
    assert "A shared link uses this file" not in page(bob, reverse("exports:list"))
    signed_in(bob).post(reverse("exports:delete", args=[ended.export_id]))
    assert not Export.objects.exists()


def test_a_link_that_its_maker_may_no_longer_share_says_so(video: Video, bob: User, alice: User) -> None:
    make_share_link(video, bob)
    bob.memberships.update(role=Role.VIEWER)
    assert "may no longer share" in page(alice, LIST)


def test_links_go_with_their_maker_and_person_team_and_export(video: Video, bob: User) -> None:
    export = make_export(video)
    make_share_link(None, bob, export=export).people.add(*people_of(video))
    export.delete()
    assert not ShareLink.objects.exists()
    make_share_link(video, bob).people.add(*people_of(video))
    bob.delete()
    assert not ShareLink.objects.exists()
