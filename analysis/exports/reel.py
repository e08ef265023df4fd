"""Cuts moments out of videos and joins them to one: exact frames, with sound, one size and rate, with captions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from analysis.errors import NothingToShow, ProbeLimit, UnreadableVideo
from analysis.exports.appearances import BETWEEN_NAMES
from analysis.exports.choice import Sound
from analysis.exports.copy_file import sound_arguments
from analysis.exports.moments import ReelMoment, ReelSource
from analysis.exports.reel_sound import SOUND_HZ, ReelSound
from analysis.exports.reel_tasks import CutPart, CutSource, ReelShape
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields
from analysis.limited.process import run_limited
from analysis.progress import paced
from analysis.types import OnProgress, Progress
from analysis.video.decode import decode_limits
from analysis.video.ffmpeg import LIMITS as ENCODER_LIMITS
from analysis.video.ffmpeg import run_ffmpeg
from analysis.video.tone_map import lut_file
from analysis.video.web_copy import copy_size, written_whole

USUAL_RATES_FPS = (24.0, 25.0, 30_000 / 1001, 30.0, 50.0, 60_000 / 1001, 60.0)
USUAL_WITHIN = 0.02
"""Containers give rates that are a little off; what is so near to a usual rate was meant to be it."""
ENCODER_FRAMES = 60
"""So many frames the encoder holds at most, with what it knows of each."""


@dataclass(frozen=True, slots=True)
class ReelPart(CutPart):
    """A moment as it is in the reel, and who is seen in it."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReelReport:
    """What a reel consists of. `rate_fps` is 0 where frames keep the times of their only source."""

    parts: tuple[ReelPart, ...]
    frames: int
    duration_s: float
    width: int
    height: int
    rate_fps: float

    def summary(self) -> str:
        """Returns it in a line."""
        rate = f"{self.rate_fps:g} fps" if self.rate_fps else "the source's rate"
        return (
            f"{len(self.parts)} moments, {self.frames} frames, {self.duration_s:.3f} s, "
            f"{self.width} x {self.height}, {rate}"
        )


def write_reel(
    sources: Sequence[ReelSource],
    moments: Sequence[ReelMoment],
    target: Path,
    on_progress: OnProgress,
    *,
    captions: bool = True,
    between_names: str = BETWEEN_NAMES,
) -> ReelReport:
    """Writes the moments one after the other as an MP4 (H.264, AAC); one moment makes a clip.

    A moment's frames are those at or after its `start_s` and before its `end_s`, by the times that the analysis knows.
    Of several sources the one that is shown longest gives size and rate; others are fitted with black bars, and their
    frames repeated or left out. A single source keeps its frames' times. The file appears under its name only once it
    is complete. `on_progress` may raise Cancelled. Raises NothingToShow if there is no frame, or UnreadableVideo.
    """
    used = sorted({moment.source for moment in moments})
    if not used:
        raise NothingToShow("there is no moment of the chosen people")
    shown_s = {n: sum(moment.end_s - moment.start_s for moment in moments if moment.source == n) for n in used}
    longest = sources[max(used, key=lambda number: shown_s[number])].info
    rate_fps = usual_rate(longest.rate_fps) if len(used) > 1 else 0.0
    shape = ReelShape(*copy_size(longest), rate_fps, longest.rate_fps, captions, between_names)
    total_s, passed_on, parts = sum(shown_s.values()), paced(on_progress), list[ReelPart]()

    def report(stage: str, done_s: float) -> None:
        passed_on(Progress(stage, done_s, total_s))

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".reel-") as scratch, written_whole(target) as part:
        picture = Path(scratch) / "picture.nut"
        with ReelSound(Path(scratch) / "sound.pcm", sources) as sound:
            for made in _cut(sources, moments, shape, picture, lambda done_s: report("cut", done_s)):
                parts.append(made)
                sound.add(made.source, made.first_s, made.at_s, made.length_s)
            if not parts:
                raise NothingToShow("the chosen moments hold no frame")
            duration_s = parts[-1].at_s + parts[-1].length_s
            sound.finish(lambda: report("cut", duration_s))
        _mux(picture, sound.file, part, lambda done_s: report("join", done_s))
    frames = sum(made.frames for made in parts)
    return ReelReport(tuple(parts), frames, duration_s, shape.width, shape.height, shape.rate_fps)


def _cut(
    sources: Sequence[ReelSource],
    moments: Sequence[ReelMoment],
    shape: ReelShape,
    target: Path,
    report: Callable[[float], None],
) -> Generator[ReelPart, None, None]:
    """Writes the frames of the moments into a file, in a limited process; yields each as soon as it is there."""
    used = {moment.source: sources[moment.source] for moment in moments}
    luts = {curve: str(lut_file(curve)) for curve in {source.info.curve for source in used.values()} if curve}
    asked = {
        "sources": {
            number: asdict(
                CutSource(str(source.path.resolve()), source.info, source.title, luts.get(source.info.curve, ""))
            )
            for number, source in used.items()
        },
        "moments": [asdict(moment) for moment in moments],
        "shape": asdict(shape),
        "target": str(target.resolve()),
    }
    limits = replace(
        _limits(used, moments, shape),
        reads=[*(str(source.path.resolve()) for source in used.values()), *luts.values()],
        writes=[str(target.resolve().parent)],
    )
    done_s, to_come = 0.0, list(reversed(moments))
    name = next(iter(used.values())).path.name
    with closing(run_limited("cut_reel", asked, limits, name=name, while_waiting=lambda: report(done_s))) as saying:
        for said, _ in saying:
            try:
                done_s = float(said["done_s"])
                made = _part(said["part"], to_come.pop(), shape, used) if "part" in said else None
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise ProbeLimit(f"{name}: the process that cut it broke") from error
            report(done_s)
            if made is not None:
                yield made


def _limits(used: dict[int, ReelSource], moments: Sequence[ReelMoment], shape: ReelShape) -> Limits:
    """Returns what cutting all moments may use: sources are decoded one after the other."""
    each = [decode_limits(used[moment.source].info, moment.end_s - moment.start_s) for moment in moments]
    encoder_bytes = ENCODER_FRAMES * shape.width * shape.height * 3 // 2
    return Limits(
        max(limits.memory_bytes for limits in each) + encoder_bytes,
        min(sum(limits.cpu_s for limits in each), ENCODER_LIMITS.cpu_s),
        file_bytes=ENCODER_LIMITS.file_bytes,
        silent_s=each[0].silent_s,
    )


def _part(told: Fields | None, moment: ReelMoment, shape: ReelShape, used: dict[int, ReelSource]) -> ReelPart | None:
    """Returns what was cut, if there was a frame. What the process says is not trusted: raises ValueError, say."""
    if told is None:
        return None
    first_s, last_s, at_s, length_s = (float(told[key]) for key in ("first_s", "last_s", "at_s", "length_s"))
    longest_s = moment.end_s - moment.start_s + 1 / used[moment.source].info.rate_fps + 1 / shape.encoder_fps
    if not 0 < length_s <= longest_s:
        raise ValueError(f"{length_s} s")
    return ReelPart(moment.source, first_s, last_s, int(told["frames"]), at_s, length_s, moment.names)


def usual_rate(rate_fps: float) -> float:
    """Returns the usual rate that is nearest if it is near, else the rate itself, at most 60."""
    nearest = min(USUAL_RATES_FPS, key=lambda usual: abs(usual - rate_fps))
    return nearest if abs(nearest / rate_fps - 1) <= USUAL_WITHIN else min(rate_fps, USUAL_RATES_FPS[-1])


def _mux(picture: Path, sound: Path | None, target: Path, report: Callable[[float], None]) -> None:
    inputs = ["-i", f"file:{picture}"]
    streams = ["-map", "0:v:0", "-c:v", "copy"]
    if sound is not None:
        inputs += ["-f", "s16le", "-ar", str(SOUND_HZ), "-ac", "2", "-i", f"file:{sound}"]
        streams += ["-map", "1:a:0", *sound_arguments(Sound.KEEP)]
    ending = ["-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", str(target)]
    problem = run_ffmpeg([*inputs, *streams, *ending], report)
    if problem is not None:
        raise UnreadableVideo(f"the reel could not be written ({problem})")
