"""What a limited process does for a copy with people hidden: decodes, hides, encodes and checks all of it.

No frame leaves the process, and its networks are its own; it is told who is where, and answers with a report.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.limited.messages import Buffer, Fields, Message
from analysis.types import VideoInfo

if TYPE_CHECKING:
    from analysis.pipeline import Models

TOLD_EVERY_S = 0.1
SWITCH_S = 0.001
"""How long a thread may keep others from running Python: they have decoders, encoders and networks to feed."""


def people_message(people: Sequence[SeenPerson]) -> Message:
    """Returns everybody as fields and parts, without names."""
    tracks = [track for person in people for track in person.tracks]
    fields = [
        {
            "id": person.id,
            "unclear": person.unclear,
            "tracks": [len(track.times_s) for track in person.tracks],
            "vectors": person.vectors.shape,
        }
        for person in people
    ]
    parts = (
        np.concatenate([np.zeros(0), *(track.times_s for track in tracks)]).astype(np.float64),
        np.concatenate([np.zeros((0, 4)), *(track.boxes_xyxy for track in tracks)]).astype(np.float32),
        np.concatenate([np.zeros(0), *(person.vectors.ravel() for person in people)]).astype(np.float32),
    )
    return {"people": fields}, [part.data.cast("B") if part.size else b"" for part in parts]


def people_of(fields: Fields, parts: Sequence[Buffer]) -> list[SeenPerson]:
    """Returns what `people_message` was given."""
    times, boxes, vectors = (np.frombuffer(part, kind) for part, kind in zip(parts, ("f8", "f4", "f4"), strict=True))
    boxes, seen, told = boxes.reshape(-1, 4), 0, 0
    people = []
    for person in fields["people"]:
        tracks = []
        for count in person["tracks"]:
            tracks.append(TrackSightings(times[seen : seen + count], boxes[seen : seen + count]))
            seen += count
        rows, columns = person["vectors"]
        own = vectors[told : told + rows * columns].reshape(rows, columns)
        told += rows * columns
        people.append(SeenPerson(person["id"], tuple(tracks), own, unclear=person["unclear"]))
    return people


def hide(fields: Fields, parts: Sequence[bytearray]) -> Iterator[Message]:
    """Says how far it is (`stage`, `done_s`), at last the `report`, and when the first frame is shown (`first_s`).

    All frames are in the file `target`; others beside it are left over.
    """
    import cv2  # deferred: loads cv2

    from analysis.exports.hidden_copy import CopySource, HiddenCopy  # deferred: loads cv2
    from analysis.faces.search import IdentificationThresholds  # deferred: loads cv2

    # Threads that wait for parts of small pictures take more time than they save.
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_S)
    news, told_stage, told_at_s = SimpleQueue[Fields | None](), "", 0.0

    def tell(stage: str, done_s: float) -> None:
        nonlocal told_stage, told_at_s
        if stage != told_stage or time.monotonic() - told_at_s > TOLD_EVERY_S:
            told_stage, told_at_s = stage, time.monotonic()
            news.put({"stage": stage, "done_s": done_s})

    target = Path(fields["target"])
    source = CopySource(
        Path(fields["path"]), VideoInfo(**fields["info"]), Path(fields["lut"]) if fields["lut"] else None
    )
    thresholds = IdentificationThresholds(**fields["thresholds"])
    people, options = people_of(fields, parts), options_of(fields["options"])
    copy = HiddenCopy(source, people, options, _models(fields["embedder"]), thresholds, tell)
    with ThreadPoolExecutor(1) as work:
        made = work.submit(copy.make, target)
        made.add_done_callback(lambda _: news.put(None))
        while (said := news.get()) is not None:
            yield said, ()
    yield {"first_s": made.result(), "report": asdict(copy.report())}, ()


def options_message(options: BlurOptions) -> Fields:
    """Returns options as fields."""
    return asdict(options) | {"whom": {"hide": sorted(options.whom.hide), "keep": sorted(options.whom.keep)}}


def options_of(fields: Fields) -> BlurOptions:
    """Returns what `options_message` was given."""
    whom = HideChoice(frozenset(fields["whom"]["hide"]), frozenset(fields["whom"]["keep"]))
    return BlurOptions(**{**fields, "whom": whom, "style": HidingStyle(fields["style"])})


def _models(embedder: str) -> Models:
    """Loads the networks, with the embedder of this file, "" for the built-in one."""
    from analysis.pipeline import AnalysisOptions, load_models  # deferred: loads cv2

    loaded = load_models(AnalysisOptions(threads=1))
    if not embedder:
        return loaded
    from analysis.faces.embedder_files import read_embedder_file  # deferred: rarely needed
    from analysis.faces.onnx_embedder import load_embedder_file  # deferred: rarely needed

    return replace(loaded, embedder=load_embedder_file(read_embedder_file(Path(embedder)), 1))
