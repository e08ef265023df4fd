"""Bytes of uploads are stored as they come: what a cut line, a liar, a slow or a second sender leaves behind."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.core.signals import request_finished
from django.test import Client

from tests.conftest import signed_in
from tests.factories_videos import make_upload
from tests.full_disk import no_file_beyond
from tests.webapp.uploads.streamed_patch import KB, PIECE, SIZE, StreamedPatch, until
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.asgi import application as product
from webapp.http import body_stream, streaming_middleware
from webapp.http.body_stream import DRAINED_BYTES
from webapp.uploads import partial_files, receive_services, sender_services
from webapp.videos import cleanup
from webapp.videos.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def upload(alice: User, team: Team) -> Upload:
    return make_upload(alice, team=team, size_bytes=SIZE)


@pytest.fixture
def browser(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def browsers(browser: Client, bob: User, vera: User, charlie: User) -> dict[str, Client]:
    others = {"bob": bob, "vera": vera, "charlie": charlie}
    return {"alice": browser, "nobody": Client()} | {name: signed_in(user) for name, user in others.items()}


asked_again = sync_to_async(lambda client, upload: client.head(address(upload), headers={"Tus-Resumable": "1.0.0"}))


def address(upload: Upload) -> str:
    return f"/videos/uploads/{upload.pk}"


async def offset_of(client: Client, upload: Upload) -> int:
    return int((await asked_again(client, upload))["Upload-Offset"])


async def test_what_came_before_the_cut_is_kept_and_the_rest_completes_the_file(
    upload: Upload, browser: Client
) -> None:
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as line:
        line.send(PIECE)
        await line.stored(len(PIECE))
        line.send(PIECE[:50_000])
        line.cut()
    assert await offset_of(browser, upload) == len(PIECE) + 50_000
    rest = (PIECE * 4)[len(PIECE) + 50_000 :]
    async with StreamedPatch(browser, upload, len(PIECE) + 50_000, content_length=str(len(rest))) as line:
        line.send(rest, more=False)
    assert line.status == 204
    assert await sync_to_async(storage.read_bytes)(f"{upload.video.files_prefix}/original") == PIECE * 4


async def test_one_piece_may_be_as_long_as_the_file(alice: User, team: Team, browser: Client) -> None:
    size = DRAINED_BYTES + 3 * KB**2
    upload = await sync_to_async(make_upload)(alice, team=team, size_bytes=size)
    async with StreamedPatch(browser, upload, content_length=str(size)) as line:
        for _ in range(size // KB**2):
            line.send(bytes(KB**2))
        line.send(b"", more=False)
    assert line.status == 204
    assert await sync_to_async(storage.size)(f"{upload.video.files_prefix}/original") == size


async def test_questions_are_asked_before_the_first_byte_is_taken(upload: Upload, browsers: dict[str, Client]) -> None:
    asked: list[tuple[str, dict[str, str], int]] = [
        ("alice", {"x_csrftoken": ""}, 403),
        ("alice", {"tus_resumable": ""}, 412),
        ("alice", {"upload_offset": "7"}, 409),
        ("alice", {"content_length": str(SIZE + 1)}, 413),
        ("bob", {}, 404),
        ("vera", {}, 404),
        ("charlie", {}, 404),
        ("nobody", {}, 401),
    ]
    for who, headers, status in asked:
        line = StreamedPatch(browsers[who], upload, 0, **({"content_length": "20"} | headers))
        async with line:
            await line.begins_to_answer()
            assert (line.status, line.taken_bytes, line.closes) == (status, 0, True), who
            line.cut()
    assert not partial_files.arrived_bytes(upload.pk)


async def test_a_refused_body_is_read_a_little_further_and_then_hung_up_on(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_stream, "DRAINED_BYTES", 3 * len(PIECE))
    async with StreamedPatch(browser, upload, 7) as line:
        for _ in range(6):
            line.send(PIECE)
    assert (line.status, line.closes, line.taken_bytes) == (409, True, 3 * len(PIECE))


async def test_while_a_refused_body_is_awaited_nothing_of_the_database_is_held(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only so many are awaited."""
    monkeypatch.setattr(streaming_middleware, "MOST_DRAINED", 1)
    finished: list[object] = []

    def note(sender: object, **_: object) -> None:
        finished.append(sender)

    request_finished.connect(note)
    try:
        async with StreamedPatch(Client(), upload, content_length="1000") as line:
            await until(lambda: len(finished) == 1, within_s=body_stream.DRAINED_WITHIN_S / 2)
            assert (line.status, line._task.done()) == (401, False)
            another = StreamedPatch(Client(), upload, content_length="1000")
            async with asyncio.timeout(body_stream.DRAINED_WITHIN_S / 2), another:
                assert await another.answered() == 401
            line.cut()
    finally:
        request_finished.disconnect(note)


async def test_more_than_announced_counts_as_nothing(upload: Upload, browser: Client) -> None:
    """A chunked body says no length that could be refused at once."""
    async with StreamedPatch(browser, upload) as line:
        for _ in range(5):
            line.send(PIECE)
        line.cut()
    assert (line.status, line.words) == (413, "The file is larger than announced.")
    assert await offset_of(browser, upload) == 0


async def test_of_a_piece_with_a_checksum_nothing_counts_before_its_end(upload: Upload, browser: Client) -> None:
    digest = base64.b64encode(hashlib.sha1(PIECE * 2).digest()).decode()
    async with StreamedPatch(
        browser, upload, upload_checksum=f"sha1 {digest}", content_length=str(2 * len(PIECE))
    ) as line:
        line.send(PIECE)
        await until(lambda: partial_files.path_of(upload.pk).exists())
        await until(lambda: partial_files.path_of(upload.pk).stat().st_size == len(PIECE))
        assert partial_files.arrived_bytes(upload.pk) == 0, "as a server would find it that starts after a kill"
        line.cut()
    assert await offset_of(browser, upload) == 0
    async with StreamedPatch(
        browser, upload, upload_checksum=f"sha1 {digest}", content_length=str(2 * len(PIECE))
    ) as line:
        line.send(PIECE)
        line.send(PIECE, more=False)
    assert line.status == 204
    assert await offset_of(browser, upload) == 2 * len(PIECE)


async def test_a_sender_from_whom_nothing_comes_is_not_awaited_for_ever(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_stream, "PATIENCE_S", 0.3)
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as line:
        line.send(PIECE)
    assert line.status == 408
    assert await offset_of(browser, upload) == len(PIECE)


async def test_a_byte_now_and_then_buys_no_time(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_stream, "PATIENCE_S", 0.5)
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as line:
        while not line.status:
            line.send(b"x")
            await asyncio.sleep(0.05)
        line.cut()
    assert line.status == 408
    assert 5 < await offset_of(browser, upload) < 60


async def test_who_comes_back_takes_over_from_a_dead_line_but_not_from_a_living_one(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_services, "NOTED_EVERY_S", 0.0)
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as dead:
        dead.send(PIECE)
        await dead.stored(len(PIECE))
        async with StreamedPatch(browser, upload, len(PIECE), content_length=str(len(PIECE))) as second:
            second.send(PIECE, more=False)
        assert (second.status, second.words) == (
            423,
            "Another window is uploading the same file. Close one of them.",
        )
        monkeypatch.setattr(sender_services, "STALLED_S", 0.0)
        assert await offset_of(browser, upload) == len(PIECE)
        assert await dead.answered() == 400
    async with StreamedPatch(browser, upload, len(PIECE), content_length=str(len(PIECE))) as third:
        third.send(PIECE, more=False)
    assert third.status == 204
    assert await offset_of(browser, upload) == 2 * len(PIECE)


async def test_a_dead_line_to_another_web_process_gives_way_as_well(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process knows nothing of it but the file that it holds."""
    monkeypatch.setattr(sender_services, "STALLED_S", 0.1)
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as dead:
        dead.send(PIECE)
        await dead.stored(len(PIECE))
        await asyncio.sleep(0.2)
        await sync_to_async(sender_services._have_another_process_give_way, thread_sensitive=False)(upload.pk)
        assert await dead.answered() == 400
    assert not partial_files.is_stalled(upload.pk, 0.0)
    assert [path.name for path in partial_files.every_file()] == [upload.pk.hex], "the mark has gone"


@pytest.mark.parametrize(("limit", "words"), [("MOST_OF_A_PERSON", "You are sending"), ("MOST", "Too many files are")])
async def test_only_so_many_send_at_once(
    alice: User, team: Team, upload: Upload, browser: Client, limit: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_services, limit, 1)
    another = await sync_to_async(make_upload)(alice, team=team, size_bytes=SIZE, name="other.mp4")
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as first:
        first.send(PIECE)
        await first.stored(len(PIECE))
        async with StreamedPatch(browser, another, content_length="10") as second:
            second.send(b"0123456789", more=False)
        assert (second.status, second.words.startswith(words)) == (429, True)
        first.cut()
    async with StreamedPatch(browser, another, content_length="10") as second:
        second.send(b"0123456789", more=False)
    assert second.status == 204


@pytest.mark.expects_errors  # Django logs every status from 500 on
async def test_a_disk_that_gets_full_keeps_what_it_took(alice: User, team: Team, browser: Client) -> None:
    """Full for files of 64 MB, so that the database goes on."""
    full = 64 * KB**2
    upload = await sync_to_async(make_upload)(alice, team=team, size_bytes=2 * full)
    with partial_files.opened(upload.pk) as file:
        file.truncate(full - 150_000)
    begun = await offset_of(browser, upload)
    with no_file_beyond(full):
        async with StreamedPatch(browser, upload, begun, content_length=str(full)) as line:
            line.send(PIECE)
            line.send(PIECE)
            await line.begins_to_answer()
            line.cut()
    assert (line.status, line.words) == (507, "The server is out of disk space. Delete videos, then try again.")
    assert (begun, await offset_of(browser, upload)) == (full - 150_000, full)


async def _demote(bob: User) -> None:
    await bob.memberships.aupdate(role="viewer")


async def _sign_out(bob: User) -> None:
    await Session.objects.all().adelete()


@pytest.mark.parametrize("happens", [_demote, _sign_out])
async def test_who_may_no_longer_send_is_stopped_in_the_middle(
    bob: User, team: Team, happens: Callable[[User], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_services, "NOTED_EVERY_S", 0.0)
    monkeypatch.setattr(receive_services, "ASKED_EVERY_S", 0.0)
    upload = await sync_to_async(make_upload)(bob, team=team, size_bytes=SIZE)
    async with StreamedPatch(await sync_to_async(signed_in)(bob), upload, content_length=str(SIZE)) as line:
        line.send(PIECE)
        await line.stored(len(PIECE))
        await happens(bob)
        line.send(PIECE)
        await line.begins_to_answer()
        assert line.status == 404
        line.cut()


async def _deactivate(bob: User) -> None:
    await User.objects.filter(pk=bob.pk).aupdate(is_active=False)


async def _demand_second_factor(bob: User) -> None:
    await Team.objects.filter(memberships__user=bob).aupdate(requires_second_factor=True)


@pytest.mark.parametrize(
    ("happens", "is_cut"),
    [(_demote, False), (_demote, True), (_sign_out, False), (_deactivate, False), (_demand_second_factor, False)],
)
async def test_who_may_no_longer_send_completes_no_file(
    bob: User, team: Team, happens: Callable[[User], Awaitable[None]], is_cut: bool
) -> None:
    upload = await sync_to_async(make_upload)(bob, team=team, size_bytes=SIZE)
    async with StreamedPatch(await sync_to_async(signed_in)(bob), upload, content_length=str(SIZE)) as line:
        line.send(PIECE)
        await line.stored(len(PIECE))
        await happens(bob)
        line.send(PIECE * 3, more=is_cut)
        if is_cut:
            await line.stored(SIZE)
            line.cut()
    assert line.status == (400 if is_cut else 404)
    await sync_to_async(cleanup.finish_arrived)()
    assert await Upload.objects.filter(pk=upload.pk, offset_bytes__lt=SIZE).aexists()
    assert partial_files.arrived_bytes(upload.pk) == SIZE, "what came is kept"


async def test_a_cancelled_upload_ends_its_sender(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_services, "NOTED_EVERY_S", 0.0)
    async with StreamedPatch(browser, upload, content_length=str(SIZE)) as line:
        line.send(PIECE)
        await line.stored(len(PIECE))
        gone = await sync_to_async(browser.delete)(address(upload), headers={"Tus-Resumable": "1.0.0"})
        line.send(PIECE)
        line.cut()
    assert (gone.status_code, line.status) == (204, 404)
    assert not list(partial_files.every_file())


async def test_a_server_that_goes_down_lets_go_of_its_senders(upload: Upload, browser: Client) -> None:
    line = StreamedPatch(browser, upload, content_length=str(SIZE))
    async with asyncio.timeout(5):
        task = asyncio.create_task(product(line.scope, line._receive, line._send))
        line.send(PIECE)
        await line.stored(len(PIECE))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await offset_of(browser, upload) == len(PIECE)
