"""Copies with people hidden: frames in which somebody is still found, others left clear, share hidden, speed, memory.

`python -m benchmarks blur [--every | --videos NAME ...] [--speed-seconds 20] [--show FOLDER] [--scratch DIR]`

The copies are made by `python -m analysis blur` and judged by other means than its own check: the finished file is
decoded, faces are looked for at twice the size, embedded twice and compared with views taken from the source. Matches
where the untouched frame shows the person in another place are counted apart. Where the true box of a face is written
down for each frame, also of heads turned away, that box is compared with the source's.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from analysis.exports.people import read_people
from analysis.pipeline import AnalysisOptions, Models, load_models
from analysis.types import Float32, Image
from analysis.video.decode import probe
from analysis.video.frames_at import frames_at
from benchmarks import speed
from benchmarks.blur_clip import make_fast_clip
from benchmarks.blur_judge import JudgedMatch, every_frame, gallery, is_mistaken, seen_in
from benchmarks.memory import peak_bytes
from benchmarks.shared import say, shared_folder
from benchmarks.speed import Cost, cpu_s_of_children

SHOWN_CORRELATION, SHOWN_SHARE = 0.5, 0.3
"""Correlation of the edges of a sixteenth of a box in copy and source from which it shows, and how many must. Where the
box is hidden it is at most a quarter, along the border of a picture; where it is left most are."""
CLEAR_SHARE = 0.95
"""Of the frames in which another person can be matched in the source, so many must be left in the copy."""
LEAST_SPEED = 2.0
MOST_MB = 1500.0
MEMORY_SECONDS, MEMORY_SIZES = 3, ((1920, 1080), (3840, 2160))
DEFAULT_VIDEOS = (
    "tracks/otb_dragonbaby.mp4",
    "faces_multi/street_crowd_1080p.mp4",
    "faces_multi/friday_bw_cc0.mp4",
    "compilations/asl_three_side_by_side.mp4",
    "faces_single/ucf_makeup.avi",
    "formats/iphone_hevc_rot90.mov",
)
"""Those that are difficult, or of their kind."""
MORE_VIDEOS = (
    "faces_multi/chaplin_bw.mp4",
    "faces_multi/foreman_hevc_720p.mp4",
    "faces_multi/basketball.mp4",
    "compilations/grid_4people_cuts.mp4",
    "compilations/grid_2x2_four_faces.mp4",
    "faces_single/lp_s13.mp4",
    "faces_single/lp_d11.mp4",
    "faces_single/lipread_old_man.mp4",
    "faces_single/carphone_qcif.mp4",
    "faces_single/asl_book.mkv",
    "formats/face_vfr.mp4",
    "formats/face_odd_361x289_yuv444.mp4",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is seen in one copy. `clear`: of the others' faces that can be matched in the source, those left."""

    frames: int
    found_in: int
    mistaken: int
    """Frames in which somebody hidden is matched only where they are not in the untouched frame."""
    clear: int
    clear_of: int
    share_hidden: float
    shown: int = 0
    """Frames in which the box of a hidden face, where it is written down, shows what it shows in the source."""


def blur_command(video: Path, out: Path, result: Path) -> list[str]:
    """Returns the command that makes a copy of a video."""
    return [sys.executable, "-m", "analysis", "blur", str(video), "--out", str(out), "--result", str(result)]


def blurred(video: Path, out: Path, result: Path, arguments: list[str]) -> Cost:
    """Runs the command; returns the seconds that it took, and of the processors."""
    before, started = cpu_s_of_children(), time.perf_counter()
    command = blur_command(video, out, result)
    done = subprocess.run([*command, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{video.name}: {done.stderr}")
    return Cost(time.perf_counter() - started, cpu_s_of_children() - before)


def analysed(video: Path, folder: Path) -> Path:
    """Returns the result folder of a video, made at the first call."""
    out = folder / f"{video.stem}_result"
    if not (out / "result.json").exists():
        command = [sys.executable, "-m", "analysis", "analyse", str(video), "--out", str(out)]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True, capture_output=True)
    return out


def judge(
    in_source: list[list[JudgedMatch]],
    in_copy: list[list[JudgedMatch]],
    hidden: set[int],
    report: Path,
    truth: list[Float32],
) -> Judged:
    """Judges one copy; `truth` (4,) in shares of the picture for each frame, or nothing."""
    found_in = mistaken = left = 0
    for number, (before, now) in enumerate(zip(in_source, in_copy, strict=False)):
        again = [each for each in now if each.person in hidden]
        wrong = [is_mistaken(each, before, truth[number] if truth else None) for each in again]
        found_in += not all(wrong)
        mistaken += all(wrong) and bool(wrong)
        left += len(({each.person for each in now} - hidden) & {each.person for each in before})
    others = sum(len({each.person for each in seen} - hidden) for seen in in_source)
    share_hidden = json.loads(report.read_text())["share_hidden"]
    return Judged(len(in_copy), found_in, mistaken, left, others, share_hidden)


def measure_video(video: Path, folder: Path, models: Models, show: Path | None) -> dict[str, Judged]:
    """Makes and judges the copies of one video: all hidden, the first person hidden, all but the first hidden."""
    info, result = probe(video), analysed(video, folder)
    people = read_people(result, info)
    views = gallery(video, info, people, models)
    everybody = {person.id for person in people}
    in_source = seen_in(video, views, models)
    ways: dict[str, tuple[list[str], set[int]]] = {"all": ([], everybody)}
    if views.clear:
        first = min(views.clear)
        ways["blur"] = (["--blur", str(first)], {first})
        ways["keep"] = (["--keep", str(first)], everybody - {first})
    judged = {}
    truth = true_boxes(video)
    shares = [(box / np.tile([info.width, info.height], 2)).astype(np.float32) for box in truth]
    for way, (arguments, hidden) in ways.items():
        out = folder / f"{video.stem}_{way}.mp4"
        seconds = blurred(video, out, result, arguments).wall_s
        in_copy = seen_in(out, views, models)
        shown = frames_shown(video, out, truth) if way != "keep" else 0
        report = out.with_name(f"{out.name}.json")
        judged[way] = each = replace(judge(in_source, in_copy, hidden, report, shares), shown=shown)
        shows = f"  true face shows in {shown} of {len(truth)}" if truth and way != "keep" else ""
        clear = f"{each.clear}/{each.clear_of}" if each.clear_of else "-"
        print(
            f"  {video.name:32s} {way:5s} frames {each.frames:5d} of {len(in_source):5d}  found in {each.found_in:3d}  "
            f"elsewhere {each.mistaken:2d}  "
            f"others clear {clear:>9s}  hidden {each.share_hidden:6.1%}  {seconds:5.1f} s{shows}",
            flush=True,
        )
        if show is not None:
            contact_sheet(out, show / f"{out.stem}.png")
    return judged


def true_boxes(video: Path) -> list[Float32]:
    """Returns the box `(4,)` of the one face of a video in each frame, where they are written down beside it."""
    table = video.with_name(f"{video.stem}_boxes.csv")
    if not table.exists():
        return []
    with table.open(newline="") as lines:
        rows = [[float(row[key]) for key in ("x", "y", "w", "h")] for row in csv.DictReader(lines)]
    return [np.array([x, y, x + w, y + h], np.float32) for x, y, w, h in rows]


def frames_shown(video: Path, copy: Path, boxes: list[Float32]) -> int:
    """Returns in how many frames of a copy of the same size the edges within the box are those of the source."""
    if not boxes:
        return 0
    shown = 0
    frames = zip(every_frame(video, probe(video)), every_frame(copy, probe(copy)), boxes, strict=True)
    for source, copied, box in frames:
        parts = zip(*(_edges_of_parts(each.crop_bgr(box)[0]) for each in (source, copied)), strict=True)
        alike = [min(one.std(), other.std()) > 0 and _correlation(one, other) for one, other in parts]
        shown += float(np.mean([each >= SHOWN_CORRELATION for each in alike])) >= SHOWN_SHARE
    return shown


def _edges_of_parts(picture_bgr: Image) -> Float32:
    """Returns the edges in each sixteenth of a picture, `(16, 256)`."""
    edges = cv2.resize(cv2.Laplacian(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY), cv2.CV_32F), (64, 64))
    parts: Float32 = np.asarray(edges, np.float32).reshape(4, 16, 4, 16).swapaxes(1, 2).reshape(16, 256)
    return parts


def _correlation(one: Float32, other: Float32) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def share_clear(judged: list[Judged]) -> float:
    """Returns the share of faces matched in the source that are still matched; 1 if there were none."""
    total = sum(each.clear_of for each in judged)
    return sum(each.clear for each in judged) / total if total else 1.0


def contact_sheet(video: Path, target: Path, columns: int = 4, rows: int = 4) -> None:
    """Writes evenly spaced frames of a copy side by side, to be looked at."""
    target.parent.mkdir(parents=True, exist_ok=True)
    info = probe(video)
    times = [info.start_s + info.duration_s * (n + 0.5) / (columns * rows) for n in range(columns * rows)]
    tiles = []
    for _, frame in frames_at(video, info, times):
        picture, _corner = frame.crop_bgr(np.array([0, 0, *frame.size], np.float32))
        tiles.append(cv2.resize(picture, (320, round(320 * picture.shape[0] / picture.shape[1]))))
    tiles += [np.zeros_like(tiles[0])] * (columns * rows - len(tiles))
    sheet = np.vstack([np.hstack(tiles[row * columns : (row + 1) * columns]) for row in range(rows)])
    cv2.imwrite(str(target), sheet)


def measure_speed(folder: Path, seconds: int) -> float:
    """Prints and returns times real time for a 720p clip, its analysis being there."""
    slowest = math.inf
    for content in ("talk", "mixed"):
        clip = speed.make_clip(folder, content, seconds, (1280, 720))
        result = analysed(clip, folder)
        for way in (["--blur", "1"], []):
            cost = blurred(clip, folder / "speed.mp4", result, way)
            print(
                f"  {content} {seconds} s, 720p30, {' '.join(way) or 'all'}: {seconds / cost.wall_s:.2f} x real time, "
                f"{cost.cpu_s / seconds:.2f} processor seconds a second",
                flush=True,
            )
            slowest = min(slowest, seconds / cost.wall_s)
    return slowest


def measure_memory(folder: Path) -> float:
    """Prints and returns the highest peak in MB, everybody hidden in large pictures."""
    highest = 0.0
    for size in MEMORY_SIZES:
        clip = speed.make_clip(folder, "mixed", MEMORY_SECONDS, size)
        peak = peak_bytes([*blur_command(clip, folder / "memory.mp4", analysed(clip, folder))]) / 1e6
        print(f"  mixed {MEMORY_SECONDS} s, {size[0]} x {size[1]}, all: peak of {peak:.0f} MB", flush=True)
        highest = max(highest, peak)
    return highest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", nargs="*", help="names within the shared videos (default: some that are difficult)")
    parser.add_argument("--every", action="store_true", help="many more, which takes three times as long")
    parser.add_argument("--speed-seconds", type=int, default=20, help="0: measure neither speed nor memory")
    parser.add_argument("--show", type=Path, help="folder for pictures of the copies")
    parser.add_argument("--scratch", type=Path, help="folder for copies and results, kept for the next run")
    args = parser.parse_args()
    started = time.perf_counter()
    models = load_models(AnalysisOptions(threads=1))
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.scratch or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        chosen = [*DEFAULT_VIDEOS, *(MORE_VIDEOS if args.every else ())]
        videos = [shared_folder("videos") / name for name in (chosen if args.videos is None else args.videos)]
        if args.videos is None:
            videos.append(make_fast_clip(folder))
        ways = [measure_video(video, folder, models, args.show) for video in videos]
        judged = [each for way in ways for each in way.values()]
        factor, peak_mb = math.inf, 0.0
        if args.speed_seconds:
            factor, peak_mb = measure_speed(folder, args.speed_seconds), measure_memory(folder)
    found, shown = sum(each.found_in for each in judged), sum(each.shown for each in judged)
    mistaken = sum(each.mistaken for each in judged)
    clear, kept = (share_clear([way[name] for way in ways if name in way]) for name in ("blur", "keep"))
    say("frames of copies with a hidden person detected and matched", found, "0", 0)
    say("frames with a match where the person is not in the untouched frame", mistaken, "none", 0)
    say("frames of copies in which a hidden face whose box is known shows", shown, "0", 0)
    say("others' matched frames left clear by --blur", clear, f">= {CLEAR_SHARE}")
    say("those of the one who is kept by --keep, in doubt hidden", kept, "none")
    if args.speed_seconds:
        say("times real time at 720p, slowest", factor, f">= {LEAST_SPEED}", 2)
        say("peak of memory up to 4K, MB", peak_mb, f"<= {MOST_MB:.0f}", 0)
    met = found == shown == 0 and clear >= CLEAR_SHARE and factor >= LEAST_SPEED and peak_mb <= MOST_MB
    verdict = "every target met" if met else "TARGET MISSED"
    print(
        f"blur: {verdict}: {len(judged)} copies of {len(ways)} videos, {found} frames with somebody found, "
        f"speed by {args.speed_seconds} s, in {time.perf_counter() - started:.0f} s"
    )
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
