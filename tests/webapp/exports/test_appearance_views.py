"""Lists of appearances: what stands in them, for whom, and what is told to the audit log."""

import csv
import io
import json
import zipfile
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_team, make_user
from tests.factories_videos import found_track, make_analysed_video, people_of, unclear_track
from webapp.accounts.models import Role, Team, User
from webapp.audit.models import AuditEntry
from webapp.exports.file_name_rules import file_name, unique_names
from webapp.people.acts import services as acts
from webapp.people.models import Person
from webapp.videos.models import Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
BESIDE = (300, 10, 360, 70)


@pytest.fixture
def video(team: Team, alice: User) -> Video:
    """Two people: the first at 1-3 s and 11-13 s, the second at 2-4 s; and an unclear face."""
    tracks = [
        found_track(1, start_s=1, end_s=3),
        found_track(1, start_s=11, end_s=13),
        found_track(2, start_s=2, end_s=4, box=BESIDE),
    ]
    made = make_analysed_video(*tracks, unclear_track(5, start_s=30, end_s=32), team=team, title="=1+1")
    acts.name_person(people_of(made)[0], name="Tom & Co", user=alice)
    return made


def fetch(user: User, form: str, **query: Any) -> tuple[bytes, str]:
    response = signed_in(user).get(reverse("exports:appearances", args=[form]), query)
    assert response.status_code == 200
    return b"".join(response), unquote(response["Content-Disposition"])


def test_the_three_forms_say_what_the_page_says(video: Video, vera: User) -> None:
    table, name = fetch(vera, "csv", video=video.pk)
    assert "=1+1.csv" in name
    header, *rows = csv.reader(io.StringIO(table.decode("utf-8-sig")))
    assert header[:3] == ["video", "person", "name"]
    at = [round(float(row[header.index("start_s")])) for row in rows]
    assert [(row[0], row[2]) for row in rows] == [("'=1+1", "Tom & Co"), ("'=1+1", "Person 2"), ("'=1+1", "Tom & Co")]
    assert at == [1, 2, 11]
    people = json.loads(fetch(vera, "json", video=video.pk)[0])["videos"][0]["people"]
    assert [(person["name"], len(person["appearances"])) for person in people] == [("Tom & Co", 2), ("Person 2", 1)]
    cues = fetch(vera, "vtt", video=video.pk)[0].decode()
    assert cues.startswith("WEBVTT\n") and "Tom &amp; Co, Person 2" in cues
    told = AuditEntry.objects.filter(action="exported").values_list("subject_kind", "subject_id", "after")
    assert [(kind, key, json.loads(after)) for kind, key, after in told] == [
        ("video", str(video.pk), {"appearances": form}) for form in ("csv", "json", "vtt")
    ]
    User.objects.filter(pk=vera.pk).update(language="zh-hans")
    assert "\nTom &amp; Co、人物 2\n" in fetch(vera, "vtt", video=video.pk)[0].decode()


def test_a_person_alone_in_all_videos_and_subtitles_of_several_as_a_zip(video: Video, team: Team, vera: User) -> None:
    other = make_analysed_video(found_track(3), team=team, title="=1+1")
    tom = Person.objects.get(name="Tom & Co")
    rows = list(csv.reader(io.StringIO(fetch(vera, "csv", person=tom.pk)[0].decode("utf-8-sig"))))
    assert {row[2] for row in rows[1:]} == {"Tom & Co"} and len(rows) == 3
    packed, name = fetch(vera, "vtt", video=[video.pk, other.pk])
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["=1+1.vtt", "=1+1 (2).vtt"]


def test_what_is_not_ones_own_or_gone_or_too_much_is_not_exported(video: Video, team: Team, vera: User) -> None:
    elsewhere = make_analysed_video(found_track(3), team=make_team("Elsewhere"))
    stranger, theirs = people_of(elsewhere)[0], signed_in(make_user(team=elsewhere.team, role=Role.OWNER))
    address = reverse("exports:appearances", args=["csv"])
    client, own = signed_in(vera), {"video": str(video.pk)}
    queries: list[dict[str, Any]] = [
        {"video": elsewhere.pk},
        {"video": [video.pk, elsewhere.pk]},
        {"video": video.pk, "person": stranger.pk},
        {"video": uuid4()},
    ]
    for query in queries:
        assert client.get(address, query).status_code == 404, query
    assert theirs.get(address, own).status_code == 404
    assert client.get(reverse("exports:appearances", args=["exe"]), own).status_code == 404
    many = client.get(address, {"video": [str(uuid4()) for _ in range(101)]}, headers={"Accept": "application/json"})
    assert (many.status_code, many.json()["error"]) == (409, "Export at most 100 videos at once.")
    Team.objects.filter(pk=team.pk).update(export_role=Role.EDITOR)
    assert client.get(address, own).status_code == 404
    Team.objects.filter(pk=team.pk).update(export_role=Role.VIEWER)
    Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())
    assert client.get(address, own).status_code == 404
    assert not AuditEntry.objects.filter(action="exported").exists()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc passwd.mp4"),
        ("a\r\nSet-Cookie: x\0", "aSet-Cookie x.mp4"),
        ("gpj.\u202eexe", "gpj.exe.mp4"),
        (" ... ", "export.mp4"),
        ("Élodie 张伟", "Élodie 张伟.mp4"),
        ("x" * 300, "x" * 100 + ".mp4"),
    ],
)
def test_names_of_files_lead_nowhere(title: str, name: str) -> None:
    assert file_name(title, ".mp4") == name


def test_names_that_differ_in_case_alone_are_numbered() -> None:
    assert unique_names(["Day", "day", "DAY"], ".vtt") == ["Day.vtt", "day (2).vtt", "DAY (3).vtt"]
