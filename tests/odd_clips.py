"""Odd videos made of plain ones: cropped, cut by edit lists, beside covers, beginning late, without an index."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import av

from tests.clips import ffmpeg

SOUND = ("-f", "lavfi", "-i", "sine=d=6")
WRAP_S = 2**33 / 90_000
"""When the clock of a transport stream begins anew."""
CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
AVC1_FIELDS = 78


def boxes(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[bytes, int, int]]:
    """Kind, begin and end of each box of an MP4 between two places, not of those inside."""
    found, at = [], start
    while at + 8 <= (len(data) if end is None else end):
        size = struct.unpack_from(">I", data, at)[0]
        found.append((data[at + 4 : at + 8], at, at + size))
        at += size
    return found


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def changed(data: bytes, path: Sequence[bytes], change: dict[bytes, bytes]) -> bytes:
    """The boxes with those below `path` replaced; what is not there comes after the first, b"" removes one."""
    parts = []
    is_done = False
    for kind, start, end in boxes(data):
        content = data[start + 8 : end]
        if path and kind == path[0] and not is_done:
            content, is_done = changed(content, path[1:], change), True
        elif not path and kind in change:
            if change[kind]:
                parts.append(box(kind, change[kind]))
            continue
        parts.append(box(kind, content))
    if not path:
        known = {kind for kind, _, _ in boxes(data)}
        parts[1:1] = [box(kind, content) for kind, content in change.items() if content and kind not in known]
    return b"".join(parts)


def with_index_last(plain: Path, target: Path) -> bytes:
    """An MP4 whose `moov` comes last, so that what grows in it moves nothing."""
    ffmpeg("-i", plain, "-c", "copy", "-use_editlist", "0", target)
    return target.read_bytes()


def content_of(data: bytes, *path: bytes) -> bytes:
    """The content of the first box of a path."""
    for wanted in path:
        data = next(data[start + 8 : end] for kind, start, end in boxes(data) if kind == wanted)
    return data


def cropped(plain: Path, target: Path, size: tuple[int, int], shift: tuple[int, int] = (0, 0)) -> Path:
    """A clean aperture of this size (`clap`), moved from the middle by this many pixels."""
    data = with_index_last(plain, target)
    stsd = content_of(data, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    kind, start, end = boxes(stsd, 8)[0]
    clap = struct.pack(">8i", size[0], 1, size[1], 1, shift[0], 1, shift[1], 1)
    entry = box(kind, stsd[start + 8 : end] + box(b"clap", clap))
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    target.write_bytes(changed(data, path, {b"stsd": stsd[:8] + entry}))
    return target


def edited(plain: Path, target: Path, edits: Sequence[tuple[float, float]]) -> Path:
    """An edit list: seconds to play, and of the media from where on, -1 for nothing."""
    data = with_index_last(plain, target)
    movie_scale = struct.unpack_from(">I", content_of(data, b"moov", b"mvhd"), 12)[0]
    media_scale = struct.unpack_from(">I", content_of(data, b"moov", b"trak", b"mdia", b"mdhd"), 12)[0]
    rows = [
        struct.pack(">IiI", round(length * movie_scale), -1 if begin < 0 else round(begin * media_scale), 1 << 16)
        for length, begin in edits
    ]
    elst = box(b"elst", struct.pack(">II", 0, len(rows)) + b"".join(rows))
    target.write_bytes(changed(data, (b"moov", b"trak"), {b"edts": elst}))
    return target


def wrapped(plain: Path, target: Path, after_s: float) -> Path:
    """A transport stream whose clock begins anew after so many seconds."""
    ffmpeg("-i", plain, "-c", "copy", "-output_ts_offset", f"{WRAP_S - after_s:.3f}", "-muxdelay", "0", target)
    return target


def with_cover(plain: Path, target: Path, picture: Path, *, is_first: bool, is_told: bool = True) -> Path:
    """With a picture as another video stream, which the file calls a cover or not."""
    order = ("-map", "1", "-map", "0") if is_first else ("-map", "0", "-map", "1")
    number = 0 if is_first else 1
    told = (f"-disposition:v:{number}", "attached_pic") if is_told else ()
    ffmpeg("-i", plain, "-i", picture, *order, "-c", "copy", *told, target)
    return target


def with_other_stream(plain: Path, other: Path, target: Path, *, default: int = 0) -> Path:
    """Two video streams, of which the one of this number is marked as the one to show."""
    marks = [word for n in range(2) for word in (f"-disposition:v:{n}", "default" if n == default else "0")]
    ffmpeg("-i", plain, "-i", other, "-map", "0:v", "-map", "1:v", "-c", "copy", *marks, target)
    return target


def begins_late(plain: Path, target: Path, by_s: float, sound_by_s: float = 0.0, codec: str = "aac") -> Path:
    """Pictures and sound that begin at different times."""
    pictures = ("-itsoffset", str(by_s), "-i", plain)
    sound = ("-itsoffset", str(sound_by_s), *SOUND)
    ffmpeg(*pictures, *sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", codec, target)
    return target


def moved(plain: Path, target: Path, by_s: float, *encoding: str) -> Path:
    """Nothing before the first picture, which comes late."""
    ffmpeg("-itsoffset", str(by_s), "-i", plain, *(encoding or ("-c", "copy")), target)
    return target


def joined(parts: Sequence[Path], target: Path) -> Path:
    """Packets of several clips one after the other in one stream, as a call is recorded that changes its size."""
    if target.suffix == ".ts":
        target.write_bytes(b"".join(part.read_bytes() for part in parts))
        return target
    end = 0
    with ExitStack() as opened, av.open(str(target), "w") as whole:
        sources = [opened.enter_context(av.open(str(part))) for part in parts]
        stream = whole.add_stream_from_template(sources[0].streams.video[0])
        for source in sources:
            begin = end
            for packet in source.demux(video=0):
                if packet.pts is None or packet.dts is None:
                    continue
                packet.pts, packet.dts, packet.stream = packet.pts + begin, packet.dts + begin, stream
                end = max(end, packet.pts + (packet.duration or 0))
                whole.mux(packet)
    return target


def without_index(plain: Path, target: Path, *encoding: str) -> Path:
    """As a recorder of live pictures writes it: no length, no index, nothing that is filled in at the end."""
    live = ("-live", "1") if target.suffix in (".webm", ".mkv") else ("-movflags", "empty_moov+default_base_moof")
    fragments = () if target.suffix in (".webm", ".mkv") else ("-frag_duration", "500000", "-write_tmcd", "0")
    kind = {".webm": "webm", ".mkv": "matroska"}.get(target.suffix, "mp4")
    raw = target.with_suffix(".live")
    ffmpeg("-i", plain, *(encoding or ("-c", "copy")), *live, *fragments, "-f", kind, raw)
    data = raw.read_bytes()
    if kind == "mp4":
        data = b"".join(data[start:end] for name, start, end in boxes(data) if name not in (b"mfra", b"sidx"))
    target.write_bytes(data)
    raw.unlink()
    return target


def avi_without_index(plain: Path, target: Path) -> Path:
    """An AVI that ends before its index."""
    ffmpeg("-i", plain, "-c:v", "mpeg4", "-q:v", "3", "-bf", "0", "-an", target)
    data = target.read_bytes()
    target.write_bytes(data[: data.rindex(b"idx1")])
    return target


def with_keyframes(plain: Path, target: Path, numbers: Sequence[int] | None) -> Path:
    """An MP4 whose index calls these frames keyframes (from 1 on); all frames where that is None."""
    data = with_index_last(plain, target)
    content = b"" if numbers is None else struct.pack(f">II{len(numbers)}I", 0, len(numbers), *numbers)
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    target.write_bytes(changed(data, path, {b"stss": content}))
    return target


def with_chunks_moved(plain: Path, target: Path, by: int, first: int = 0) -> Path:
    """An MP4 whose index places the chunks from one on so many bytes beside where they are."""
    data = with_index_last(plain, target)
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    stco = content_of(data, *path, b"stco")
    count = struct.unpack_from(">I", stco, 4)[0]
    places = list(struct.unpack_from(f">{count}I", stco, 8))
    places[first:] = [place + by for place in places[first:]]
    target.write_bytes(changed(data, path, {b"stco": struct.pack(f">II{count}I", 0, count, *places)}))
    return target
