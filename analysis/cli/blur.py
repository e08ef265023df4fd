"""`python -m analysis blur`: writes a copy of a video or picture in which people are hidden, and a report beside it."""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.exports.blur_picture import PictureReport
    from analysis.exports.blur_video import BlurReport
    from analysis.exports.choice import BlurOptions
    from analysis.exports.reel import ReelReport
    from analysis.pipeline import Models
    from analysis.types import VideoInfo

FOUND_AGAIN = 1
"""Exit status where the check still finds somebody in the copy."""
THREADS = 1


def add_blur_command(commands: Any) -> None:
    """Adds `blur` and its options to argparse's subparsers."""
    blur = commands.add_parser("blur", help="copy a video or picture with people hidden in every frame")
    blur.add_argument("source", metavar="VIDEO", help="video, or picture: then ids count its faces, best first")
    blur.add_argument("--out", required=True, metavar="FILE", help="MP4 (or picture) to write; FILE.json beside it")
    whom = blur.add_mutually_exclusive_group()
    whom.add_argument("--blur", nargs="+", type=int, metavar="PERSON_ID", help="hide these people")
    whom.add_argument("--keep", nargs="+", type=int, metavar="PERSON_ID", help="hide everybody but these people")
    blur.add_argument("--result", metavar="DIR", help="what `analyse --out DIR` wrote (default: analyse first)")
    blur.add_argument("--margin", type=float, default=0.25, help="growth of a box at each side (default: %(default)s)")
    blur.add_argument(
        "--extend", type=float, default=2.0, metavar="S", help="cover so long before and after (default: %(default)s)"
    )
    blur.add_argument("--style", choices=["pixels", "solid"], default="pixels", help="default: %(default)s")
    blur.add_argument("--sound", choices=["keep", "mute", "pitch"], default="keep", help="default: %(default)s")
    blur.set_defaults(run=run_blur)


def run_blur(args: argparse.Namespace) -> int:
    """Runs `blur`; returns 0, or 1 if the check finds somebody in the copy. Raises AnalysisError."""
    from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle, Sound  # deferred: one command of many
    from analysis.images.read import SUFFIXES  # deferred: one command of many

    whom = HideChoice(frozenset(args.blur or ()), frozenset(args.keep or ()))
    options = BlurOptions(whom, args.margin, args.extend, HidingStyle(args.style), Sound(args.sound))
    source, target = Path(args.source), Path(args.out)
    if source.suffix.lower() in SUFFIXES - {".gif"}:
        return _blur_picture(source, target, options)
    return _blur_video(source, target, options, Path(args.result) if args.result else None)


def _blur_video(source: Path, target: Path, options: BlurOptions, result: Path | None) -> int:
    from analysis.video.decode import probe  # deferred: loads av

    with ThreadPoolExecutor(1) as probing, tempfile.TemporaryDirectory() as scratch:
        # Asked for first: its process starts while this one loads the rest.
        probed = probing.submit(probe, source)
        from analysis.cli.analyse import progress_bar  # deferred: one command of many
        from analysis.exports.blur_video import blur_video  # deferred: loads cv2
        from analysis.exports.people import read_people  # deferred: loads cv2
        from analysis.pipeline import AnalysisOptions, load_models  # deferred: loads cv2

        models, info = load_models(AnalysisOptions(threads=THREADS)), probed.result()
        folder = result or analysed(source, info, models, Path(scratch))
        people = read_people(folder, info, models)
        report = blur_video(source, target, info, people, models, options, progress_bar())
    tell(report, target)
    return FOUND_AGAIN if report.frames_found else 0


def analysed(source: Path, info: VideoInfo, models: Models, out: Path) -> Path:
    """Analyses a video into the folder, as `analyse --out` does, and returns it. Raises UnreadableVideo."""
    from analysis.cli.analyse import TRACK_FOLDER, progress_bar, write_result  # deferred: one command of many
    from analysis.pipeline import AnalysisOptions, analyse  # deferred: loads cv2

    pictures = out / "pictures"
    for folder in (pictures, out / TRACK_FOLDER):
        folder.mkdir(parents=True, exist_ok=True)

    def keep_picture(number: int, jpeg: bytes) -> None:
        (pictures / f"{number}.jpg").write_bytes(jpeg)

    found = analyse(source, AnalysisOptions(), progress_bar(), models, info=info, keep_picture=keep_picture)
    write_result(found, pictures, out)
    return out


def _blur_picture(source: Path, target: Path, options: BlurOptions) -> int:
    from analysis.exports.blur_picture import blur_picture_file  # deferred: loads cv2

    report = blur_picture_file(source, target, options)
    tell(report, target)
    return FOUND_AGAIN if report.faces_found else 0


def tell(report: BlurReport | PictureReport | ReelReport, target: Path) -> None:
    """Writes what became of an export beside it as JSON, and prints it in a line."""
    document = json.dumps(asdict(report), ensure_ascii=False, indent=1)
    target.with_name(f"{target.name}.json").write_text(document + "\n", encoding="utf-8")
    print(report.summary())
