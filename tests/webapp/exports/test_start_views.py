"""Starting exports: what is offered, what is refused, once and not twice, and the list."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from analysis.exports.choice import HidingStyle, Sound
from analysis.exports.moments import ReelOrder
from tests.conftest import signed_in
from tests.factories import make_job, make_team
from tests.factories_exports import make_export
from tests.factories_videos import found_track, make_analysed_video, make_info, make_video, people_of
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action
from webapp.audit.models import AuditEntry
from webapp.exports import cleanup, words
from webapp.exports.choices import OrderChoice, SoundChoice, StyleChoice, Whom
from webapp.exports.copy_queries import plan_copies
from webapp.exports.models import Export, ExportKind
from webapp.jobs.models import Job, JobKind, Status
from webapp.people.acts import services as acts
from webapp.people.models import Person
from webapp.uploads import quota_services
from webapp.videos import services as videos
from webapp.videos.models import Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
NEW, LIST = reverse("exports:new"), reverse("exports:list")
REEL = {"kind": "reel", "order": "video", "min_s": "1", "padding_s": "0.5"}
BLUR = {"kind": "blur", "whom": "everybody", "style": "pixels", "sound": "keep", "margin": "25"}


@pytest.fixture
def video(team: Team) -> Video:
    return make_analysed_video(found_track(1), found_track(2, box=(300, 10, 360, 70)), team=team, title="Party")


def start(user: User, **fields: Any) -> Response:
    return signed_in(user).post(NEW, fields, headers={"Accept": "application/json"})


def plan_in(page: str) -> list[str]:
    """What the page says of the copies that a choice will make."""
    return re.findall(r'<p class="numbers">(.*?)</p>', page.split('id="export-plan"')[1].split("</div>")[0])


def test_choices_are_those_of_the_library() -> None:
    for ours, theirs in ((StyleChoice, HidingStyle), (SoundChoice, Sound), (OrderChoice, ReelOrder)):
        assert set(ours.values) == {each.value for each in theirs}


def test_each_kind_is_offered_with_a_page_and_starts(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    wishes: dict[str, dict[str, Any]] = {
        "clip": {"person": tom.pk, "moment": "1.000-3.200", "padding_s": "0.5", "captions": "on"},
        "reel": REEL | {"person": tom.pk},
        "blur": BLUR | {"whom": "chosen", "person": tom.pk},
        "chapters": {},
        "picture": {"time_s": "2.345", "whom": "others", "person": tom.pk, "style": "solid", "margin": "30"},
    }
    client = signed_in(vera)
    for kind in ("appearances", *wishes):
        shown = client.get(NEW, {"video": str(video.pk), "person": str(tom.pk), "kind": kind})
        assert shown.status_code == 200 and faults_of(shown.content.decode()) == [], kind
    for kind, wish in wishes.items():
        assert (
            start(vera, kind=kind, video=video.pk, **{k: v for k, v in wish.items() if k != "kind"}).status_code == 200
        )
    made = {export.kind: export for export in Export.objects.all()}
    assert made.keys() == wishes.keys() and {export.job.kind for export in made.values()} == {JobKind.EXPORT}
    assert words.title_of_export(made["clip"]) == "Person 1 at 0:01 in Party" and made["clip"].options["end_s"] == 3.2
    assert made["picture"].options == {
        "time_s": 2.345,
        "whom": "others",
        "style": "solid",
        "margin": 0.3,
        "language": "en",
    }
    assert list(made["picture"].people.all()) == [tom]
    assert AuditEntry.objects.filter(action="exported", subject_kind="export").count() == len(wishes)
    listed = client.get(LIST, {"by": "me"}).content.decode()
    assert faults_of(listed) == [] and all(words.title_of_export(export) in listed for export in made.values())


def test_a_title_says_who_is_blurred_in_the_readers_language_and_an_old_one_stays(video: Video, bob: User) -> None:
    tom = people_of(video)[0]
    start(bob, video=video.pk, **BLUR)
    start(bob, video=video.pk, **BLUR | {"whom": "chosen", "person": tom.pk, "style": "solid"})
    start(bob, video=video.pk, **BLUR | {"whom": "others", "person": tom.pk})
    make_export(video, title="As it was called")
    client = signed_in(bob)
    shown = client.get(LIST).content.decode()
    for text in ("everyone blurred", "Person 1 blurred", "everyone except Person 1 blurred", "· Solid colour"):
        assert text in shown, text
    client.post(reverse("accounts:appearance"), {"language": "zh-hans", "theme": "light"})
    shown = client.get(LIST).content.decode()
    assert "Party，所有人打码" in shown and "As it was called" in shown and "everyone" not in shown


def test_ticked_people_and_everyone_contradict_each_other(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    answer = signed_in(vera).post(NEW, BLUR | {"video": video.pk, "person": tom.pk})
    assert answer.status_code == 422 and "Choose whom you mean" in answer.content.decode()
    shown = signed_in(vera).get(NEW, {"video": str(video.pk), "person": str(tom.pk), "kind": "blur"}).content.decode()
    assert re.search(r'value="chosen"[^>]*checked', shown)
    assert "together" not in signed_in(vera).get(NEW, {"person": str(tom.pk), "kind": "reel"}).content.decode()


def test_a_persons_reel_is_of_all_their_videos_and_a_selection_goes_to_the_page(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    start(vera, person=tom.pk, **REEL)
    assert list(Export.objects.get().videos.all()) == [video]
    chosen = signed_in(vera).post(reverse("exports:choose"), {"video": [video.pk, uuid4()]})
    assert (chosen.status_code, chosen["Location"]) == (303, f"{NEW}?video={video.pk}")


def test_the_page_says_what_a_reel_will_hold_and_what_is_too_short_for_it(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    other = make_analysed_video(found_track(7, end_s=1.6), team=video.team, title="Walk")
    acts.merge_people(people_of(other)[0], target=tom, user=None)
    client, ask = signed_in(vera), {"person": str(tom.pk), "kind": "reel"}
    shown = plan_in(client.get(NEW, ask).content.decode())
    assert shown == [
        "1 moment from 1 of 2 videos, 0:03 long",
        "1 appearance is left out: it is shorter than 1 s.",
    ]
    page = client.get(NEW, ask | {"min_s": "0.5", "padding_s": "0"}).content.decode()
    assert plan_in(page) == ["2 moments from 2 videos, 0:03 long"] and not re.search(
        r'name="captions"[^>]*checked', page
    )
    empty = "There is no moment to show. Choose a smaller number of seconds under Advanced, or other people."
    assert plan_in(client.get(NEW, ask | {"min_s": "9", "video": str(video.pk)}).content.decode()) == [
        empty,
        "1 appearance is left out: it is shorter than 9 s.",
    ]
    refused = start(vera, **REEL | {"video": video.pk, "person": tom.pk, "min_s": "9"})
    assert refused.status_code == 422 and refused.content.decode().count(empty) == 2 and not Export.objects.exists()
    [absent] = people_of(make_analysed_video(found_track(9), team=video.team, title="Elsewhere"))
    both = {"kind": "reel", "video": str(video.pk), "person": [str(tom.pk), str(absent.pk)]}
    apart = plan_in(client.get(NEW, both | {"min_s": "0", "together": "on"}).content.decode())
    assert apart[0].startswith("There is no moment to show. Choose other people, or allow moments")
    nobody = client.get(NEW, {"kind": "reel", "video": str(video.pk)}).content.decode()
    assert plan_in(nobody) == ["Select at least one person."]
    assert plan_in(client.get(NEW, ask | {"min_s": "soon"}).content.decode()) == []


def test_blurred_copies_of_a_selection_are_one_export_each_of_whoever_is_in_the_video(
    video: Video, vera: User, settings: Any
) -> None:
    team, tom = video.team, people_of(video)[0]
    other = make_analysed_video(found_track(7), team=team, title="Walk")
    anna = people_of(other)[0]
    client, fields = signed_in(vera), {"video": [video.pk, other.pk], "copies": [video.pk, other.pk]}
    shown = client.get(NEW, {"kind": "blur", "video": [str(video.pk), str(other.pk)]}).content.decode()
    assert faults_of(shown) == [] and plan_in(shown) == ["2 copies, 2:00 long together · 1.2 MB to 4.4 MB"]
    answer = start(vera, **fields, **BLUR | {"whom": "chosen", "person": tom.pk, "idempotency_key": "k" * 22})
    assert "Started." in answer.json()["toast"]
    assert [words.title_of_export(each) for each in Export.objects.all()] == ["Party, Person 1 blurred"]
    again = start(vera, **fields, **BLUR | {"whom": "chosen", "person": tom.pk, "idempotency_key": "k" * 22})
    assert again.json() == answer.json() and Export.objects.count() == 1
    assert "Started 2 exports." in start(vera, **fields, **BLUR | {"whom": "others", "person": anna.pk}).json()["toast"]
    titles = {words.title_of_export(each) for each in Export.objects.exclude(options__whom="chosen")}
    assert titles == {"Party, everyone blurred", f"Walk, everyone except {anna} blurred"}
    assert all("copies" not in each.options for each in Export.objects.all())
    settings.EXPORTS_PER_PERSON = 4
    refused = start(vera, **fields, **BLUR)
    assert (refused.status_code, Export.objects.count()) == (422, 3)
    assert "can start 1 more. Select fewer videos." in refused.content.decode()
    assert start(vera, **fields | {"copies": [other.pk]}, **BLUR).status_code == 200
    assert start(vera, **fields | {"copies": [uuid4()]}, **BLUR).status_code == 422
    assert Export.objects.count() == 4


def test_a_persons_videos_are_copied_with_them_or_all_others_blurred_and_the_page_says_what_it_takes(
    video: Video, vera: User
) -> None:
    tom = people_of(video)[0]
    other = make_analysed_video(found_track(7), team=video.team, title="Walk", size_bytes=9_000_000)
    acts.merge_people(people_of(other)[0], target=tom, user=None)
    ask = {"person": str(tom.pk), "kind": "blur", "whom": "others", "copies": [str(other.pk)]}
    ended_at = timezone.now()
    took = {"status": Status.DONE, "started_at": ended_at - timedelta(minutes=10), "finished_at": ended_at}
    made = make_export(other, kind=ExportKind.BLUR, job=make_job(team=video.team, kind=JobKind.EXPORT, **took))
    shown = signed_in(vera).get(NEW, ask).content.decode()
    assert "Only Person 1" in shown and "Everyone except Person 1" in shown
    assert plan_in(shown) == ["1 copy, 1:00 long · takes 6–14 min · 3.6 MB to 13 MB"]
    wish = BLUR | {"person": tom.pk, "copies": [video.pk, other.pk]}
    assert start(vera, **wish).status_code == 422, "nobody in particular is meant on the page of a person"
    assert start(vera, **wish | {"whom": "others"}).status_code == 200
    copies = Export.objects.exclude(pk=made.pk)
    assert {tuple(copy.videos.all()) for copy in copies} == {(video,), (other,)}
    assert {(tuple(copy.people.all()), copy.options["whom"]) for copy in copies} == {((tom,), "others")}


@pytest.mark.parametrize(
    ("size", "rate_fps", "duration_s", "audio", "size_bytes", "copy_bytes"),
    [
        ((1280, 720), 24.0, 10.3, "", 639_646, 3_217_592),
        ((640, 480), 30.0, 6.2, "aac", 515_198, 895_932),
        ((193, 144), 30.0, 4.0, "", 588_804, 92_305),
    ],
    ids=["packed well", "usual", "packed badly"],
)
def test_a_copy_is_as_large_as_was_said(
    size: tuple[int, int], rate_fps: float, duration_s: float, audio: str, size_bytes: int, copy_bytes: int, team: Team
) -> None:
    info = make_info(width=size[0], height=size[1], rate_fps=rate_fps, duration_s=duration_s, audio_codec=audio)
    plan = plan_copies(team, [make_video(team=team, info=info, size_bytes=size_bytes)], [], Whom.EVERYBODY)
    assert plan.low_bytes < copy_bytes < plan.high_bytes < 4 * plan.low_bytes


def test_a_form_that_is_sent_twice_starts_one(video: Video, vera: User) -> None:
    client, wish = signed_in(vera), BLUR | {"video": video.pk, "idempotency_key": "k" * 22}
    assert [client.post(NEW, wish).status_code for _ in range(2)] == [303, 303]
    assert Export.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        (BLUR | {"whom": "chosen"}, 422),
        ({"kind": "picture", "time_s": "1", "whom": "others", "style": "solid", "margin": "1"}, 422),
        (BLUR | {"margin": "9999"}, 422),
        (BLUR | {"style": "none"}, 422),
        (REEL, 422),
        (REEL | {"min_s": "nan"}, 422),
        ({"kind": "clip", "moment": "5-1", "padding_s": "0"}, 422),
        ({"kind": "picture", "time_s": "1e9", "style": "solid", "margin": "1"}, 422),
        ({"kind": "appearances"}, 409),
        ({"kind": "../x"}, 409),
    ],
)
def test_what_makes_no_sense_starts_nothing(wish: dict[str, str], status: int, video: Video, vera: User) -> None:
    assert start(vera, video=video.pk, **wish).status_code == status
    assert not Job.objects.filter(kind=JobKind.EXPORT).exists()


def test_ids_of_others_start_nothing(video: Video, vera: User) -> None:
    elsewhere = make_analysed_video(found_track(4), team=make_team("Elsewhere"))
    stranger, tom = people_of(elsewhere)[0], people_of(video)[0]
    gone = make_video(team=video.team, deleted_at=timezone.now())
    for ids in (
        {"video": elsewhere.pk, "person": tom.pk},
        {"video": video.pk, "person": stranger.pk},
        {"video": [video.pk, elsewhere.pk], "person": tom.pk},
        {"video": gone.pk, "person": tom.pk},
    ):
        assert start(vera, **REEL, **ids).status_code == 404, ids
    theirs = make_export(elsewhere)
    for name in ("file", "again", "cancel", "delete"):
        address = reverse(f"exports:{name}", args=[theirs.pk])
        answer = signed_in(vera).get(address) if name == "file" else signed_in(vera).post(address)
        assert answer.status_code == 404, name
    assert Export.objects.count() == 1


def test_only_so_many_at_once_and_none_on_a_full_disk(video: Video, vera: User, settings: Any) -> None:
    settings.EXPORTS_PER_PERSON = 1
    assert start(vera, video=video.pk, **BLUR).status_code == 200
    refused = start(vera, video=video.pk, **BLUR)
    assert (refused.status_code, "already" in refused.json()["error"]) == (409, True)
    settings.EXPORTS_PER_PERSON, settings.DISK_RESERVE_BYTES = 10, 2**62
    refused = start(vera, video=video.pk, **BLUR)
    assert (refused.status_code, "disk space" in refused.json()["error"]) == (409, True)
    settings.DISK_RESERVE_BYTES = 0
    quota_services.set_quota(video.team, 1)
    quota_services.note_stored(video.team, 1)
    refused = start(vera, video=video.pk, **BLUR)
    words_of_quota = "There is no room for “Party, everyone blurred”: your team has used 1 B of its 1 B."
    assert refused.status_code == 409 and refused.json()["error"].startswith(words_of_quota)
    assert Export.objects.count() == 1


def page_of(export: Export, user: User) -> str:
    response = signed_in(user).get(reverse("exports:detail", args=[export.pk]))
    text = response.content.decode()
    assert (response.status_code, faults_of(text)) == (200, [])
    return " ".join(text.split())


def test_a_page_shows_an_export_with_its_report_and_what_it_is_made_of(video: Video, bob: User, vera: User) -> None:
    tom = people_of(video)[0]
    checked = {"frames_checked": 1200, "frames_found": 0, "share_hidden": 0.123, "least_face_px": 16}
    options = {"whom": "chosen", "style": "solid", "sound": "mute"}
    copy = make_export(video, title="", kind=ExportKind.BLUR, created_by=bob, report=checked, options=options)
    copy.people.add(tom)
    shown, delete = page_of(copy, bob), reverse("exports:delete", args=[copy.pk])
    ways = [LIST, reverse("videos:detail", args=[video.pk]), reverse("people:person", args=[tom.pk])]
    ways += [reverse(f"exports:{name}", args=[copy.pk]) for name in ("play", "file")]
    assert all(f'"{way}"' in shown for way in ways) and delete in shown and delete not in page_of(copy, vera)
    said = (
        "Party, Person 1 blurred",
        "Solid colour",
        "Sound: Mute",
        "12.3 % of the picture",
        "1,200 frames: Person 1 was",
    )
    assert all(words in shown for words in said) and "<video" in shown and "Blurred people" in shown
    assert f'href="{reverse("exports:detail", args=[copy.pk])}"' in signed_in(vera).get(LIST).content.decode()
    part = {"source": 0, "first_s": 1.0, "length_s": 2.0, "at_s": 0.0, "names": ["Person 1"]}
    reel = {"parts": [part, part | {"first_s": 65.0, "at_s": 2.0}], "duration_s": 4.0, "videos": [str(video.pk)]}
    moments = page_of(make_export(video, kind=ExportKind.REEL, report=reel), vera)
    assert "?t=65" in moments and "1:05–1:07" in moments and "2 moments, 0:04 long" in moments
    picture = page_of(make_export(video, kind=ExportKind.PICTURE, report={"faces_hidden": 2, "faces_found": 0}), vera)
    assert "<img" in picture and "<video" not in picture and "2 faces are blurred" in picture


def test_a_page_says_how_far_an_export_is_and_ends_with_it(video: Video, team: Team, vera: User) -> None:
    waiting = make_export(video, job=make_job(team=team, kind=JobKind.EXPORT), created_by=vera)
    shown = page_of(waiting, vera)
    assert reverse("exports:cancel", args=[waiting.pk]) in shown and "job-progress" in shown and "<video" not in shown
    over = make_export(video, expires_at=timezone.now())
    assert signed_in(vera).get(reverse("exports:detail", args=[over.pk])).status_code == 404


def test_a_file_is_sent_in_ranges_and_is_gone_with_video_person_time_or_membership(video: Video, vera: User) -> None:
    export = make_export(video, title="../a", content=b"0123456789", created_by=vera)
    address, client = reverse("exports:file", args=[export.pk]), signed_in(vera)
    part = client.get(address, headers={"Range": "bytes=2-4"})
    assert (part.status_code, b"".join(part)) == (206, b"234")
    assert part["Content-Disposition"] == "attachment; filename*=UTF-8''a.mp4"
    shown = client.get(reverse("exports:play", args=[export.pk]), headers={"Range": "bytes=0-1"})
    assert (shown.status_code, b"".join(shown), shown["Content-Type"]) == (206, b"01", "video/mp4")
    assert "Content-Disposition" not in shown
    acts_of_it = AuditEntry.objects.filter(subject_id=str(export.pk)).values_list("action", flat=True)
    assert {Action.DOWNLOADED, Action.PLAYED} <= set(acts_of_it)
    Export.objects.update(kind=ExportKind.PICTURE)
    assert client.get(reverse("exports:play", args=[export.pk]))["Content-Type"] == "image/jpeg"
    person = people_of(video)[0]
    export.people.add(person)
    for kind, status in ((ExportKind.CLIP, 404), (ExportKind.BLUR, 200)):
        Export.objects.update(kind=kind)
        Person.objects.filter(pk=person.pk).update(is_deleted=True)
        assert client.get(address).status_code == status, kind
    Export.objects.update(expires_at=timezone.now())
    assert client.get(address).status_code == 404
    Export.objects.update(expires_at=export.expires_at)
    vera.memberships.all().delete()
    assert client.get(address).status_code == 404
    videos.delete_video(video, user=None)
    assert not Export.objects.exists() and not storage.exists(export.file_key)
    assert not Job.objects.filter(kind=JobKind.EXPORT).exists()


def test_expired_ones_are_swept_and_running_ones_are_not(video: Video, team: Team) -> None:
    running = make_export(video, job=make_job(team=team, kind=JobKind.EXPORT, status=Status.RUNNING))
    done = make_export(video)
    kept = make_export(video)
    Export.objects.exclude(pk=kept.pk).update(expires_at=timezone.now())
    cleanup.clean_up()
    assert set(Export.objects.all()) == {running, kept}
    assert storage.exists(kept.file_key) and not storage.exists(done.file_key)


def test_one_cancels_and_deletes_ones_own_and_editors_all(video: Video, team: Team, bob: User, vera: User) -> None:
    job = make_job(team=team, kind=JobKind.EXPORT)
    export = make_export(video, job=job, created_by=bob)
    cancel, delete = (reverse(f"exports:{name}", args=[export.pk]) for name in ("cancel", "delete"))
    assert signed_in(vera).post(cancel).status_code == 404
    Export.objects.update(created_by=vera)
    assert signed_in(vera).post(cancel).status_code == 303
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert signed_in(vera).post(reverse("exports:again", args=[export.pk])).status_code == 303
    assert Export.objects.count() == 2
    assert signed_in(bob).post(delete).status_code == 303
    assert list(Export.objects.values_list("job__status", flat=True)) == [Status.QUEUED]
