"""Sequences of tus requests in any order: what is stored is what was sent, and no offset ever lies."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType
from uuid import UUID

from benchmarks.fuzz_cases import FOREIGN, LOST, UNWORDED, FuzzKind, Missed, Place
from benchmarks.fuzz_web import CSRF, Sender, WebAnswer, database_of, sessions_of

CREATE = "/videos/uploads/"
PATCH_TYPE = "application/offset+octet-stream"
SIZES = (1, 2, 100, 4095, 4096, 65_536, 200_000, 524_288, 700_001)
ODD_NUMBERS = ("-1", "+1", "²", "１", "1e3", " 5", "0x5", "", "9" * 18, "9" * 19, "5, 5", "1.0", "\u0665", "None", "5;")
ODD_NAMES = (
    "a.mp4",
    "",
    "\0",
    "../../x.mp4",
    "é" * 300,
    "\u202efdp.mp4",
    "a/b\\c.mkv",
    "clip.jpg",
    "🎬.webm",
    "n" * 9000,
)
LATE_S = 0.5
NOTHING = frozenset({401, 403, 404})


def tus(**more: str) -> dict[str, str]:
    """Returns headers of the protocol; `upload_offset` is called `Upload-Offset`."""
    return {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-").title(): value for name, value in more.items()}


@dataclass
class Sequence:
    """One upload as it should be: `content` is the whole file, of which `offset` bytes have arrived."""

    random: Random
    people: dict[str, Sender]
    folder: Path
    content: bytes
    address: str
    video: str
    offset: int = 0
    late: int = 0
    """So many more bytes may yet arrive: those of requests that were cut or overtaken, and may still be read."""
    was_cut: bool = False
    """A request may not have ended yet, also one without a byte, whose end puts the expiry off."""
    is_there: bool = True
    is_expired: bool = False

    @property
    def owner(self) -> Sender:
        return self.people["editor"]

    @property
    def path(self) -> Path:
        return self.folder / "uploads" / self.address.rstrip("/").rsplit("/", 1)[-1].replace("-", "")

    @property
    def is_open(self) -> bool:
        return self.is_there and not self.is_expired and self.offset < len(self.content)

    def patch(
        self,
        content: bytes,
        offset: int | None = None,
        by: str = "editor",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> WebAnswer:
        at = str(self.offset if offset is None else offset)
        sent = tus(upload_offset=at, content_type=PATCH_TYPE) | dict(headers)
        return self.people[by].ask("PATCH", self.address, content, sent)

    def piece(self) -> bytes:
        """Returns bytes that go on where the upload is, all of the rest now and then."""
        left = len(self.content) - self.offset
        size = left if self.random.random() < 0.3 else self.random.randint(0, left)
        return self.content[self.offset : self.offset + size]


def expect(is_right: bool, what: str, words: str) -> None:
    if not is_right:
        raise Missed(what, words)


def goes_on(case: Sequence) -> None:
    """The next bytes, with a checksum now and then, right or wrong, or as pieces of HTTP."""
    piece, more, fits = case.piece(), {}, True
    if case.random.random() < 0.3:
        kind = case.random.choice(("sha1", "sha256", "md5", "sha256 ", "crc32"))
        digest = hashlib.new(kind.strip() if kind.strip() in hashlib.algorithms_available else "sha1", piece).digest()
        fits = case.random.random() < 0.6 and kind in ("sha1", "sha256")
        sent = digest if fits else case.random.choice((bytes(len(digest)), digest[:3], b""))
        more["Upload-Checksum"] = f"{kind} {base64.b64encode(sent).decode()}"
    answer = case.patch(piece, headers=more)
    if answer.status == 204 and fits:
        case.offset, case.late, case.was_cut = case.offset + len(piece), 0, False
    elif case.is_open and not case.late:
        expect(not fits, UNWORDED, f"{answer.status} for the right bytes {more} {answer.body[:200]!r}")
        expect(answer.status in (400, 460), LOST, f"{answer.status} for a wrong checksum {more} {answer.body[:200]!r}")


def goes_elsewhere(case: Sequence) -> None:
    """Bytes for another place, or more than were announced."""
    offset = case.random.choice((case.offset + 1, max(case.offset - 1, 0), len(case.content), 0, 2**40))
    if case.offset < offset <= case.offset + case.late:
        return
    if offset == case.offset:
        answer = case.patch(case.content[case.offset :] + b"more")
    else:
        answer = case.patch(case.random.randbytes(10), offset)
    expect(answer.status != 204, LOST, f"204 at {offset}, where {case.offset} have arrived")


def is_cut(case: Sequence) -> None:
    """A connection that ends in the middle: some of what came counts, or nothing."""
    piece = case.piece()
    sent = piece[: case.random.randint(0, len(piece))]
    checked = case.random.random() < 0.2
    with socket.create_connection(("127.0.0.1", case.owner.port), timeout=20) as line:
        headers = tus(upload_offset=str(case.offset), content_type=PATCH_TYPE, cookie=case.owner.cookie())
        headers |= {"X-CSRFToken": CSRF, "Host": "127.0.0.1", "Content-Length": str(len(piece))}
        if checked:
            headers["Upload-Checksum"] = "sha1 " + base64.b64encode(hashlib.sha1(piece).digest()).decode()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with suppress(OSError):
            line.sendall(f"PATCH {case.address} HTTP/1.1\r\n{head}\r\n".encode() + sent)
            if case.random.random() < 0.5:
                time.sleep(case.random.random() * 0.2)
    case.was_cut = True
    if case.is_open:
        case.late = max(case.late, len(sent))


def at_once(case: Sequence) -> None:
    """The same bytes over several connections: one of them counts, none twice."""
    piece = case.piece()
    with ThreadPoolExecutor(3) as threads:
        answers = [each.status for each in threads.map(lambda _n: case.patch(piece), range(3))]
    if case.is_open and piece:
        taken = answers.count(204)
        # One may have been broken off by another, which asks again where it is.
        expect(taken <= 1, LOST, f"{answers} for the same bytes")
        case.late = max(case.late, len(piece))


def by_others(case: Sequence) -> None:
    """Others see no upload, and change nothing."""
    by, method = (
        case.random.choice(("owner", "viewer", "stranger", "anonymous")),
        case.random.choice(("HEAD", "DELETE", "PATCH")),
    )
    if method == "PATCH":
        status = case.patch(case.random.randbytes(5), by=by).status
    else:
        status = case.people[by].ask(method, case.address, headers=tus()).status
    expect(status in NOTHING, FOREIGN, f"{status} for {method} by {by}")


def is_odd(case: Sequence) -> None:
    """Headers that the protocol does not know: refused, with nothing changed."""
    random = case.random
    odd = random.choice(ODD_NUMBERS)
    changes = random.choice(
        (
            {"Upload-Offset": odd},
            {"Tus-Resumable": random.choice(("", "0.2.2", "1.0.0, 1.0.0", "²"))},
            {"Content-Type": random.choice(("", "text/plain", "application/json", PATCH_TYPE + "x"))},
            {"Upload-Checksum": random.choice(("sha1", "sha1 é", "md5 AAAA", "sha1 AAAA AAAA", "sha256 =="))},
        )
    )
    if odd.strip() == str(case.offset) or case.late:
        return
    answer = case.patch(b"xyz", headers=changes)
    expect(answer.status >= 400, LOST, f"{answer.status} for {changes}")


def is_asked(case: Sequence) -> None:
    """Questions that change nothing, also by POST with another method in a header."""
    method = case.random.choice(("OPTIONS", "HEAD", "POST", "PUT", "GET"))
    headers = tus() | (
        {"X-HTTP-Method-Override": case.random.choice(("HEAD", "OPTIONS", "head", "TRACE"))} if method == "POST" else {}
    )
    case.owner.ask(method, case.address, headers=headers)


def stops(case: Sequence) -> None:
    case.owner.ask("POST", f"{case.address.rstrip('/')}/stop/")


def expires(case: Sequence) -> None:
    from django.utils import timezone

    from webapp.videos.models import Upload

    if case.is_open and not case.late and not case.was_cut and case.random.random() < 0.3:
        changed = Upload.objects.filter(video=UUID(case.video)).update(expires_at=timezone.now() - timedelta(days=1))
        case.is_expired = bool(changed)


def is_given_up(case: Sequence) -> None:
    if case.random.random() < 0.25:
        was_open = case.is_there and case.offset + case.late < len(case.content)
        if not was_open:
            return
        answer = case.owner.ask("DELETE", case.address, headers=tus())
        # What has expired the product gives up by itself now and then.
        is_fine = answer.status == 204 or (case.is_expired and answer.status == 404)
        expect(is_fine, UNWORDED, f"{answer.status} for DELETE")
        case.is_there = False


STEPS: tuple[Callable[[Sequence], None], ...] = (
    *(goes_on, goes_on, goes_on, goes_on, goes_elsewhere, is_cut, is_cut, at_once),
    *(by_others, is_odd, is_odd, is_asked, stops, expires, is_given_up),
)


class UploadSequences(FuzzKind):
    """Each case is one upload, from its creation through some steps to its end."""

    name = "tus"
    needs_product = True

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._open = ExitStack()

    def __enter__(self) -> UploadSequences:
        assert self.place.data_dir is not None
        self._open.enter_context(database_of(self.place.data_dir))
        from tests.factories import make_team, make_user
        from tests.webapp.route_things import TeamThings

        mark = time.time_ns() % 10**9
        team, other = make_team(f"Senders {mark}"), make_team(f"Others {mark}")
        users = {role: make_user(f"{role}{mark}", team=team, role=role) for role in ("owner", "editor", "viewer")}
        users["stranger"] = make_user(f"stranger{mark}", team=other, role="owner")
        self.people = sessions_of(TeamThings(team, "", users), self.place.port)
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def run(self, random: Random, number: int) -> str:
        content = random.randbytes(random.choice(SIZES))
        said = self._begun(random, len(content))
        if said.status != 201:
            expect(400 <= said.status < 500, UNWORDED, f"{said.status} for a new upload")
            return f"refused {said.status}"
        assert self.place.data_dir is not None
        address, video = said.headers["Location"], said.headers["Rollcall-Video"]
        case = Sequence(random, self.people, self.place.data_dir, content, address, video)
        taken = []
        for _ in range(random.randint(2, 12)):
            step = random.choice(STEPS)
            taken.append(step.__name__)
            try:
                step(case)
                _expect_as_sent(case)
            except Missed as missed:
                raise Missed(missed.what, f"{missed.words} after {' '.join(taken)}") from missed
        return self._ended(case)

    def _begun(self, random: Random, size: int) -> WebAnswer:
        headers = tus(upload_length=str(size))
        if random.random() < 0.15:
            headers["Upload-Length"] = random.choice([odd for odd in ODD_NUMBERS if odd != " 5"])
        metadata = {
            "filename": random.choice(ODD_NAMES),
            "filetype": random.choice(("video/mp4", "", "image/png", "x" * 300)),
        }
        pairs = [f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in metadata.items()]
        if random.random() < 0.1:
            pairs = [
                random.choice(("filename", "filename é", "filename ====", ",,,", " a", "team eA==", "filename gA=="))
            ]
        return self.people["editor"].ask("POST", CREATE, headers=headers | {"Upload-Metadata": ",".join(pairs)})

    def _ended(self, case: Sequence) -> str:
        """Gives the upload up, or expects the complete file in the store."""
        if case.late:
            time.sleep(LATE_S)
            _expect_as_sent(case)
        if case.is_there and case.offset < len(case.content):
            answer = case.owner.ask("DELETE", case.address, headers=tus())
            if (case.late or case.is_expired) and answer.status != 204:
                return "gone before"
            expect(answer.status == 204, UNWORDED, f"{answer.status} for DELETE at the end")
        if not case.is_there or case.offset < len(case.content):
            expect(not case.path.exists(), LOST, f"a file is left of an upload that is gone: {case.path.name}")
            return "given up"
        return _expect_stored(case)


def _expect_stored(case: Sequence) -> str:
    """Expects a complete file as it was sent, unless the check has refused it, whose bytes are then deleted."""
    from webapp.videos.models import Video

    video = Video.objects.select_related("current_job").get(pk=UUID(case.video))
    try:
        stored = (case.folder / "media" / video.original_key).read_bytes() if video.original_key else None
    except FileNotFoundError:
        stored = None
    if stored is not None:
        expect(stored == case.content, LOST, "a complete file is not what was sent")
        return "complete"
    video.refresh_from_db()
    job = video.current_job
    expect(job is not None and job.status == "failed", LOST, f"a complete file is nowhere, its check is {job}")
    return "complete, refused"


def _expect_as_sent(case: Sequence) -> None:
    """Compares what is on the disk and what the product says with what was sent."""
    answer = case.owner.ask("HEAD", case.address, headers=tus())
    if not case.is_there:
        expect(answer.status in NOTHING, LOST, f"{answer.status} for an upload that was given up")
        return
    if case.is_expired:
        expect(answer.status in (404, 410), UNWORDED, f"{answer.status} for an upload that has expired")
        return
    expect(answer.status == 200, LOST, f"{answer.status} for an upload of {case.offset} bytes")
    said = int(answer.headers["Upload-Offset"])
    most = case.offset + case.late
    expect(case.offset <= said <= most, LOST, f"the offset is said to be {said}, it is {case.offset} to {most}")
    case.offset, case.late = said, most - said
    if case.offset < len(case.content) and case.offset:
        held = case.path.read_bytes()[: case.offset]
        expect(held == case.content[: case.offset], LOST, f"other bytes on the disk, of {case.offset}")
