"""Small files that are hostile or odd, built in code: each stands for a kind that reached a product like this one."""

from __future__ import annotations

import json
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

MIB = 1024**2


def build(folder: Path) -> Path:
    """Writes the files into a new folder and returns it."""
    folder.mkdir(parents=True)
    (folder / "picture_16_bit.png").write_bytes(_png(10_000, 10_000, depth=16))
    (folder / "picture_with_long_text.png").write_bytes(_png(64, 64, text_bytes=256 * MIB))
    (folder / "picture_cut_short.png").write_bytes(_png(640, 480)[:600])
    (folder / "no_video.mp4").write_bytes(b"This is a letter and not a video.\n" * 100)
    _videos(folder)
    _archives(folder)
    return folder


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _deflated(block: bytes, times: int) -> bytes:
    """Returns `times` blocks deflated, without holding them."""
    squeeze = zlib.compressobj(9)
    return b"".join(squeeze.compress(block) for _ in range(times)) + squeeze.flush()


def _png(width: int, height: int, depth: int = 8, text_bytes: int = 0) -> bytes:
    """A black RGBA picture, with so much text in a compressed chunk."""
    row = bytes(1 + width * 4 * depth // 8)
    head = struct.pack(">IIBBBBB", width, height, depth, 6, 0, 0, 0)
    text = _chunk(b"zTXt", b"Comment\0\0" + _deflated(bytes(MIB), text_bytes // MIB)) if text_bytes else b""
    body = _chunk(b"IHDR", head) + text + _chunk(b"IDAT", _deflated(row, height)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _ffmpeg(*arguments: object) -> bytes:
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _videos(folder: Path) -> None:
    clip = folder / "plain.mp4"
    _ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4", "-pix_fmt", "yuv420p", clip)
    content = clip.read_bytes()
    (folder / "cut_short.mp4").write_bytes(content[: len(content) // 2])
    # The size that its header states, 4 bytes each as 16.16 numbers before the end of tkhd, is that of no picture.
    at = content.index(b"tkhd") - 4
    end = at + struct.unpack(">I", content[at : at + 4])[0]
    (folder / "stated_65000_square.mp4").write_bytes(
        content[: end - 8] + struct.pack(">II", *[65_000 << 16] * 2) + content[end:]
    )
    motion = ("-q:v", "20", "-f", "mjpeg", "-")
    small = _ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x240:r=10", "-frames:v", "10", *motion)
    large = _ffmpeg("-f", "lavfi", "-i", "color=s=15000x11000:r=10", "-frames:v", "2", *motion)
    frames = folder / "frames.mjpeg"
    frames.write_bytes(small + large)
    _ffmpeg("-f", "mjpeg", "-framerate", "10", "-i", frames, "-c", "copy", folder / "frames_that_grow.avi")
    frames.unlink()


def _zip(path: Path, members: Mapping[str, bytes | str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _archives(folder: Path) -> None:
    picture = _png(64, 64)
    _zip(folder / "list_nested.zip", {"rollcall.json": "[" * 200_000, "0.png": picture})
    _zip(
        folder / "list_long_number.zip", {"result.json": '{"images": [{"id": ' + "7" * 20_000 + "}]}", "0.png": picture}
    )
    empty = json.dumps({"images": [{}] * 4_000_000, "annotations": [], "categories": []})
    _zip(folder / "list_of_empty_objects.zip", {"result.json": empty, "0.png": picture})
    _zip(folder / "table_of_one_cell.zip", {"labels.csv": 'file,label\n0.png,"' + "x" * 64 * MIB, "0.png": picture})
    aliases = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    _zip(folder / "aliases_of_aliases.zip", {"data.yaml": aliases + "names: *a39\n", "images/0.png": picture})
    _zip(folder / "many_members.zip", {f"cat/{n}.png": b"" for n in range(60_000)})
    _zip(folder / "picture_16_bit.zip", {"cat/0.png": _png(10_000, 10_000, depth=16), "cat/1.png": picture})
    _lying(folder / "member_larger_than_stated.zip")


def _lying(path: Path) -> None:
    """A member that states 1,000 bytes and holds 400 MiB."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"".join(body.compress(bytes(MIB)) for _ in range(400)) + body.flush()
    name = b"cat/0.png"
    sizes = struct.pack("<III", 0, len(content), 1000)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(name), 0) + name
    entry = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33) + sizes
    entry += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    at = len(local) + len(content)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), at, 0)
    path.write_bytes(local + content + entry + end)
