"""What pages say and how many queries they need."""

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analysis.faces.seen_spans import longest_gap_s
from tests.conftest import signed_in
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_ended_job,
    make_info,
    make_upload,
    make_video,
    people_of,
    run_analysis,
    scanned,
    segment_result,
    work,
)
from tests.present import present
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.analyses import runner
from webapp.jobs import lifecycle
from webapp.jobs.models import JobKind, Status
from webapp.library import queries
from webapp.uploads import receive_services
from webapp.videos import upload_services
from webapp.videos.models import IN_STATE, Playback, Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


def queries_of(user: User, address: str) -> int:
    client = signed_in(user)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def make_one_of_each(team: Team, user: User) -> dict[str, Video]:
    """A video in every state."""
    videos: dict[str, Video] = {VideoState.DONE: make_video(team=team)}
    videos[VideoState.UPLOADING] = make_upload(user, team=team).video
    stopped = make_upload(user, team=team)
    upload_services.stop_upload(stopped)
    videos[VideoState.STOPPED] = stopped.video
    states: list[tuple[str, str, dict[str, Any]]] = [
        (VideoState.CHECKING, JobKind.CHECK, {"status": Status.RUNNING}),
        (VideoState.WAITING, JobKind.ANALYSIS, {"status": Status.QUEUED, "started_at": None}),
        (VideoState.ANALYSING, JobKind.ANALYSIS, {"status": Status.RUNNING}),
        (VideoState.FAILED, JobKind.ANALYSIS, {"status": Status.FAILED, "error_code": "crashed"}),
        (VideoState.CANCELLED, JobKind.ANALYSIS, {"status": Status.CANCELLED}),
    ]
    for state, kind, fields in states:
        video = make_video(team=team)
        ended = {} if fields["status"] in (Status.FAILED, Status.CANCELLED) else {"finished_at": None}
        video.current_job = make_ended_job(video, kind=kind, **(fields | ended))
        video.save()
        videos[state] = video
    requeued = make_video(team=team)
    requeued.current_job = make_ended_job(requeued, status=Status.QUEUED, finished_at=None)
    requeued.save()
    videos["queued again"] = requeued
    return videos


def test_the_state_of_a_video_and_the_filter_for_it_agree(team: Team, bob: User) -> None:
    for video in make_one_of_each(team, bob).values():
        video = Video.objects.select_related("current_job").get(pk=video.pk)
        for state, where in IN_STATE.items():
            assert Video.objects.filter(where, pk=video.pk).exists() == (video.state == state), (video.state, state)


def test_every_state_has_its_page_card_and_filter(team: Team, bob: User) -> None:
    client = signed_in(bob)
    for video in make_one_of_each(team, bob).values():
        for name in ("detail", "panel"):
            assert client.get(reverse(f"videos:{name}", args=[video.pk])).status_code == 200
        changes = client.get(reverse("videos:changes"), {"card": str(video.pk)}).content.decode()
        assert f'id="card-{video.pk}" data-state="{video.state}"' in changes
    for state in VideoState.values:
        page = client.get(reverse("videos:library"), {"state": state}).context["page"]
        assert {card.video.state for card in page} == {state}


def test_the_library_needs_the_same_number_of_queries_however_much_it_shows(team: Team, bob: User) -> None:
    address = reverse("videos:library")
    make_analysed_video(found_track(1), team=team)
    make_one_of_each(team, bob)
    few = queries_of(bob, address)
    for number in range(6):
        make_analysed_video(found_track(1), found_track(number + 2, box=RIGHT), team=team)
        make_upload(bob, team=team)
    make_one_of_each(team, bob)
    assert queries_of(bob, address) == few


def test_all_that_changes_in_the_library_comes_with_one_request(team: Team, bob: User, charlie: User) -> None:
    address = reverse("videos:changes")
    videos = [make_analysed_video(found_track(1), team=team) for _ in range(4)]
    first = f"{address}?sort=title&card={videos[0].pk}"
    every = "&".join([f"{address}?sort=title", *(f"card={video.pk}" for video in videos)])
    assert queries_of(bob, every) == queries_of(bob, first)
    response = signed_in(bob).get(every).content.decode()
    assert response.count('class="video-card"') == 4 and 'id="totals"' in response and 'id="filters"' in response
    assert f"card={videos[0].pk}" not in response, "links of the head lead back to the library"
    assert 'class="video-card"' not in signed_in(charlie).get(every).content.decode()


def test_the_video_page_needs_the_same_number_of_queries_however_many_people(team: Team, bob: User) -> None:
    one = make_analysed_video(found_track(1), team=team)
    many = make_analysed_video(
        *[found_track(who, start_s=3 * who, end_s=3 * who + 2) for who in range(1, 15)], team=team
    )
    counted = [queries_of(bob, reverse("videos:detail", args=[video.pk])) for video in (one, many)]
    assert counted[0] == counted[1]


def test_the_people_page_needs_the_same_number_of_queries_however_many_people(team: Team, bob: User) -> None:
    make_analysed_video(found_track(1), team=team)
    few = queries_of(bob, reverse("people:list"))
    make_analysed_video(*[found_track(who, start_s=3 * who, end_s=3 * who + 2) for who in range(1, 9)], team=team)
    assert queries_of(bob, reverse("people:list")) == few


def test_search_sort_and_page_stand_in_the_address(team: Team, bob: User) -> None:
    for number in range(queries.PAGE_SIZE + 2):
        make_video(team=team, title=f"Match {number:02d}", info=make_info(10 + number))
    make_video(team=team, title="家庭 聚会")
    client = signed_in(bob)
    address = reverse("videos:library")
    page = client.get(address, {"q": "match", "sort": "title", "page": "2"}).context["page"]
    assert [card.video.title for card in page] == ["Match 24", "Match 25"]
    assert [c.video.title for c in client.get(address, {"q": "聚会 家庭"}).context["page"]] == ["家庭 聚会"]
    assert client.get(address, {"sort": "longest", "q": "match"}).context["page"][0].video.title == "Match 25"
    for nonsense in ({"page": "x"}, {"page": "99"}, {"state": "odd"}, {"sort": "odd"}, {"q": "\x00" * 300}):
        assert client.get(address, nonsense).status_code == 200


def test_rows_tell_screen_time_bars_and_appearances_in_player_time(team: Team, bob: User) -> None:
    video = make_analysed_video(
        found_track(1, start_s=10, end_s=19.8),
        found_track(1, start_s=40, end_s=44.8),
        found_track(2, start_s=20, end_s=20.8, box=RIGHT),
        team=team,
        duration_s=100,
    )
    Video.objects.filter(pk=video.pk).update(playback_offset_s=5)
    view = signed_in(bob).get(reverse("videos:detail", args=[video.pk])).context["view"]
    first, second = view.rows
    assert first.screen_time_s == pytest.approx(15, abs=0.3) and first.share_percent == pytest.approx(15, abs=0.3)
    assert [round(start) for start, _end in first.appearances] == [5, 35]
    assert first.bars[0].left_percent == pytest.approx(5, abs=0.1)
    assert second.is_brief and view.hidden_count == 1 and not first.is_brief
    assert [entry.person.id for entry in view.timeline] == [first.id, second.id, first.id]


def test_the_address_restores_moment_person_tab_and_least_time(team: Team, bob: User) -> None:
    video = make_analysed_video(found_track(1), team=team)
    person = people_of(video)[0]
    asked = {"t": "63", "person": str(person.pk), "tab": "labels", "min": "5"}
    context = signed_in(bob).get(reverse("videos:detail", args=[video.pk]), asked).context
    assert (context["start_s"], context["tab"], context["view"].min_s) == (63, "labels", 5)
    assert context["view"].chosen.id == person.pk and context["view"].rows[0].is_brief
    odd = {"t": "x", "person": "y", "tab": "z", "min": "-1"}
    assert signed_in(bob).get(reverse("videos:detail", args=[video.pk]), odd).context["tab"] == "people"


def test_faces_found_so_far_are_shown_until_people_are_known(team: Team, bob: User) -> None:
    video = make_video(team=team, info=make_info(120))
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    first, second = analysis.segments.order_by("index")
    with lifecycle.working(first.job_id) as job:
        runner.store_segment(present(job), first, segment_result(first, found_track(1), found_track(2, box=RIGHT)))
    address = reverse("videos:detail", args=[video.pk])
    assert len(signed_in(bob).get(address).context["view"].found_so_far) == 2
    with lifecycle.working(second.job_id) as job:
        runner.store_segment(present(job), second, segment_result(second, found_track(1, start_s=70, end_s=72)))
    view = signed_in(bob).get(address).context["view"]
    assert len(view.found_so_far) == 2 and view.rows == []
    work(analysis.job_id, runner.run_analysis)
    view = signed_in(bob).get(address).context["view"]
    assert len(view.rows) == 2 and view.found_so_far == []


def boxes_of(user: User, video: Video, **window: Any) -> Any:
    return json.loads(signed_in(user).get(reverse("videos:boxes", args=[video.pk]), window).content)


def test_boxes_come_for_a_window_of_player_time(team: Team, bob: User) -> None:
    video = make_analysed_video(found_track(1, start_s=10, end_s=30), found_track(2, start_s=50, end_s=52), team=team)
    Video.objects.filter(pk=video.pk).update(playback_offset_s=2)
    response = boxes_of(bob, video, **{"from": 10, "to": 12})
    assert response["sources"] == {"width": 640, "height": 360}
    (track,) = response["tracks"]
    assert 9.5 <= track["times_s"][0] <= 10 and 12 <= track["times_s"][-1] <= 12.5
    assert len(track["boxes"]) == len(track["times_s"]) and track["boxes"][0] == [10, 10, 60, 60]
    assert track["max_gap_s"] == pytest.approx(longest_gap_s(0.2)), "as long as the bar has no gap"
    assert boxes_of(bob, video, **{"from": 35, "to": 40})["tracks"] == []


@pytest.mark.parametrize("window", [{"from": "x"}, {"from": 5, "to": 5}, {"from": 0, "to": 10_000}, {"from": "nan"}])
def test_odd_windows_are_refused(team: Team, bob: User, window: dict[str, Any]) -> None:
    video = make_analysed_video(team=team)
    assert signed_in(bob).get(reverse("videos:boxes", args=[video.pk]), window).status_code == 400


def test_boxes_of_a_video_that_was_never_analysed_are_none(team: Team, bob: User) -> None:
    assert boxes_of(bob, make_video(team=team))["tracks"] == []


def body(response: Any) -> bytes:
    """Of a response that is streamed asynchronously."""

    async def read() -> bytes:
        return b"".join([block async for block in response])

    return async_to_sync(read)()


def test_playing_by_ranges(team: Team, bob: User) -> None:
    video = make_video(team=team, content=b"0123456789")
    client, address = signed_in(bob), reverse("videos:play", args=[video.pk])
    whole = client.get(address)
    assert (whole.status_code, whole["Content-Type"], whole["X-Content-Type-Options"]) == (200, "video/mp4", "nosniff")
    part = client.get(address, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part["Content-Range"], body(part)) == (206, "bytes 2-4/10", b"234")
    assert client.get(address, headers={"Range": "bytes=10-"}).status_code == 416
    assert client.head(address)["Content-Length"] == "10"


def test_what_cannot_be_played_yet_is_not_served(team: Team, bob: User) -> None:
    for playback in (Playback.UNKNOWN, Playback.PENDING, Playback.IMPOSSIBLE):
        video = make_video(team=team, playback=playback)
        assert signed_in(bob).get(reverse("videos:play", args=[video.pk])).status_code == 404


@pytest.mark.parametrize("name", ["家庭聚会.mp4", 'a "quoted" name;.mp4', "line\nbreak\r\nX-Evil: 1.mp4", "x.html"])
def test_downloads_keep_any_name_and_are_never_a_page(team: Team, bob: User, name: str) -> None:
    video = make_video(team=team, file_name=name)
    response = signed_in(bob).get(reverse("videos:download", args=[video.pk]))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment") and "X-Evil" not in response.headers
    assert "\n" not in response["Content-Disposition"]


def test_a_stored_file_that_is_gone_is_not_found(team: Team, bob: User) -> None:
    video = make_video(team=team)
    storage.delete(video.original_key)
    assert signed_in(bob).get(reverse("videos:play", args=[video.pk])).status_code == 404


def precheck(user: User, *files: dict[str, Any]) -> Any:
    address = reverse("videos:precheck")
    return signed_in(user).post(address, {"files": list(files)}, content_type="application/json")


def test_limits_are_said_before_the_upload_and_a_broken_one_is_found_again(
    team: Team, bob: User, settings: Any
) -> None:
    upload = make_upload(bob, team=team, size_bytes=10, fingerprint="abc")
    receive_services.receive(upload, offset=0, chunks=[b"1234"])
    files = [
        {"name": "holiday.mp4", "size": 10, "fingerprint": "abc"},
        {"name": "big.mp4", "size": settings.UPLOAD_MAX_BYTES + 1, "fingerprint": "b"},
        {"name": "letter.pdf", "size": 10, "type": "application/pdf", "fingerprint": "c"},
        {"name": "empty.mp4", "size": 0, "fingerprint": "d"},
        {"name": "new.mkv", "size": 10, "type": "", "fingerprint": "e"},
    ]
    response = precheck(bob, *files).json()
    resume, big, letter, empty, new = response["files"]
    assert resume == {"ok": True, "resume": reverse("videos:tus_file", args=[upload.pk]), "offset": 4}
    assert "20 GB" in big["reason"] and "not a video" in letter["reason"] and "empty" in empty["reason"]
    assert new == {"ok": True}
    assert big["is_final"] and letter["is_final"] and empty["is_final"], "trying again would not help"
    assert response["free_bytes"] > 0


def test_a_full_disk_is_said_before_the_upload(team: Team, bob: User, settings: Any) -> None:
    settings.DISK_RESERVE_BYTES = 10**18
    (response,) = precheck(bob, {"name": "a.mp4", "size": 10, "fingerprint": "a"}).json()["files"]
    assert not response["ok"] and "room for only 0 B" in response["reason"] and not response["is_final"]


ODD_BODIES = ("", "x", "[]", "{}", '{"files": []}', '{"files": [1]}', '{"files": [{"size": "1"}]}')
TOO_DEEP, TOO_LARGE = "[" * 100_000, f'{{"files": [{{"name": "a.mp4", "size": 1{"0" * 400}}}]}}'


def test_what_its_first_bytes_tell_is_said_at_the_drop_whatever_its_name(team: Team, bob: User) -> None:
    contents = ("image/jpeg", "text/plain", "", "application/zip")
    files = [{"name": "holiday.mp4", "size": 10, "type": "video/mp4", "content": each} for each in contents]
    picture, text, video, archive = precheck(bob, *files).json()["files"]
    assert picture["is_picture"] and picture["is_final"] and "Find by photo" in picture["reason"]
    for each in (text, archive):
        assert (each["ok"], each["is_picture"], "is not a video" in each["reason"]) == (False, False, True)
    assert video["ok"]


def test_a_file_of_the_name_and_size_of_a_video_here_is_asked_about(team: Team, bob: User, charlie: User) -> None:
    here = make_video(team=team, file_name="holiday.mp4", size_bytes=10, title="Holiday")
    make_video(file_name="holiday.mp4", size_bytes=11)
    gone = make_video(team=team, file_name="gone.mp4", size_bytes=10, deleted_at=timezone.now())
    bad = make_video(team=team, file_name="bad.mp4", size_bytes=10)
    bad.current_job = make_ended_job(bad, kind=JobKind.CHECK, status=Status.FAILED, error_code="unreadable_video")
    bad.save()
    coming = make_upload(bob, team=team, name="coming.mp4", size_bytes=10)
    names = ("holiday.mp4", gone.file_name, bad.file_name, coming.name, "dir/holiday.mp4")
    files = [*({"name": name, "size": 10} for name in names), {"name": "holiday.mp4", "size": 11}]
    told = [each.get("same") for each in precheck(bob, *files).json()["files"]]
    same = {"title": "Holiday", "url": reverse("videos:detail", args=[here.pk])}
    assert told == [same, None, None, None, same, None], "not one of another team, nor one that may be wanted again"


@pytest.mark.parametrize("body", [*ODD_BODIES, TOO_DEEP, TOO_LARGE])
def test_an_odd_precheck_is_refused(team: Team, bob: User, body: str) -> None:
    client = signed_in(bob)
    response = client.generic("POST", reverse("videos:precheck"), body, "application/json")
    assert response.status_code == 400


def test_delete_and_undo_by_plain_forms(team: Team, bob: User) -> None:
    video = make_analysed_video(found_track(1), team=team, title="Match")
    client = signed_in(bob)
    page = client.post(reverse("videos:delete", args=[video.pk]), follow=True)
    (toast,) = page.context["toasts"]
    assert "Match" in toast.text and toast.undo_url == reverse("videos:restore", args=[video.pk])
    assert client.get(reverse("videos:library")).context["page"].paginator.count == 0
    client.post(toast.undo_url, dict(toast.undo_fields))
    assert client.get(reverse("videos:detail", args=[video.pk])).status_code == 200


def test_a_redirect_goes_to_this_site_only(team: Team, bob: User) -> None:
    video, client = make_video(team=team), signed_in(bob)
    for wished in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "evil"):
        response = client.post(reverse("videos:rename", args=[video.pk]), {"title": "New", "next": wished})
        assert response.headers["Location"] == reverse("videos:detail", args=[video.pk])
    response = client.post(reverse("videos:rename", args=[video.pk]), {"title": "New", "next": "/videos/?q=x"})
    assert response.headers["Location"] == "/videos/?q=x"


def test_rename_by_fetch_answers_with_an_undo(team: Team, bob: User) -> None:
    video = make_video(team=team, title="Old")
    address = reverse("videos:rename", args=[video.pk])
    response = signed_in(bob).post(address, {"title": "New"}, headers={"Accept": "application/json"}).json()
    assert response["undo"] == {"url": address, "fields": {"title": "Old"}}
    video.refresh_from_db()
    assert video.title == "New"


def test_a_title_that_is_empty_or_too_long_is_refused(team: Team, bob: User) -> None:
    video = make_video(team=team, title="Old")
    for title in ("", "  ", "x" * 256):
        response = signed_in(bob).post(
            reverse("videos:rename", args=[video.pk]), {"title": title}, headers={"Accept": "application/json"}
        )
        assert response.status_code == 409
    video.refresh_from_db()
    assert video.title == "Old"


def test_a_failed_video_says_why_and_a_duplicate_leads_to_the_other(team: Team, bob: User) -> None:
    other = make_video(team=team, title="The first")
    video = make_video(team=team, duplicate_of=other)
    video.current_job = make_ended_job(video, kind=JobKind.CHECK, status=Status.FAILED, error_code="duplicate")
    video.save()
    problem = signed_in(bob).get(reverse("videos:detail", args=[video.pk])).context["problem"]
    assert problem.other_url == reverse("videos:detail", args=[other.pk]) and "The first" in problem.detail


def test_a_repeated_analysis_shows_the_earlier_people_until_it_is_done(team: Team, bob: User) -> None:
    video = make_analysed_video(found_track(1), team=team)
    again = begin_analysis(video, thoroughness="fast")
    view = signed_in(bob).get(reverse("videos:panel", args=[video.pk])).context["view"]
    assert len(view.rows) == 1 and view.running == again
    run_analysis(again, [found_track(1)])
    assert signed_in(bob).get(reverse("videos:panel", args=[video.pk])).context["view"].running is None
