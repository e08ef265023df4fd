"""`python -m analysis recognise`: what a trained model finds in a video, as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import UnreadablePicture
from analysis.recognition.types import FaceTrack, FaceView, Observation, On

if TYPE_CHECKING:
    from analysis.training.predict import LoadedModel
    from analysis.types import OnProgress, VideoInfo

SCHEMA = 1
CLIP_S = 3.0
SECOND_DIGITS = 3


def add_recognise_command(commands: Any) -> None:
    recognise = commands.add_parser("recognise", help="say what a trained model finds in a video, and when")
    recognise.add_argument("model", metavar="MODEL_DIR")
    recognise.add_argument("video", metavar="VIDEO")
    recognise.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    recognise.add_argument(
        "--on",
        choices=[on.value for on in On],
        help="what the model was trained on (default: as its networks tell: clips, faces, else whole frames)",
    )
    recognise.add_argument(
        "--clip-s", type=float, default=CLIP_S, metavar="S", help="length of the clips it was trained on"
    )
    recognise.set_defaults(run=run_recognise)


def run_recognise(args: argparse.Namespace) -> int:
    from analysis.cli.training import TerminalProgress, quiet_threads

    quiet_threads()
    from analysis.recognition.spans import spans_of
    from analysis.training.checkpoint import write_json
    from analysis.training.predict import load_model
    from analysis.video.decode import probe

    out, video = Path(args.out), Path(args.video)
    if not out.parent.is_dir():
        raise UnreadablePicture(f"{out.parent}: no such folder to write to")
    info, model = probe(video), load_model(Path(args.model))
    on = On(args.on) if args.on else on_of(model)
    observations = list(_observed(model, on, video, info, args.clip_s, TerminalProgress()))
    spans = [_rounded(asdict(span)) for span in spans_of(observations, model.decide, model.labels)]
    looked = [_entry(each) for each in observations]
    document = {"schema": SCHEMA, "on": on, "labels": list(model.labels), "spans": spans, "observations": looked}
    write_json(out, document)
    return 0


def on_of(model: LoadedModel) -> On:
    """By what its networks take in."""
    from analysis.training.data.inputs import CLIP, FACE

    return On.CLIPS if CLIP in model.inputs else On.FACES if FACE in model.inputs else On.FRAMES


def _observed(
    model: LoadedModel, on: On, video: Path, info: VideoInfo, clip_s: float, on_progress: OnProgress
) -> Iterator[Observation]:
    from analysis.recognition.observing import observe_clips, observe_faces, observe_frames

    if on is On.CLIPS:
        return observe_clips(model, video, info, clip_s, on_progress)
    if on is On.FRAMES:
        return observe_frames(model, video, info, on_progress)
    tracks = list(_tracks(video, info, on_progress))
    return observe_faces(model, tracks, len(tracks), on_progress)


def _tracks(video: Path, info: VideoInfo, on_progress: OnProgress) -> Iterator[FaceTrack]:
    """Numbered from 1 in the order in which they are found."""
    from analysis.pipeline import Options, analyse_segment, load_models, plan_segments

    options, number = Options(), 0
    models = load_models(options)
    for span in plan_segments(info, options):
        segment = analyse_segment(video, info, span, options, models, on_progress)
        for track in segment.tracks:
            number += 1
            views = tuple(FaceView(face.time_s, face.picture_jpeg) for face in track.faces)
            yield FaceTrack(number, track.start_s, track.end_s + segment.sample_step_s, views)


def _entry(observation: Observation) -> dict[str, Any]:
    place = observation.place
    entry = {"time_s": place.time_s, "start_s": place.start_s, "end_s": place.end_s, "track": place.track}
    said = {"label": observation.label, "certainty": observation.certainty, "doubt": observation.doubt}
    return _rounded(entry | said) | {"scores": list(observation.scores)}


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, SECOND_DIGITS) if isinstance(value, float) else value for key, value in entry.items()}
