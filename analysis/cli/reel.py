"""`python -m analysis reel`: joins the moments of chosen people, out of one or several videos, to one film."""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

PROBED_AT_ONCE = 2


def add_reel_command(commands: Any) -> None:
    """Adds `reel` and its options to argparse's subparsers."""
    reel = commands.add_parser("reel", help="join the moments of chosen people, from one or several videos")
    reel.add_argument("videos", nargs="+", metavar="VIDEO")
    reel.add_argument(
        "--person",
        required=True,
        nargs="+",
        action="append",
        metavar="[VIDEO_NUMBER:]ID[=NAME]",
        help="people by id, in each video's result; with `2:5` only person 5 of the second video; may be repeated",
    )
    reel.add_argument("--out", required=True, metavar="FILE", help="MP4 to write; FILE.json beside it")
    reel.add_argument("--result", nargs="+", metavar="DIR", help="one for each video (default: analyse first)")
    reel.add_argument("--order", choices=["video", "time"], default="video", help="default: %(default)s")
    reel.add_argument("--min", type=float, default=1.0, metavar="S", help="leave out shorter ones (default: 1)")
    reel.add_argument("--padding", type=float, default=0.5, metavar="S", help="before and after (default: 0.5)")
    reel.add_argument("--together", action="store_true", help="only where all of them are seen at once")
    reel.add_argument("--no-captions", action="store_true", help="without name, video and time in the picture")
    reel.set_defaults(run=run_reel)


def run_reel(args: argparse.Namespace) -> int:
    """Runs `reel` and returns 0; raises AnalysisError."""
    from analysis.errors import UnusableResult  # deferred: one command of many
    from analysis.video.decode import probe  # deferred: loads av

    if args.result and len(args.result) != len(args.videos):
        raise UnusableResult(f"{len(args.videos)} videos and {len(args.result)} results; one is needed for each")
    wanted = [parsed(each) for group in args.person for each in group]
    videos = [Path(name) for name in args.videos]
    with ThreadPoolExecutor(PROBED_AT_ONCE) as probing, tempfile.TemporaryDirectory() as scratch:
        # Asked for first: their processes start while this one loads the rest.
        probed = [probing.submit(probe, video) for video in videos]
        from analysis.cli.analyse import progress_bar  # deferred: one command of many
        from analysis.cli.blur import analysed, tell  # deferred: one command of many
        from analysis.exports.moments import ReelOptions, ReelOrder, ReelSource, choose_moments  # deferred: loads cv2
        from analysis.exports.people import expect_known, read_people  # deferred: loads cv2
        from analysis.exports.reel import write_reel  # deferred: loads cv2
        from analysis.pipeline import AnalysisOptions, load_models  # deferred: loads cv2

        models = None if args.result else load_models(AnalysisOptions())
        sources = []
        for number, (video, info) in enumerate(zip(videos, (each.result() for each in probed), strict=True), start=1):
            made = Path(scratch) / str(number)
            folder = analysed(video, info, models, made) if models else Path(args.result[number - 1])
            people = read_people(folder, info)
            own = {person: called for where, person, called in wanted if where in (None, number)}
            expect_known({person for where, person, _ in wanted if where == number}, people)
            chosen = tuple(_named(person, own[person.id]) for person in people if person.id in own)
            sources.append(ReelSource(video, info, video.stem, chosen, video.stat().st_mtime))
        options = ReelOptions(ReelOrder(args.order), args.min, args.padding, together=args.together)
        moments = choose_moments(sources, options)
        report = write_reel(sources, moments, Path(args.out), progress_bar(), captions=not args.no_captions)
    tell(report, Path(args.out))
    return 0


def parsed(text: str) -> tuple[int | None, int, str]:
    """Returns video number (None: every video), id and name of "2:5=Tom"; raises UnknownPerson."""
    from analysis.errors import UnknownPerson  # deferred: one command of many

    before, _, name = text.partition("=")
    where, _, number = before.rpartition(":")
    try:
        return int(where) if where else None, int(number), name
    except ValueError as error:
        raise UnknownPerson(f"{text!r}: expected an id, as 3, 2:3 or 3=Tom") from error


def _named(person: Any, name: str) -> Any:
    return replace(person, name=name) if name else person
