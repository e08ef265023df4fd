"""Small real models run on synthetic videos: frames, clips, views of faces; damage, cancelling, tampering."""

import json
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from analysis.__main__ import main
from analysis.errors import Cancelled, DamagedModel
from analysis.recognition.predict_video import predict_clips, predict_faces, predict_frames
from analysis.recognition.spans import spans_of
from analysis.recognition.types import FaceTrack, FaceView
from analysis.training.predict import load_model
from analysis.types import Progress
from analysis.video.decode import DecodeCounts, probe
from tests.analysis.training.pictures import ignore, stripes
from tests.clips import late_start, truncated_clip
from tests.trained import BAR_CLIP_S, bars_film, bars_model, stripes_film, stripes_model


def test_there_is_a_prediction_each_second_and_at_cuts(tmp_path: Path) -> None:
    film = stripes_film(tmp_path / "film.mp4")
    model, told = load_model(stripes_model(), threads=1), list[Progress]()
    seen = list(predict_frames(model, film, probe(film), told.append))
    assert {each.window.shot for each in seen} == {0, 1, 2}
    assert [round(each.window.time_s) for each in seen if each.window.shot == 0] == [0, 1, 2, 3]
    assert told[-1].done == pytest.approx(9, abs=0.1)
    assert all(sum(each.scores) == pytest.approx(1, abs=1e-3) for each in seen)
    spans = spans_of(seen, model.decide, model.labels)
    assert [(span.label, round(span.start_s), round(span.end_s)) for span in spans] == [
        ("lie", 0, 3),
        ("stand", 3, 6),
        ("lie", 6, 9),
    ]
    assert all(span.score > 0.6 for span in spans)


def test_times_are_the_containers_own(tmp_path: Path) -> None:
    film = late_start(stripes_film(tmp_path / "film.mp4", ["lie"]), tmp_path / "late.ts", by_s=5)
    seen = list(predict_frames(load_model(stripes_model(), threads=1), film, probe(film), ignore))
    assert seen[0].window.time_s >= 5


def test_clips_follow_one_another_and_begin_anew_at_a_cut(tmp_path: Path) -> None:
    film = bars_film(tmp_path / "film.mp4")
    model = load_model(bars_model(), threads=1)
    seen = list(predict_clips(model, film, probe(film), BAR_CLIP_S, ignore))
    assert all(one.window.end_s <= other.window.start_s + 1e-6 for one, other in pairwise(seen))
    lengths = [each.window.end_s - each.window.start_s for each in seen]
    assert max(lengths) < 1.2 * BAR_CLIP_S and min(lengths) >= 0.5 * BAR_CLIP_S
    assert [each.label for each in seen if each.window.end_s < 1.9] == ["left"] * 3
    assert {each.label for each in seen if each.window.start_s > 2.1} == {"right"}


def test_a_video_shorter_than_a_clip_counts_as_one(tmp_path: Path) -> None:
    film = stripes_film(tmp_path / "film.mp4", ["stand"])
    [seen] = predict_clips(load_model(stripes_model(), threads=1), film, probe(film), 60.0, ignore)
    assert (seen.label, round(seen.window.end_s)) == ("stand", 3)


def jpeg(standing: bool, seed: int = 1) -> bytes:
    return cv2.imencode(".jpg", stripes(standing, seed, side=64))[1].tobytes()


def test_each_view_of_a_face_stands_for_the_time_nearest_to_it() -> None:
    track = FaceTrack(7, 0.0, 10.0, (FaceView(8.0, jpeg(True)), FaceView(2.0, jpeg(False)), FaceView(9.0, b"broken")))
    seen = list(predict_faces(load_model(stripes_model(), threads=1), [track], 1, ignore))
    assert [(each.label, each.window.start_s, each.window.end_s, each.window.view) for each in seen] == [
        ("lie", 0.0, 5.0, 1),
        ("stand", 5.0, 8.5, 0),
    ]
    assert {each.window.track for each in seen} == {7}


def test_a_film_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    film = truncated_clip(stripes_film(tmp_path / "film.mp4"), tmp_path / "cut.mp4", 0.6)
    counts = DecodeCounts()
    seen = list(predict_frames(load_model(stripes_model(), threads=1), film, probe(film), ignore, counts))
    assert seen and counts.damaged > 0
    assert max(each.window.end_s for each in seen) < 9


def test_cancelling_goes_through_and_closes_the_film(tmp_path: Path) -> None:
    film = stripes_film(tmp_path / "film.mp4")

    def stop(progress: Progress) -> None:
        if progress.done > 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(predict_frames(load_model(stripes_model(), threads=1), film, probe(film), stop))


def test_the_command_writes_spans_and_refuses_a_changed_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, out = stripes_film(tmp_path / "film.mp4"), tmp_path / "labels.json"
    assert main(["recognise", str(stripes_model()), str(film), "--out", str(out)]) == 0
    document = json.loads(out.read_text())
    assert [span["label"] for span in document["spans"]] == ["lie", "stand", "lie"]
    assert document["on"] == "frames" and document["labels"] == ["lie", "stand"]
    copy = tmp_path / "model"
    copy.mkdir()
    for file in stripes_model().iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    content = bytearray((copy / "model.onnx").read_bytes())
    content[-1] ^= 1
    (copy / "model.onnx").write_bytes(content)
    with pytest.raises(DamagedModel):
        load_model(copy)
    assert main(["recognise", str(copy), str(film), "--out", str(tmp_path / "no.json")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("damaged_model: ")
    assert not (tmp_path / "no.json").exists()
