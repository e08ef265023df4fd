"""Grouping: BCubed F1 over time on the shared compilations and on concatenations of the single-person clips.

`python -m benchmarks.grouping [--seeds 20] [--thoroughness balanced]`
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.pipeline import AnalysisOptions, Models, analyse, load_models
from analysis.types import AnalysisResult, FoundTrack, Thoroughness
from benchmarks.clips import TrueAppearance, TrueClip, compilations, concatenation

STEP_S = 0.04
HAIR_S = 0.01
SLACK_S = 0.2
"""A track also covers this time before its first and after its last sample: half a sampling step and a rest at cuts."""
MIN_SHARE_OF_TRACK = 0.1
"""Share of its time that a track must spend on a second person to count as mixed."""


@dataclass(frozen=True, slots=True)
class GroupingScore:
    precision: float
    recall: float
    people_found: int
    people_true: int
    mixed_tracks: int
    covered: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def score(result: AnalysisResult, appearances: Sequence[TrueAppearance]) -> GroupingScore:
    """Scores a result by BCubed over moments of true faces; a moment without a track is a group of its own."""
    truth: list[str] = []
    found: list[str] = []
    mixed = Counter[tuple[int, str]]()
    person_of = {track: person.id for person in result.people for track in person.track_ids}
    for number, appearance in enumerate(appearances):
        for time_s in np.arange(appearance.start_s + STEP_S / 2, appearance.end_s, STEP_S):
            track = _track_at(result.tracks, float(time_s), appearance)
            truth.append(appearance.person)
            found.append(f"none{number}-{time_s:.2f}" if track is None else str(person_of[track + 1]))
            if track is not None:
                mixed[(track, appearance.person)] += 1
    precision, recall = bcubed(truth, found)
    per_track = Counter[int]()
    for (track, _), count in mixed.items():
        per_track[track] += count
    of_second_person = Counter(
        track for (track, _), count in mixed.items() if count >= MIN_SHARE_OF_TRACK * per_track[track]
    )
    return GroupingScore(
        precision=precision,
        recall=recall,
        people_found=len(result.people),
        people_true=len(set(truth)),
        mixed_tracks=sum(1 for count in of_second_person.values() if count > 1),
        covered=sum(1 for label in found if not label.startswith("none")) / max(len(found), 1),
    )


def _track_at(tracks: Sequence[FoundTrack], time_s: float, appearance: TrueAppearance) -> int | None:
    """Returns the track of the largest face in the cell at this moment, within the true stretch, or None."""
    best, best_size = None, 0.0
    for number, track in enumerate(tracks):
        if not track.start_s - SLACK_S <= time_s <= track.end_s + SLACK_S:
            continue
        nearest = int(np.abs(track.times_s - time_s).argmin())
        if not appearance.start_s - HAIR_S <= track.times_s[nearest] < appearance.end_s - HAIR_S:
            continue
        x1, y1, x2, y2 = (float(value) for value in track.boxes_xyxy[nearest])
        left, top, width, height = appearance.cell
        inside = left <= (x1 + x2) / 2 < left + width and top <= (y1 + y2) / 2 < top + height
        if inside and (x2 - x1) * (y2 - y1) > best_size:
            best, best_size = number, (x2 - x1) * (y2 - y1)
    return best


def bcubed(truth: Sequence[str], found: Sequence[str]) -> tuple[float, float]:
    """Returns BCubed precision and recall, averaged over the items."""
    both, by_truth, by_found = Counter(zip(truth, found, strict=True)), Counter(truth), Counter(found)
    count = max(len(truth), 1)
    precision = sum(n * n / by_found[f] for (_, f), n in both.items()) / count
    recall = sum(n * n / by_truth[t] for (t, _), n in both.items()) / count
    return precision, recall


def measure(clips: Sequence[TrueClip], options: AnalysisOptions, models: Models) -> list[GroupingScore]:
    rows = []
    for clip in clips:
        scored = score(analyse(clip.path, options, lambda progress: None, models), clip.appearances)
        rows.append(scored)
        print(
            f"{clip.path.stem:28} F1 {scored.f1:.4f}  precision {scored.precision:.4f}  recall {scored.recall:.4f}  "
            f"people {scored.people_found}/{scored.people_true}  mixed tracks {scored.mixed_tracks}  "
            f"covered {scored.covered:.3f}"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--thoroughness", choices=list(Thoroughness), default=Thoroughness.BALANCED)
    parser.add_argument("--scratch", type=Path, help="folder for the clips, kept for the next run")
    args = parser.parse_args()
    options = AnalysisOptions(Thoroughness(args.thoroughness))
    models = load_models(options)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.scratch or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows = measure(compilations(), options, models)
        rows += measure([concatenation(folder, seed) for seed in range(args.seeds)], options, models)
    print(
        f"{models.embedder_name} {args.thoroughness}: mean F1 {np.mean([row.f1 for row in rows]):.4f}, "
        f"worst {min(row.f1 for row in rows):.4f}, tracks with two people {sum(row.mixed_tracks for row in rows)}, "
        f"{len(rows)} clips"
    )


if __name__ == "__main__":
    main()
