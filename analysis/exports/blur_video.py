"""Makes a copy of a video in which chosen people are hidden in every frame, and checks every frame of it.

All work on frames is done in one limited process (`hide_tasks`, `hidden_copy`); here is who asks for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import ProbeLimit
from analysis.exports.choice import BlurOptions
from analysis.exports.copy_file import add_sound
from analysis.exports.covered_person import CoveredPerson
from analysis.exports.hide_tasks import options_message, people_message
from analysis.exports.people import SeenPerson, expect_known
from analysis.faces.onnx_embedder import OnnxEmbedder
from analysis.faces.thresholds import thresholds_for
from analysis.limited.limits import Limits
from analysis.limited.process import run_limited
from analysis.progress import paced
from analysis.types import OnProgress, Progress, VideoInfo
from analysis.video.decode import decode_limits
from analysis.video.ffmpeg import LIMITS as ENCODER_LIMITS
from analysis.video.tone_map import lut_file
from analysis.video.web_copy import copy_size, written_whole

if TYPE_CHECKING:
    from analysis.pipeline import Models

STAGE_SHARES = {"follow": (0.0, 0.4), "encode": (0.4, 0.58), "join": (0.98, 0.02)}
"""Where a stage begins and how much it is of the whole, roughly by time: one percentage counts up once."""
NETWORKS_BYTES = 700_000_000
"""The networks, and stacks of threads, which count as a whole."""
EMBEDDER_COPIES = 3
"""By how much more memory a network takes than its file."""
FRAMES_HELD = 80
"""So many frames of a copy the encoder and who waits for it hold at most, with what is known of each."""


@dataclass(frozen=True, slots=True)
class BlurReport:
    """What became of a copy. A frame counts as found in where a hidden person is detected in it and matched."""

    frames: int
    frames_checked: int
    frames_found_at_first: int
    frames_found: int
    """In the copy as it is: 0, unless more than `rounds` were needed."""
    found_at_s: tuple[float, ...]
    """Their times in the copy, in seconds; at most 100."""
    rounds: int
    """How often what needed it most was encoded."""
    share_hidden: float
    """Share of all pixels of all frames that are hidden, 0..1."""
    frames_hidden_in: int
    """Frames in which anything is hidden."""
    frames_with_kept: int
    frames_kept_hidden: int
    """Frames in which the people to keep are known to be, and in which one of them is hidden: in doubt they are."""
    areas_unconfirmed: int
    """Areas in which what is hidden was never clearly seen to be a face, and may be none."""
    people_covered: tuple[CoveredPerson, ...]
    """Of those who were chosen to be hidden, by id."""
    least_face_px: int
    """Side in pixels of the copy from which the check sees faces; it may miss smaller ones."""
    width: int
    height: int
    detector: str
    embedder: str

    def summary(self) -> str:
        """Returns it in a line."""
        return (
            f"{self.frames_checked} frames checked for faces from {self.least_face_px} pixels on, "
            f"people found in {self.frames_found} (in {self.frames_found_at_first} at first; rounds: {self.rounds}), "
            f"{self.share_hidden:.1%} of the picture hidden"
            + f", kept people hidden in {self.frames_kept_hidden} of {self.frames_with_kept}"
            * bool(self.frames_with_kept)
            + f", areas that may be no face: {self.areas_unconfirmed}" * bool(self.areas_unconfirmed)
            + "".join(each.summary() for each in self.people_covered)
        )


def blur_video(
    source: Path,
    target: Path,
    info: VideoInfo,
    people: Sequence[SeenPerson],
    models: Models,
    options: BlurOptions,
    on_progress: OnProgress,
) -> BlurReport:
    """Writes an MP4 (H.264, AAC) in which the chosen people are hidden, and returns what the check of it says.

    `people` are those that an analysis with these `models` found in the video. Frames keep their times, counted from
    where the container starts; the picture is as a player shows it, at most 1920 x 1080. Memory does not grow with the
    length but for 200 bytes a frame, and 20 a face and frame. The file appears under its name only once it is complete.
    `on_progress` may raise Cancelled. Raises UnreadableVideo, or UnknownPerson if an id is nobody's.
    """
    expect_known(options.whom.hide | options.whom.keep, people)
    passed_on = paced(on_progress)

    def report(stage: str, done_s: float) -> None:
        passed_on(Progress(stage, done_s, info.duration_s))

    def report_join(done_s: float) -> None:
        begin, share = STAGE_SHARES["join"]
        report("join", begin * info.duration_s + share * min(done_s, info.duration_s))

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".blur-") as scratch, written_whole(target) as part:
        joined = Path(scratch) / "joined.nut"
        made, first_s = _hidden(source, info, people, models, options, joined, report)
        add_sound(joined, first_s, source, info, options.sound, part, report_join)
    return made


def _hidden(
    source: Path,
    info: VideoInfo,
    people: Sequence[SeenPerson],
    models: Models,
    options: BlurOptions,
    joined: Path,
    report: Callable[[str, float], None],
) -> tuple[BlurReport, float]:
    """Writes all frames into a file, in a limited process; returns what became of them, and when the first is shown."""
    lut = str(lut_file(info.curve)) if info.curve else ""
    embedder = models.embedder.file.path.resolve() if isinstance(models.embedder, OnnxEmbedder) else None
    fields, parts = people_message(people)
    fields |= {
        "path": str(source.resolve()),
        "info": asdict(info),
        "lut": lut,
        "options": options_message(options),
        "thresholds": asdict(thresholds_for(models.embedder_name).identification),
        "embedder": str(embedder or ""),
        "target": str(joined.resolve()),
    }
    limits = _limits(info, embedder)
    limits = replace(limits, reads=[fields["path"], *filter(None, [lut]), *limits.reads], writes=[str(joined.parent)])
    at, said = ("follow", 0.0), dict[str, Any]()
    asked = run_limited("hide_people", fields, limits, parts, name=source.name, while_waiting=lambda: report(*at))
    with closing(asked) as saying:
        try:
            for said, _ in saying:
                if "stage" in said:
                    at = _known_stage(said["stage"]), float(said["done_s"])
                    report(*at)
            return _report(said["report"], models), float(said["first_s"])
        except (KeyError, TypeError, ValueError) as error:
            raise ProbeLimit(f"{source.name}: the process that hid people in it broke") from error


def _limits(info: VideoInfo, embedder: Path | None) -> Limits:
    """Returns what a copy may use: its source and itself are decoded, it is encoded, and networks look at both."""
    decoding, (width, height) = decode_limits(info, info.duration_s), copy_size(info)
    own_bytes = EMBEDDER_COPIES * embedder.stat().st_size if embedder else 0
    return Limits(
        2 * decoding.memory_bytes + FRAMES_HELD * width * height * 3 // 2 + NETWORKS_BYTES + own_bytes,
        min(2 * decoding.cpu_s, ENCODER_LIMITS.cpu_s),
        file_bytes=ENCODER_LIMITS.file_bytes,
        silent_s=decoding.silent_s,
        reads=[str(embedder), str(embedder.with_suffix(".toml"))] if embedder else (),
    )


def _known_stage(stage: str) -> str:
    """Returns it; what the process says is not trusted: raises KeyError."""
    STAGE_SHARES[stage]
    return stage


def _report(told: dict[str, Any], models: Models) -> BlurReport:
    """Returns the report as of numbers only. Raises KeyError, TypeError or ValueError."""
    whole = {
        key: int(told[key])
        for key in (
            "frames",
            "frames_checked",
            "frames_found_at_first",
            "frames_found",
            "rounds",
            "frames_hidden_in",
            "frames_with_kept",
            "frames_kept_hidden",
            "areas_unconfirmed",
            "least_face_px",
            "width",
            "height",
        )
    }
    return BlurReport(
        **whole,
        found_at_s=tuple(float(time_s) for time_s in told["found_at_s"]),
        people_covered=tuple(CoveredPerson.of_fields(each) for each in told["people_covered"]),
        share_hidden=float(told["share_hidden"]),
        detector=models.detector_name,
        embedder=models.embedder_name,
    )
