"""Analyses the sample video when the product is installed, so that a first look at it waits for no network.

It is the analysis itself, kept in a file, and good only for the code, the weights and the libraries that made it.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import pipeline
from analysis.samples import edition
from analysis.types import FoundFace, FoundTrack, SegmentResult, SegmentSpan, VideoInfo, ViewMeasures
from analysis.video.decode import probe
from analysis.weights import sample_analysis_path, sample_video_path, sha256_of


@dataclass(frozen=True, slots=True)
class SampleAnalysis:
    """What was found in the sample video, with the options that nobody chose otherwise."""

    sha256: str
    """Of the video."""
    info: VideoInfo
    detector: str
    embedder: str
    segment: SegmentResult
    """The video is so short that it has one."""


def analyse_ahead(folder: Path | None = None) -> Path:
    """Analyses the sample video of an installation unless that was done by this very code; returns the file.

    Raises MissingWeights, UnreadableVideo, or OSError where there is no video or the folder cannot be written.
    """
    target = sample_analysis_path(folder)
    if read_ahead(folder) is None:
        text = json.dumps({"edition": edition.edition(), "analysis": _plain(_analyse(sample_video_path(folder)))})
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        unfinished.write_text(text)
        unfinished.replace(target)
    return target


def read_ahead(folder: Path | None = None) -> SampleAnalysis | None:
    """Returns the analysis made at installation; None where there is none, or one of other code than this."""
    stored = edition.stored_ahead(folder)
    return None if stored is None else _sample_analysis(stored["analysis"])


def _analyse(path: Path) -> SampleAnalysis:
    options, info = pipeline.AnalysisOptions(), probe(path)
    (span,) = pipeline.plan_segments(info, options)
    models = pipeline.load_models(options)
    segment = pipeline.analyse_segment(path, info, span, options, models, lambda _: None)
    return SampleAnalysis(sha256_of(path), info, models.detector_name, models.embedder_name, segment)


def _plain(value: Any) -> Any:
    """Returns what JSON can hold; arrays and bytes in base 64, so that they come back bit by bit."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "shape": value.shape, "base64": _plain(value.tobytes())}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _sample_analysis(stored: dict[str, Any]) -> SampleAnalysis:
    segment = stored["segment"]
    span = SegmentSpan(**segment["span"])
    tracks = tuple(_track(each) for each in segment["tracks"])
    return SampleAnalysis(
        **stored
        | {"info": VideoInfo(**stored["info"]), "segment": SegmentResult(**segment | {"span": span, "tracks": tracks})}
    )


def _track(stored: dict[str, Any]) -> FoundTrack:
    arrays = {name: _array(stored[name]) for name in ("times_s", "boxes_xyxy", "scores")}
    return FoundTrack(**stored | arrays | {"faces": tuple(_face(face) for face in stored["faces"])})


def _face(stored: dict[str, Any]) -> FoundFace:
    arrays = {name: _array(stored[name]) for name in ("box_xyxy", "landmarks", "embedding")}
    in_picture = stored["picture_landmarks"]
    others = {
        "picture_jpeg": base64.b64decode(stored["picture_jpeg"]),
        "measures": ViewMeasures(**stored["measures"]),
        "picture_landmarks": None if in_picture is None else _array(in_picture),
    }
    return FoundFace(**stored | arrays | others)


def _array(stored: dict[str, Any]) -> NDArray[Any]:
    values = np.frombuffer(base64.b64decode(stored["base64"]), stored["dtype"])
    return values.reshape(stored["shape"])
