"""The upload protocol (tus 1.0), header by header: methods, offsets, checksums, expiry, strangers, resuming."""

import base64
import hashlib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import signed_in
from tests.factories_videos import make_upload
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job, JobKind
from webapp.uploads import partial_files, receive_services, sender_services
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import upload_services
from webapp.videos.models import Upload, Video, VideoState
from webapp.videos.upload_views import VideoTarget

pytestmark = pytest.mark.django_db
TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = bytes(range(256)) * 4


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def create(client: Client, size: Any = 1024, **metadata: str) -> Response:
    fields = {"filename": "holiday.mp4", "filetype": "video/mp4"} | metadata
    pairs = ",".join(f"{key} {encoded(value)}" for key, value in fields.items())
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": pairs}
    return client.post(reverse("videos:tus_create"), headers=headers)


def patch(client: Client, url: str, content: bytes, offset: Any, **headers: str) -> Response:
    sent = TUS | {"Upload-Offset": str(offset)} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("PATCH", url, content, "application/offset+octet-stream", headers=sent)


def offset_of(client: Client, url: str) -> int:
    return int(client.head(url, headers=TUS)["Upload-Offset"])


def url_of(upload: Upload) -> str:
    return reverse("videos:tus_file", args=[upload.pk])


def arrived(upload_id: uuid.UUID) -> bytes:
    return partial_files.path_of(upload_id).read_bytes()


def test_options_tells_what_the_server_can_without_signing_in(client: Client, db: None) -> None:
    response = client.options(reverse("videos:tus_create"))
    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert response["Tus-Extension"] == "creation,termination,expiration,checksum"
    assert response["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(response["Tus-Max-Size"]) > 0


def test_a_whole_upload_in_three_pieces_is_stored_once_and_checked(alice: User) -> None:
    client = signed_in(alice)
    created = create(client, filename="dir/家庭 聚会.mp4", thoroughness="fast")
    assert created.status_code == 201
    assert created["Location"].startswith("/") and created["Upload-Expires"]
    url = created["Location"]
    for start, end in ((0, 100), (100, 1000), (1000, len(CONTENT))):
        response = patch(client, url, CONTENT[start:end], start)
        assert (response.status_code, response["Upload-Offset"]) == (204, str(end))
    video = Video.objects.select_related("current_job").get(pk=created["Rollcall-Video"])
    assert (video.title, video.file_name, video.thoroughness) == ("家庭 聚会", "家庭 聚会.mp4", "fast")
    assert storage.read_bytes(video.original_key) == CONTENT
    assert video.state == VideoState.CHECKING
    assert not Upload.objects.exists()
    assert list(partial_files.every_file()) == []


def test_after_the_last_byte_a_browser_that_missed_the_answer_is_told_that_all_is_there(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT, 0)
    response = client.head(url, headers=TUS)
    assert (response["Upload-Offset"], response["Upload-Length"]) == (str(len(CONTENT)),) * 2
    assert patch(client, url, CONTENT[-10:], len(CONTENT) - 10).status_code == 409
    assert Job.objects.filter(kind=JobKind.CHECK).count() == 1


@pytest.mark.parametrize("asks_first", [True, False])
def test_a_file_that_another_request_completes_meanwhile_is_not_gone(
    alice: User, monkeypatch: pytest.MonkeyPatch, asks_first: bool
) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT[:-1], 0)
    own = VideoTarget.own

    def completed_before(self: VideoTarget, request: Any) -> Any:
        for upload in Upload.objects.select_related("video__team", "user"):
            partial_files.path_of(upload.pk).write_bytes(CONTENT)
            upload.offset_bytes = len(CONTENT)
            upload.save()
            assert upload_services.finish_upload(upload)
        return own(self, request)

    monkeypatch.setattr(VideoTarget, "own", completed_before)
    response = client.head(url, headers=TUS) if asks_first else patch(client, url, CONTENT[-1:], len(CONTENT) - 1)
    assert response.status_code == (200 if asks_first else 409)
    assert not asks_first or response["Upload-Offset"] == str(len(CONTENT))


@pytest.mark.parametrize("offset", [0, 99, 101, 1024])
def test_bytes_at_a_wrong_offset_are_refused_and_change_nothing(alice: User, offset: int) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT[:100], 0)
    assert patch(client, url, b"wrong", offset).status_code == 409
    assert offset_of(client, url) == 100
    assert arrived(Upload.objects.get().pk) == CONTENT[:100]


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "x", "9" * 30, "²"])
def test_an_offset_that_is_no_number_is_refused(alice: User, offset: str) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    headers = TUS | ({"Upload-Offset": offset} if offset.isascii() else {"Upload-Offset": "%B2"})
    response = client.generic("PATCH", url, b"x", "application/offset+octet-stream", headers=headers)
    assert response.status_code == 400


@pytest.mark.parametrize("size", ["", "-5", "abc", "1e3"])
def test_a_size_that_is_no_number_is_refused(alice: User, size: str) -> None:
    assert create(signed_in(alice), size).status_code == 400
    assert not Video.objects.exists()


def test_more_bytes_than_announced_are_refused_and_none_is_kept(alice: User) -> None:
    client = signed_in(alice)
    url = create(client, size=10)["Location"]
    patch(client, url, b"12345", 0)
    assert patch(client, url, b"6789012", 5).status_code == 413
    assert offset_of(client, url) == 5
    assert arrived(Upload.objects.get().pk) == b"12345"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_right_checksum_is_accepted(alice: User, algorithm: str) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    digest = base64.b64encode(hashlib.new(algorithm, CONTENT[:50]).digest()).decode()
    assert patch(client, url, CONTENT[:50], 0, Upload_Checksum=f"{algorithm} {digest}").status_code == 204


def test_a_wrong_checksum_is_460_and_nothing_counts_as_arrived(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    digest = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    assert patch(client, url, CONTENT[:50], 0, Upload_Checksum=f"sha1 {digest}").status_code == 460
    assert offset_of(client, url) == 0
    assert arrived(Upload.objects.get().pk) == b""


@pytest.mark.parametrize("checksum", ["md5 abcd", "sha1", "sha1 ???", "sha1 é", "nonsense"])
def test_a_checksum_that_cannot_be_read_is_refused(alice: User, checksum: str) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    assert patch(client, url, b"x", 0, Upload_Checksum=checksum).status_code in (400, 460)
    assert offset_of(client, url) == 0


def test_without_the_protocol_version_the_answer_names_it(alice: User) -> None:
    client = signed_in(alice)
    response = client.post(reverse("videos:tus_create"), headers={"Upload-Length": "5"})
    assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0")


def test_another_content_type_is_refused(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    headers = TUS | {"Upload-Offset": "0"}
    assert client.generic("PATCH", url, b"x", "text/plain", headers=headers).status_code == 415


def test_a_proxy_that_knows_no_patch_may_send_post(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    headers = TUS | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.generic("POST", url, b"abc", "application/offset+octet-stream", headers=headers).status_code == 204
    assert offset_of(client, url) == 3


def test_other_methods_are_not_allowed(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    assert client.get(url, headers=TUS).status_code == 405
    assert client.post(url, headers=TUS).status_code == 405
    assert client.get(reverse("videos:tus_create"), headers=TUS).status_code == 405


def test_termination_removes_the_bytes_and_the_video(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT[:100], 0)
    assert client.delete(url, headers=TUS).status_code == 204
    assert not Video.objects.exists() and list(partial_files.every_file()) == []
    assert client.head(url, headers=TUS).status_code == 404
    assert client.delete(url, headers=TUS).status_code == 404


@pytest.mark.parametrize("asks_first", [True, False])
def test_an_upload_cancelled_while_the_next_request_begins_is_gone(
    alice: User, asks_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT[:100], 0)
    monkeypatch.setattr(sender_services, "give_way", lambda _id: upload_services.give_up_upload(Upload.objects.get()))
    response = client.head(url, headers=TUS) if asks_first else patch(client, url, CONTENT[100:], 100)
    assert response.status_code == 404
    assert list(partial_files.every_file()) == []


def test_an_expired_upload_is_gone_and_swept(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    patch(client, url, CONTENT[:100], 0)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert patch(client, url, CONTENT[100:], 100).status_code == 410
    assert client.head(url, headers=TUS).status_code == 410
    videos_cleanup.clean_up()
    assert not Video.objects.exists() and list(partial_files.every_file()) == []


def test_each_piece_puts_the_expiry_off(alice: User) -> None:
    client = signed_in(alice)
    url = create(client)["Location"]
    soon = timezone.now() + timedelta(minutes=1)
    Upload.objects.update(expires_at=soon)
    patch(client, url, CONTENT[:100], 0)
    assert Upload.objects.get().expires_at > soon + timedelta(days=1)


@pytest.mark.parametrize("who", ["bob", "vera", "charlie"])
def test_somebody_elses_upload_does_not_exist(
    team: Team, alice: User, who: str, request: pytest.FixtureRequest
) -> None:
    upload = make_upload(alice, team=team)
    client = signed_in(request.getfixturevalue(who))
    assert client.head(url_of(upload), headers=TUS).status_code == 404
    assert patch(client, url_of(upload), b"x", 0).status_code == 404
    assert client.delete(url_of(upload), headers=TUS).status_code == 404
    assert partial_files.arrived_bytes(upload.pk) == 0


def test_a_viewer_may_not_upload(team: Team, vera: User) -> None:
    assert create(signed_in(vera), team=str(team.pk)).status_code == 404
    assert not Video.objects.exists()


def test_a_stranger_may_not_upload_into_the_team(team: Team, charlie: User) -> None:
    assert create(signed_in(charlie), team=str(team.pk)).status_code == 404
    assert create(signed_in(charlie), team="nonsense").status_code == 404


def test_somebody_who_is_signed_out_is_told_so_rather_than_redirected(client: Client, team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team)
    assert create(client).status_code == 401
    for response in (patch(client, url_of(upload), b"x", 0), client.head(url_of(upload), headers=TUS)):
        assert response.status_code == 401


def test_an_upload_needs_the_csrf_token(team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert create(client).status_code == 403
    assert patch(client, url_of(upload), b"x", 0).status_code == 403
    assert client.delete(url_of(upload), headers=TUS).status_code == 403


def test_a_loss_of_the_role_stops_a_running_upload(team: Team, bob: User) -> None:
    client = signed_in(bob)
    url = create(client)["Location"]
    bob.memberships.update(role="viewer")
    assert patch(client, url, CONTENT[:100], 0).status_code == 404


@pytest.mark.parametrize("metadata", ["filename ???", "filename é", "filename /w=="])
def test_broken_metadata_is_refused(alice: User, metadata: str) -> None:
    headers = TUS | {"Upload-Length": "5", "Upload-Metadata": metadata}
    assert signed_in(alice).post(reverse("videos:tus_create"), headers=headers).status_code == 400


def test_a_second_writer_of_the_same_upload_is_told_to_wait(team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team)
    with partial_files.opened(upload.pk):
        assert patch(signed_in(alice), url_of(upload), b"x", 0).status_code == 423


def test_bytes_written_before_a_crash_count(team: Team, alice: User) -> None:
    """The server died between writing and noting the new offset."""
    upload = make_upload(alice, team=team, size_bytes=len(CONTENT))
    with partial_files.opened(upload.pk) as file:
        file.write(CONTENT[:100])
    client = signed_in(alice)
    assert patch(client, url_of(upload), CONTENT, 0).status_code == 409, "not written twice by who does not ask"
    assert offset_of(client, url_of(upload)) == 100
    patch(client, url_of(upload), CONTENT[100:], 100)
    assert storage.read_bytes(Video.objects.get().original_key) == CONTENT


def test_bytes_whose_checksum_was_not_compared_before_a_crash_do_not_count(team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team, size_bytes=len(CONTENT))
    client = signed_in(alice)
    patch(client, url_of(upload), CONTENT[:100], 0)
    with partial_files.opened(upload.pk) as file:
        file.seek(100)
        file.write(b"these may have been damaged on the way")
        mark = partial_files.path_of(upload.pk).with_suffix(partial_files.UNVERIFIED)
        mark.write_text("100")
    assert offset_of(client, url_of(upload)) == 100
    assert arrived(upload.pk) == CONTENT[:100] and not mark.exists()


def test_bytes_that_a_power_cut_took_are_asked_for_again(team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team)
    client = signed_in(alice)
    patch(client, url_of(upload), b"0123456789", 0)
    with partial_files.opened(upload.pk) as file:
        file.truncate(4)
    assert offset_of(client, url_of(upload)) == 4


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_order_pieces_come_in_only_those_that_continue_count(alice: User, data: st.DataObject) -> None:
    """Against a model: a byte string that grows only when a piece starts exactly at its end."""
    client = signed_in(alice)
    content = data.draw(st.binary(min_size=1, max_size=200))
    url = create(client, size=len(content))["Location"]
    have = 0
    for _ in range(data.draw(st.integers(1, 12))):
        offset = data.draw(st.one_of(st.just(min(have, len(content) - 1)), st.integers(0, len(content) - 1)))
        piece = content[offset : offset + data.draw(st.integers(1, len(content)))]
        status = patch(client, url, piece, offset).status_code
        is_finished = have == len(content)
        assert status == (204 if offset == have and not is_finished else 409)
        have = offset + len(piece) if status == 204 else have
        assert offset_of(client, url) == have
    if have < len(content):
        patch(client, url, content[have:], have)
    video = Video.objects.get(pk=url.rsplit("/", 1)[1])
    assert storage.read_bytes(video.original_key) == content


def test_a_finished_upload_whose_server_died_before_saying_so_is_finished_by_the_reaper(
    team: Team, alice: User
) -> None:
    upload = make_upload(alice, team=team, size_bytes=5)
    receive_services.receive(upload, offset=0, chunks=[b"12345"])
    assert Video.objects.get().current_job is None
    videos_cleanup.clean_up()
    videos_cleanup.clean_up()
    video = Video.objects.select_related("current_job").get()
    assert video.state == VideoState.CHECKING and storage.read_bytes(video.original_key) == b"12345"
    assert Job.objects.count() == 1


def test_a_kill_between_the_move_and_the_row_is_mended(team: Team, alice: User) -> None:
    upload = make_upload(alice, team=team, size_bytes=5)
    receive_services.receive(upload, offset=0, chunks=[b"12345"])
    storage.put_file(upload_services.original_key(upload.video), partial_files.path_of(upload.pk))
    videos_cleanup.clean_up()
    assert Video.objects.get().original_key and Job.objects.count() == 1
    assert upload_services.finish_upload(upload) is False
