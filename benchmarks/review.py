"""The review queue after uploading all shared videos into one team: how many of its first questions are worth asking.

`python -m benchmarks review [--data FOLDER] [--sheet FILE.png]` analyses every video of the folder (by default
`../shared/data/videos`) and stores it through the product's own runners in a scratch database, twice: as the product
joins people, and into a team in which nobody joins by themselves across videos, so that true pairs are questions.
A truthful reviewer then answers the first questions in the product's order, in the second team one pair at a time.
Counted are questions whose two are the same person by the ground truth, questions about two who are in one picture, and
clear people with faces of two persons. `--sheet` draws both faces of each question, to be looked at; `--keep FOLDER`
keeps what the analyses found.

`--orders news|clips` measures instead how many answers a reviewer needs in which order, and `--chances` how likely a
pair is one person by its similarity, from which `analysis.faces.review_order` has its curves.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import pipeline
from analysis.errors import AnalysisError
from analysis.faces.search import IDENTIFICATION_THRESHOLDS
from analysis.types import SegmentResult, VideoInfo
from analysis.video.decode import probe
from benchmarks import review_chances, review_orders
from benchmarks.face_truth import FaceTruth, read_truth
from benchmarks.review_sheet import draw
from benchmarks.scratch_team import make_team, scratch_product, store_video
from benchmarks.shared import shared_folder

if TYPE_CHECKING:
    from benchmarks.review_reviewer import ReviewOutcome

FOLDERS = ("faces_single", "faces_multi", "formats", "compilations", "tracks", "no_face")
NO_VIDEOS = {".json", ".csv", ".md", ".txt"}
PROCESSES = 2
QUESTIONS, WANTED_RIGHT = 20, 16
NEVER = 1.01
"""No two faces are so similar."""


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video, named by its path in the folder, with what its analysis found."""

    name: str
    info: VideoInfo
    segments: list[SegmentResult]


def found_videos(folder: Path, keep: Path | None) -> Iterator[FoundVideo]:
    """Yields the analysed videos in the order of their names; those that cannot be read are left out."""
    paths = [
        path
        for name in FOLDERS
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and path.suffix.lower() not in NO_VIDEOS
    ]
    if not paths:
        sys.exit(f"not measured: no videos in {', '.join(FOLDERS)} of {folder}")
    with ProcessPoolExecutor(PROCESSES) as pool:
        for found in pool.map(_analysed, paths, repeat(folder), repeat(keep)):
            if found is not None:
                yield found


def _analysed(path: Path, folder: Path, keep: Path | None) -> FoundVideo | None:
    name = path.relative_to(folder).as_posix()
    kept = keep / f"{name.replace('/', '__')}.pickle" if keep else None
    if kept and kept.exists():
        found: FoundVideo = pickle.loads(kept.read_bytes())
        return found
    options = pipeline.AnalysisOptions()
    try:
        info = probe(path)
        spans = pipeline.plan_segments(info, options)
        segments = [
            pipeline.analyse_segment(path, info, span, options, _models(), lambda progress: None) for span in spans
        ]
    except AnalysisError as error:
        print(f"{name}: not read ({type(error).__name__})", file=sys.stderr)
        return None
    found = FoundVideo(name, info, segments)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(found))
    return found


@lru_cache(maxsize=1)
def _models() -> pipeline.Models:
    return pipeline.load_models(pipeline.AnalysisOptions())


def review_of(videos: Sequence[FoundVideo], truth: FaceTruth, *, joins: bool) -> ReviewOutcome:
    """Stores the videos in a team of their own and answers its first questions."""
    from benchmarks.review_reviewer import answer_questions
    from webapp.people.models import Person

    team = make_team("as the product joins" if joins else "nobody joins by themselves")
    for video in videos:
        store_video(team, video.name, video.info, video.segments)
        if not joins:
            Person.objects.filter(team=team).update(join_from=NEVER)
    return answer_questions(team, truth, QUESTIONS, one_by_one=not joins)


def _report(what: str, outcome: ReviewOutcome) -> None:
    print(f"\n{what}: {outcome.people} people, {outcome.unclear} unclear tracks, {outcome.left} questions")
    for number, question in enumerate(outcome.questions, start=1):
        words = "impossible" if question.is_impossible else "same" if question.is_same else "different"
        print(
            f"{number:3d} {words:10s} similarity {question.similarity:.3f}  chance {question.chance:.2f}  "
            f"{' | '.join(question.people)}"
        )
    for mixed in outcome.mixed:
        print(f"    faces of two persons: {mixed}")
    print(
        f"    right {outcome.right} of {len(outcome.questions)}, impossible {outcome.impossible}, "
        f"ticked in advance and wrong {outcome.wrongly_ticked}, people with faces of two persons {len(outcome.mixed)}"
    )


def _is_good(outcome: ReviewOutcome) -> bool:
    """Returns whether at least 16 of 20 questions are right, or the same share of fewer."""
    enough = outcome.right * QUESTIONS >= WANTED_RIGHT * len(outcome.questions)
    return enough and not outcome.impossible and not outcome.mixed


def measure(folder: Path, keep: Path | None, sheet: Path | None) -> bool:
    """Prints both outcomes and a line that sums up; returns whether all targets are met."""
    truth = read_truth(folder)
    with scratch_product():
        videos = list(found_videos(folder, keep))
        shipped = review_of(videos, truth, joins=True)
        _report("as the product joins", shipped)
        asked = review_of(videos, truth, joins=False)
        _report("nobody joins by themselves", asked)
        if sheet:
            draw(sheet, [*shipped.questions, *asked.questions])
    is_good = _is_good(shipped) and _is_good(asked)
    print(
        f"\nREVIEW of {len(videos)} videos: right {shipped.right} of {len(shipped.questions)} questions left by the "
        f"product, {asked.right} of {len(asked.questions)} where nobody joins by themselves (target >= 16 of 20); "
        f"impossible {shipped.impossible + asked.impossible} (target 0); people with faces of two persons "
        f"{len(shipped.mixed)} (target 0): {'met' if is_good else 'MISSED'}"
    )
    return is_good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the layout of the shared videos")
    parser.add_argument("--sheet", type=Path, help="PNG file for both faces of each question")
    parser.add_argument("--keep", type=Path, help="folder for what the analyses find, read again by the next run")
    parser.add_argument("--chances", action="store_true", help="measure how likely a pair is one person")
    parser.add_argument("--orders", choices=["news", "clips"], help="compare orders of the questions instead")
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument(
        "--join-from", type=float, nargs="*", default=[0.75, IDENTIFICATION_THRESHOLDS["mobilefacenet_192"].accept_from]
    )
    parser.add_argument("--runs", type=int, default=review_orders.RUNS)
    parser.add_argument("--cache", type=Path, help="file for the vectors of --orders, read again by the next run")
    args = parser.parse_args()
    if args.orders:
        review_orders.measure(args.orders, args.clips, args.join_from, args.runs, args.cache)
    elif args.chances:
        review_chances.measure(args.clips)
    elif not measure(args.data or shared_folder("videos"), args.keep, args.sheet):
        sys.exit(1)


if __name__ == "__main__":
    main()
