"""Copies with people hidden: no frame of the person is clear, others are left, times and sound are kept."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import Cancelled, UnknownPerson
from analysis.exports import blur_video as module
from analysis.exports import hidden_copy
from analysis.exports.blur_video import blur_video
from analysis.exports.check_copy import CopyChecker, FoundAgain
from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle, Sound
from analysis.exports.copy_file import LEAD_S
from analysis.exports.copy_parts import EncodedPart
from analysis.exports.hidden_copy import CopySource, HiddenCopy
from analysis.exports.people import SeenPerson
from analysis.exports.second_look import look_again
from analysis.faces.search import IdentificationThresholds
from analysis.pipeline import AnalysisOptions, Models, load_models
from analysis.types import WHOLE_VIDEO, Float32, Image, Progress, SegmentSpan
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.frame import Frame
from tests import clips
from tests.analysis.exports.moving_faces import Place, face_box, head, paste, person, still, swinging, write_film

SECONDS, FRAMES = 1.2, 30
SAMPLED = [0.0, 0.24, 0.48, 0.72, 0.96, 1.16]
LEFT = still(90, 136)


def silent(progress: Progress) -> None:
    assert progress.stage in ("follow", "encode", "join")


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(AnalysisOptions())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hopper swings twice a second, so that a line between two sightings of an analysis is never where he is."""
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", SECONDS, {"hopper": swinging(2.0, 90)})


def frames_of(path: Path) -> list[tuple[float, Image]]:
    every = Sampling(0, 640, references_only=False, deblock=True)
    return [
        (f.time_s, f.image_bgr)
        for f in sample_frames(path, probe(path), SegmentSpan(0, -1, 1e9), every, DecodeCounts())
    ]


def likeness(models: Models, image_bgr: Image, vector: Float32) -> float:
    """How much the face in the picture that is most like it is like a vector; -1 without any face."""
    faces = models.detector.detect_frame(image_bgr, 0.5)
    if not len(faces):
        return -1.0
    return float((models.embedder.embed(models.embedder.align(image_bgr, faces.landmarks)) @ vector).max())


def vector_of(models: Models, name: str) -> Float32:
    faces = models.detector.detect_frame(head(name), 0.5)
    vector: Float32 = models.embedder.embed(models.embedder.align(head(name), faces.landmarks[:1]))[0]
    return vector


def copy(
    film: Path, target: Path, people: list[SeenPerson], choice: HideChoice, models: Models, **options: object
) -> module.BlurReport:
    return blur_video(film, target, probe(film), people, models, replace(BlurOptions(choice), **options), silent)  # type: ignore[arg-type]


def hidden(film: Path, folder: Path, models: Models, **options: Any) -> HiddenCopy:
    """Everybody is hidden by what a limited process does, without one; the picture is in "joined.nut"."""
    source, limits = CopySource(film, probe(film)), IdentificationThresholds(0.5, 0.4)
    people = [person(1, swinging(2.0, 90), SAMPLED)]
    made = HiddenCopy(source, people, BlurOptions(**options), models, limits, lambda *_: None)
    made.make(folder / "joined.nut")
    return made


def test_a_face_that_moves_faster_than_it_was_sampled_is_in_no_frame(
    film: Path, tmp_path: Path, models: Models
) -> None:
    people = [person(1, swinging(2.0, 90), SAMPLED)]
    report = copy(film, tmp_path / "copy.mp4", people, HideChoice(hide=frozenset({1})), models)
    vector = vector_of(models, "hopper")
    assert min(likeness(models, picture, vector) for _, picture in frames_of(film)) > 0.6
    copied = frames_of(tmp_path / "copy.mp4")
    assert max(likeness(models, picture, vector) for _, picture in copied) < 0.42
    assert (report.frames, report.frames_checked, report.frames_found) == (FRAMES, FRAMES, 0)
    assert 0.05 < report.share_hidden < 0.5 and report.frames_hidden_in == FRAMES
    assert [time_s for time_s, _ in copied] == pytest.approx([time_s for time_s, _ in frames_of(film)], abs=2e-5)


def two_faces(folder: Path) -> tuple[Path, list[SeenPerson]]:
    """Collins stays at the left; Hopper is there, gone for a while, and back for a moment nobody sampled."""
    comes_back: Place = lambda time_s: (370, 136) if time_s < 0.3 or 0.74 <= time_s < 0.9 else None  # noqa: E731
    film = write_film(folder / "two.mp4", SECONDS, {"collins": LEFT, "hopper": comes_back})
    return film, [person(1, LEFT, SAMPLED), person(2, comes_back, [0.0, 0.24])]


def test_who_comes_back_between_two_samples_is_hidden_and_others_are_left(tmp_path: Path, models: Models) -> None:
    film, people = two_faces(tmp_path)
    report = copy(film, tmp_path / "copy.mp4", people, HideChoice(hide=frozenset({2})), models, extend_s=0.12)
    hidden, other = vector_of(models, "hopper"), vector_of(models, "collins")
    for _, picture in frames_of(tmp_path / "copy.mp4"):
        assert likeness(models, picture[:, 200:], hidden) < 0.42
        assert likeness(models, np.ascontiguousarray(picture[:, :200]), other) > 0.5
    assert report.frames_found == 0 and report.frames_hidden_in < FRAMES


def test_who_was_there_long_before_the_analysis_saw_them_is_hidden(tmp_path: Path, models: Models) -> None:
    """The check cannot be relied on: it does not know a face that is turned away or blurred."""
    film = write_film(tmp_path / "film.mp4", 2 * SECONDS, {"hopper": LEFT})
    people = [person(1, LEFT, [2 * SECONDS - 0.08])]
    report = copy(film, tmp_path / "copy.mp4", people, HideChoice(hide=frozenset({1})), models, extend_s=0.12)
    assert (report.frames_found_at_first, report.frames_hidden_in) == (0, 2 * FRAMES)


def test_who_sits_turned_away_before_they_are_seen_is_covered_and_the_report_says_when(
    tmp_path: Path, models: Models
) -> None:
    away = np.asarray(cv2.GaussianBlur(head("hopper"), (0, 0), 14), np.uint8)
    turned = [np.full((272, 480, 3), 90, np.uint8) for _ in range(2 * FRAMES)]
    for picture in turned:
        paste(picture, away, 90, 136)
    seen = [each.copy() for each in turned[:FRAMES]]
    for picture in seen:
        paste(picture, head("hopper"), 90, 136)
    gone = [np.full((272, 480, 3), 90, np.uint8)] * 2 * FRAMES
    film = clips.write_clip(tmp_path / "film.mp4", [*turned, *seen, *gone], options={"crf": "16"})
    people = [person(1, LEFT, [2 * SECONDS + 0.4, 2 * SECONDS + 0.8])]
    report = copy(film, tmp_path / "copy.mp4", people, HideChoice(hide=frozenset({1})), models, style=HidingStyle.SOLID)
    middles = [picture[130:142, 84:96] for _, picture in frames_of(tmp_path / "copy.mp4")]
    is_hidden = [np.abs(middle - 60.0).max() <= 12 for middle in middles]
    assert all(is_hidden[: 3 * FRAMES]) and not any(is_hidden[4 * FRAMES :])
    [covered] = report.people_covered
    [(first_s, last_s)], [(open_s, end_s)] = covered.covered_s, covered.open_s
    assert (first_s, last_s) == (0.0, open_s) and end_s == pytest.approx(5 * SECONDS)
    assert last_s == pytest.approx(is_hidden.index(False) / clips.RATE_FPS) and len(covered.held_s) == 1


def test_who_was_seen_stays_covered_long_before_and_after(tmp_path: Path, models: Models) -> None:
    """They may have turned away, or somebody walks past them."""
    short: Place = lambda time_s: (390, 136) if 0.96 <= time_s < 1.08 else None  # noqa: E731
    film = write_film(tmp_path / "film.mp4", 2.0, {"collins": LEFT, "hopper": short})
    copy(film, tmp_path / "copy.mp4", [], HideChoice(), models, style=HidingStyle.SOLID)
    middles = [picture[130:142, 384:396] for _, picture in frames_of(tmp_path / "copy.mp4")]
    assert [number for number, middle in enumerate(middles) if np.abs(middle - 60.0).max() > 12] == []


def test_a_lost_face_is_looked_for_again_where_it_was(tmp_path: Path, models: Models) -> None:
    film = write_film(tmp_path / "film.mp4", 0.04, {"hopper": LEFT})
    info, box = probe(film), face_box((90, 136))
    [frame] = sample_frames(film, info, WHOLE_VIDEO, Sampling(0, 64, references_only=False), DecodeCounts())
    nobody, elsewhere = np.zeros((0, 4), np.float32), box + np.float32(150)
    seen, missing = look_again(frame, info, models.detector, [box, elsewhere], nobody)
    assert seen is not None and np.abs(seen - box).max() < 16 and missing is None
    assert look_again(frame, info, models.detector, [box], seen[None]) == [None]


def test_everybody_but_one(tmp_path: Path, models: Models) -> None:
    film, people = two_faces(tmp_path)
    report = copy(film, tmp_path / "copy.mp4", people, HideChoice(keep=frozenset({1})), models)
    other = vector_of(models, "collins")
    for _, picture in frames_of(tmp_path / "copy.mp4"):
        assert len(models.detector.detect_frame(np.ascontiguousarray(picture[:, 220:]), 0.85)) == 0
        assert likeness(models, np.ascontiguousarray(picture[:, :200]), other) > 0.5
    assert report.frames_found == 0


def test_what_the_check_finds_is_encoded_again_and_what_stays_is_reported(
    film: Path, tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = np.array([0, 0, 40, 40], np.float32)
    found, later = ([FoundAgain(time_s, place, 0.9, False, True)] for time_s in (0.6, 0.95))
    answers = [(50, found), (30, later), (20, [])]
    monkeypatch.setattr(CopyChecker, "check", lambda *_: answers.pop(0))
    made = hidden(film, tmp_path, models)
    report = made.report()
    assert (report.rounds, report.frames_found_at_first, report.frames_found) == (3, 1, 0)
    # Not from the keyframe on, but from where nothing refers to what comes after, shortly before it is needed.
    assert [part.frames[0].copy_s for part in made.parts] == pytest.approx([0, 0.36, 0.72])
    pictures = frames_of(tmp_path / "joined.nut")
    assert [time_s - LEAD_S for time_s, _ in pictures] == pytest.approx(
        [time_s for time_s, _ in frames_of(film)], abs=2e-5
    )
    assert pictures[15][1][4:36, 4:36].std(axis=(0, 1)).max() < pictures[3][1][4:36, 4:36].std(axis=(0, 1)).max() + 5
    answers += [(50, found), (50, found)]
    report = hidden(film, tmp_path, models, rounds=2).report()
    assert (report.rounds, report.frames_found, report.found_at_s) == (2, 1, (0.6,))


@pytest.mark.parametrize("style", list(HidingStyle))
def test_neither_style_leaves_more_than_a_few_values(
    film: Path, tmp_path: Path, models: Models, style: HidingStyle
) -> None:
    people = [person(1, swinging(2.0, 90), SAMPLED)]
    copy(film, tmp_path / "copy.mp4", people, HideChoice(), models, style=style, sound=Sound.MUTE)
    _, picture = frames_of(tmp_path / "copy.mp4")[0]
    middle = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[100:172, 204:276]
    edges = np.abs(np.diff(middle.astype(int), axis=1)).mean(axis=0)
    assert np.count_nonzero(edges > 6) <= (0 if style is HidingStyle.SOLID else 8)


def test_turned_and_wide_pixels_become_what_a_player_shows(tmp_path: Path, models: Models) -> None:
    plain = write_film(tmp_path / "plain.mp4", 0.4, {"hopper": still(240, 136)})
    turned = tmp_path / "turned.mp4"
    clips.ffmpeg("-display_rotation", "90", "-i", plain, "-c", "copy", turned)
    info = probe(turned)
    report = copy(turned, tmp_path / "copy.mp4", [], HideChoice(), models)
    copied = probe(tmp_path / "copy.mp4")
    assert info.rotation_deg != 0 and copied.rotation_deg == 0
    assert (copied.width, copied.height) == (info.width, info.height) == (272, 480) == (report.width, report.height)
    source, target = frames_of(turned)[0][1], frames_of(tmp_path / "copy.mp4")[0][1]
    corner = slice(0, 60)
    assert np.abs(source[corner].astype(int) - target[corner]).mean() < 4
    wide = tmp_path / "wide.mp4"
    clips.ffmpeg("-i", plain, "-c", "copy", "-bsf:v", "h264_metadata=sample_aspect_ratio=2/1", wide)
    copy(wide, tmp_path / "copy.mp4", [], HideChoice(), models)
    copied = probe(tmp_path / "copy.mp4")
    assert (copied.width, copied.height, copied.sample_aspect_ratio) == (960, 272, 1)


def with_sound(film: Path, target: Path) -> Path:
    clips.ffmpeg(
        "-i", film, "-f", "lavfi", "-i", "sine=440:duration=1.2", "-c:v", "copy", "-c:a", "aac", "-shortest", target
    )
    return target


@pytest.mark.parametrize(
    ("sound", "codec", "tone_hz"), [(Sound.KEEP, "aac", 440), (Sound.MUTE, "", 0), (Sound.PITCH, "aac", 343)]
)
def test_sound_is_kept_muted_or_changed_in_pitch(
    film: Path, tmp_path: Path, models: Models, sound: Sound, codec: str, tone_hz: float
) -> None:
    target = tmp_path / "copy.mp4"
    copy(with_sound(film, tmp_path / "loud.mp4"), target, [], HideChoice(), models, sound=sound)
    copied = probe(target)
    assert (copied.video_codec, copied.audio_codec) == ("h264", codec)
    assert copied.duration_s == pytest.approx(SECONDS, abs=0.1)
    if codec:
        clips.ffmpeg("-i", target, "-f", "f32le", "-ac", "1", "-ar", "8000", tmp_path / "raw")
        samples = np.fromfile(tmp_path / "raw", np.float32)[1000:9000]
        assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(tone_hz, abs=4)


def test_one_percentage_counts_up_over_all_stages(
    film: Path, tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "paced", lambda on_progress: on_progress)
    told: list[Progress] = []
    blur_video(film, tmp_path / "copy.mp4", probe(film), [], models, BlurOptions(), told.append)
    shares = [progress.done / progress.total for progress in told]
    assert shares == sorted(shares) and {progress.stage for progress in told} == {"follow", "encode", "join"}
    assert shares[0] < 0.2 and shares[-1] == pytest.approx(1, abs=0.02)


def test_a_stretch_is_checked_while_the_next_is_encoded(
    film: Path, tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden_copy, "STRETCH_S", 0.4)
    cut = tmp_path / "cut.mp4"
    clips.ffmpeg("-i", film, "-c:v", "libx264", "-g", "10", "-sc_threshold", "0", cut)
    next_begun = threading.Event()
    encode, check = HiddenCopy._encode_until, CopyChecker.check

    def encode_and_tell(*given: Any) -> tuple[EncodedPart | None, Frame | None]:
        if given[3].name == "1.nut":
            next_begun.set()
        return encode(*given)

    def check_meanwhile(*given: Any) -> tuple[int, list[FoundAgain]]:
        assert next_begun.wait(timeout=60)
        return check(*given)

    monkeypatch.setattr(HiddenCopy, "_encode_until", encode_and_tell)
    monkeypatch.setattr(CopyChecker, "check", check_meanwhile)
    report = hidden(cut, tmp_path, models).report()
    assert (report.frames, report.frames_checked, report.frames_found) == (FRAMES, FRAMES, 0)
    assert [time_s - LEAD_S for time_s, _ in frames_of(tmp_path / "joined.nut")] == pytest.approx(
        [time_s for time_s, _ in frames_of(cut)], abs=2e-5
    )


def test_an_unknown_id_and_a_cancelled_copy_leave_no_file(
    film: Path, tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "paced", lambda on_progress: on_progress)
    target = tmp_path / "copy.mp4"
    with pytest.raises(UnknownPerson, match="there are: 1"):
        copy(film, target, [person(1, swinging(), SAMPLED)], HideChoice(hide=frozenset({7})), models)

    def cancel(progress: Progress) -> None:
        if progress.stage == "encode":
            raise Cancelled

    with pytest.raises(Cancelled):
        blur_video(film, target, probe(film), [], models, BlurOptions(), cancel)
    assert list(tmp_path.iterdir()) == []


def test_the_command_analyses_by_itself_and_writes_a_report(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "copy.mp4"
    assert main(["blur", str(film), "--out", str(out), "--keep", "9"]) == 2
    assert "unknown_person" in capsys.readouterr().err
    assert main(["blur", str(film), "--out", str(out), "--sound", "mute"]) == 0
    report = json.loads((tmp_path / "copy.mp4.json").read_text())
    assert report["frames_found"] == 0 and report["frames"] == report["frames_checked"] == FRAMES
    assert f"{FRAMES} frames checked for faces from 11 pixels on, people found in 0" in capsys.readouterr().out
