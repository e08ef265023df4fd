"""`python -m analysis recognise`: writes what a trained model finds in a video as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.recognition.types import FaceTrack, FaceView, TrainedOn, WindowPrediction
from analysis.training.model_folder import write_json

if TYPE_CHECKING:
    from analysis.training.predict import LoadedModel
    from analysis.types import OnProgress, VideoInfo

SCHEMA = 1
CLIP_S = 3.0
SECOND_DIGITS = 3


def add_recognise_command(commands: Any) -> None:
    """Adds `recognise` and its options to argparse's subparsers."""
    recognise = commands.add_parser("recognise", help="find the labels of a trained model in a video, with times")
    recognise.add_argument("model", metavar="MODEL_DIR")
    recognise.add_argument("video", metavar="VIDEO")
    recognise.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    recognise.add_argument(
        "--on",
        choices=[on.value for on in TrainedOn],
        help="what the model was trained on (default: clips or faces if its networks say so, otherwise whole frames)",
    )
    recognise.add_argument(
        "--clip-s", type=float, default=CLIP_S, metavar="S", help="length of the clips it was trained on"
    )
    recognise.set_defaults(run=run_recognise)


def run_recognise(args: argparse.Namespace) -> int:
    """Runs `recognise` and returns 0; raises AnalysisError."""
    from analysis.cli.training import TerminalProgress, quiet_threads, writable_file  # deferred: rarely needed

    quiet_threads()
    from analysis.recognition.spans import spans_of  # deferred: rarely needed
    from analysis.training.predict import load_model  # deferred: loads cv2
    from analysis.video.decode import probe  # deferred: loads cv2

    out, video = writable_file(args.out), Path(args.video)
    info, model = probe(video), load_model(Path(args.model))
    on = TrainedOn(args.on) if args.on else on_of(model)
    predictions = list(_predicted(model, on, video, info, args.clip_s, TerminalProgress()))
    spans = [_rounded(asdict(span)) for span in spans_of(predictions, model.decide, model.labels)]
    entries = [_entry(each) for each in predictions]
    document = {"schema": SCHEMA, "on": on, "labels": list(model.labels), "spans": spans, "observations": entries}
    write_json(out, document)
    return 0


def on_of(model: LoadedModel) -> TrainedOn:
    """Returns what the model was trained on, by what its networks take in."""
    from analysis.training.data.inputs import CLIP, FACE  # deferred: loads cv2

    return TrainedOn.CLIPS if CLIP in model.inputs else TrainedOn.FACES if FACE in model.inputs else TrainedOn.FRAMES


def _predicted(
    model: LoadedModel, on: TrainedOn, video: Path, info: VideoInfo, clip_s: float, on_progress: OnProgress
) -> Iterator[WindowPrediction]:
    from analysis.recognition import predict_video  # deferred: loads onnxruntime

    if on is TrainedOn.CLIPS:
        return predict_video.predict_clips(model, video, info, clip_s, on_progress)
    if on is TrainedOn.FRAMES:
        return predict_video.predict_frames(model, video, info, on_progress)
    tracks = list(_tracks(video, info, on_progress))
    return predict_video.predict_faces(model, tracks, len(tracks), on_progress)


def _tracks(video: Path, info: VideoInfo, on_progress: OnProgress) -> Iterator[FaceTrack]:
    """Yields the tracks of the whole video, numbered from 1 in the order in which they are found."""
    from analysis import pipeline  # deferred: loads cv2

    options, number = pipeline.AnalysisOptions(), 0
    models = pipeline.load_models(options)
    for span in pipeline.plan_segments(info, options):
        segment = pipeline.analyse_segment(video, info, span, options, models, on_progress)
        for track in segment.tracks:
            number += 1
            views = tuple(FaceView(face.time_s, face.picture_jpeg) for face in track.faces)
            yield FaceTrack(number, track.start_s, track.end_s + segment.sample_step_s, views)


def _entry(prediction: WindowPrediction) -> dict[str, Any]:
    window = prediction.window
    entry = {"time_s": window.time_s, "start_s": window.start_s, "end_s": window.end_s, "track": window.track}
    predicted = {"label": prediction.label, "certainty": prediction.confidence, "doubt": prediction.uncertainty}
    return _rounded(entry | predicted) | {"scores": list(prediction.scores)}


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, SECOND_DIGITS) if isinstance(value, float) else value for key, value in entry.items()}
