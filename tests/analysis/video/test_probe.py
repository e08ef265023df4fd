"""Probing untrusted files in a sandboxed process; the outcome of each bad file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from analysis.errors import NoVideoStream, PictureTooLarge, ProbeLimit, UnreadableVideo
from analysis.limited.limits import Limits
from analysis.limited.process import LimitedProcess
from analysis.video import unlimited_probe
from analysis.video.decode import probe
from tests import clips
from tests.shared_data import FOLDER, shared_data

REFUSED = {
    "no_decodable_frames.mp4",
    "audio_only_aac.mp4",
    "mp4parse_chunk_out_of_range.mp4",
    "truncated_moov_missing.mp4",
    "random_bytes.mp4",
    "html_named.mp4",
    "audio_only.mp3",
}
ACCEPTED = {
    "one_pixel_1x1.mp4",
    "damaged_audio.mp4",
    "ten_frames_8kB.mp4",
    "truncated_faststart_60pct.mp4",
    "one_frame.mp4",
    "two_hours_black_1fps.mp4",
    "sixteen_px.mp4",
}
EITHER = {
    "mp4parse_invalid_userdata.mp4",
    "mp4parse_minimal.mp4",
    "smallest_FlashVideo.flv",
    "smallest_Mpeg4.mp4",
    "smallest_WindowsMediaVideo.wmv",
    "huge_7680x4320.mp4",
    "lying_index_stts.mp4",
}


def test_the_child_says_what_the_library_says(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "- a 'clip' ü.mp4", 0.4)
    assert probe(path) == unlimited_probe.probe(path)


def test_refusals_keep_their_kind(tmp_path: Path) -> None:
    with pytest.raises(NoVideoStream, match=r"sound\.m4a: holds no moving picture"):
        probe(clips.sound_only(tmp_path / "sound.m4a"))


def test_pictures_of_an_unknown_codec_are_no_video_and_sound_of_one_does_not_matter(tmp_path: Path) -> None:
    known = clips.with_sound(clips.steady_clip(tmp_path / "a.mp4"), tmp_path / "known.mp4").read_bytes()
    (tmp_path / "pictures.mp4").write_bytes(known.replace(b"avc1", b"qqqq"))
    sound = known.replace(b"mp4a", b"qqqq").replace(b"\x40\x15", b"\xfe\x15")  # the box, and the code in `esds`
    (tmp_path / "sound.mp4").write_bytes(sound)
    with pytest.raises(UnreadableVideo, match="not known"):
        probe(tmp_path / "pictures.mp4")
    assert probe(tmp_path / "sound.mp4").audio_codec == ""


def test_too_little_memory_is_a_limit(tmp_path: Path) -> None:
    with pytest.raises(ProbeLimit):
        probe(clips.steady_clip(tmp_path / "a.mp4", 0.2), Limits(30_000_000, cpu_s=20))


@pytest.mark.parametrize(
    ("size", "kind", "most_bytes"), [("9216x4608", "h264", 90_000_000), ("4096x2304", "mp4", 145_000_000)]
)
def test_one_decoder_is_open_at_a_time_and_none_for_pictures_that_are_too_large(
    tmp_path: Path, size: str, kind: str, most_bytes: int
) -> None:
    path = tmp_path / f"a.{kind}"
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-threads", "2")
    clips.ffmpeg("-f", "lavfi", "-i", f"color=gray:s={size}:r=5:d=0.8", *coding, path)
    limits = Limits(1_500_000_000, cpu_s=20, reads=[str(path)])
    with LimitedProcess("probe", limits) as process, suppress(PictureTooLarge):
        process.ask_once({"path": str(path)}, name=path.name)
    assert 20_000_000 < process.peak_memory_bytes < most_bytes


def test_a_file_that_never_answers_is_a_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ProbeLimit, match=r"more than 1\.5 s"):
        probe(tmp_path / "pipe.mp4", Limits(500_000_000, cpu_s=20, silent_s=1.5))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_bad_files_are_refused(name: str) -> None:
    with pytest.raises(UnreadableVideo):
        probe(shared_data(f"videos_bad/{name}"))


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_odd_but_sound_files_are_accepted(name: str) -> None:
    info = probe(shared_data(f"videos_bad/{name}"))
    assert info.width > 0 and info.duration_s > 0


@pytest.mark.parametrize("name", sorted(EITHER))
def test_hostile_files_get_a_clear_outcome(name: str) -> None:
    try:
        assert probe(shared_data(f"videos_bad/{name}")).width > 0
    except UnreadableVideo as refusal:
        assert str(refusal).startswith(name)


def test_every_bad_file_has_an_expected_outcome() -> None:
    folder = shared_data("videos_bad")
    assert {path.name for path in folder.iterdir()} - {"MANIFEST.md"} == REFUSED | ACCEPTED | EITHER


@pytest.mark.parametrize("path", sorted((FOLDER / "videos" / "formats").glob("*")), ids=lambda path: path.name)
def test_every_format_is_accepted(path: Path) -> None:
    assert probe(path).width > 0
