"""Uploads that stopped, and files that were refused, as the pages tell of them."""

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories_videos import make_ended_job, make_upload, make_video
from webapp.accounts.models import Team, User
from webapp.jobs.models import JobKind, Status
from webapp.uploads import receive_services
from webapp.videos import cleanup, upload_services
from webapp.videos.models import Upload, Video

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_upload_that_stopped_is_stopped_everywhere_until_it_goes_on(team: Team, bob: User, vera: User) -> None:
    upload = make_upload(bob, team=team, size_bytes=10)
    receive_services.receive(upload, offset=0, chunks=[b"1234"])
    client, file = signed_in(bob), reverse("videos:tus_file", args=[upload.pk])

    def shown() -> tuple[str, int, int, str]:
        page = signed_in(vera).get(reverse("videos:library"))
        (card,) = page.context["page"]
        counts = page.context["counts"]
        said = re.search(r"data-headline>\s*([^<]+?)\s*<", page.content.decode())
        assert said
        return str(card.video.state), counts["uploading"], counts["stopped"], said[1]

    stopped = ("stopped", 0, 1, "Upload stopped · 40 %")
    assert shown() == ("uploading", 1, 0, "Uploading · 40 %")
    assert client.post(reverse("videos:stop_upload", args=[upload.pk])).json() == {"offset": 4}
    assert shown() == stopped
    client.head(file, headers={"Tus-Resumable": "1.0.0"})
    assert shown() == ("uploading", 1, 0, "Uploading · 40 %")
    Upload.objects.update(updated_at=timezone.now() - 2 * cleanup.IDLE_AFTER)
    cleanup.stop_idle()
    assert shown() == stopped, "who went without a word"
    upload.refresh_from_db()
    receive_services.receive(upload, offset=4, chunks=[b"5"])
    assert shown() == ("uploading", 1, 0, "Uploading · 50 %")

    def left_while_sending() -> Iterator[bytes]:
        yield b"6"
        client.post(reverse("videos:stop_upload", args=[upload.pk]))
        yield b"7"

    upload.refresh_from_db()
    receive_services.receive(upload, offset=5, chunks=left_while_sending())
    assert upload.stopped_at and shown() == ("stopped", 0, 1, "Upload stopped · 70 %"), "its last bytes came after that"


def test_what_the_check_refused_is_not_offered_to_be_tried_again(team: Team, bob: User) -> None:
    video = make_video(team=team)
    for code, helps in (("no_video_stream", False), ("disk_full", True)):
        video.current_job = make_ended_job(video, kind=JobKind.CHECK, status=Status.FAILED, error_code=code)
        video.save()
        page = signed_in(bob).get(reverse("videos:detail", args=[video.pk])).content.decode()
        assert ('popovertarget="analyse"' in re.sub(r'<div class="dialog".*', "", page, flags=re.DOTALL)) == helps
    totals = signed_in(bob).get(reverse("videos:library")).content.decode()
    assert "1 video, 1 failed" in totals


def test_its_sender_continues_a_stopped_upload_on_its_own_page(team: Team, bob: User, alice: User) -> None:
    upload = make_upload(bob, team=team, size_bytes=100)
    receive_services.receive(upload, offset=0, chunks=[bytes(23)])
    page = reverse("videos:detail", args=[upload.pk])
    way_on = "Choose the same file again"
    assert way_on not in signed_in(bob).get(page).content.decode(), "it goes on"
    upload_services.stop_upload(upload)
    own, row = signed_in(bob).get(page).content.decode(), f'data-url="{reverse("videos:tus_file", args=[upload.pk])}"'
    assert way_on in own and row in own
    other = signed_in(alice).get(page).content.decode()
    assert row not in other and "Bob can continue it" in other and "Upload stopped · 23 %" in other


def test_what_could_not_be_added_lies_in_a_tray_that_empties_at_once(team: Team, bob: User, vera: User) -> None:
    fine, bad, later = make_video(team=team), make_video(team=team), make_video(team=team)
    for video, code in ((bad, "duplicate"), (later, "disk_full")):
        video.current_job = make_ended_job(video, kind=JobKind.CHECK, status=Status.FAILED, error_code=code)
        video.save()
    client, address = signed_in(bob), reverse("videos:library")
    shown = client.get(address)
    assert {card.video for card in shown.context["page"]} == {fine, later}
    assert "2 videos, 1 failed" in shown.content.decode()
    changed = client.get(reverse("videos:changes"), {"card": [str(bad.pk), str(later.pk)]}).content.decode()
    assert f"card-{later.pk}" in changed and f"card-{bad.pk}" not in changed, "its card leaves open pages"
    tray = re.search(r'<details class="refused.*?</details>', client.get(address).content.decode(), re.DOTALL)
    assert tray and "1 file could not be added" in tray[0]
    assert re.findall(r'name="video" value="([^"]+)"', tray[0]) == [str(bad.pk)], "not what may be tried again"
    assert 'class="refused' not in signed_in(vera).get(address).content.decode()
    client.post(reverse("videos:bulk"), {"action": "delete", "video": [str(bad.pk)]})
    assert 'class="refused' not in client.get(address).content.decode()
    assert set(Video.objects.filter(deleted_at=None)) == {fine, later}
