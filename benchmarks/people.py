"""People found in hard clips, in clips of one person and in clips without any face, against how many there are.

`python -m benchmarks people [--data FOLDER] [--thoroughness balanced]`: FOLDER holds videos in folders named as in
the shared data (`faces_single`, `no_face`; any other is a hard clip) and a `people.json`: `{"path": count}`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from analysis.faces.same_picture import seen_together
from analysis.pipeline import AnalysisOptions, Models, analyse, load_models
from analysis.types import FoundTrack, Thoroughness
from benchmarks.clips import single_person_clips
from benchmarks.shared import shared_folder

HARD = {
    "tracks/otb_dragonbaby.mp4": 1,
    "faces_multi/foreman_hevc_720p.mp4": 1,
    "faces_multi/friday_bw_cc0.mp4": 3,
    "faces_multi/chaplin_bw.mp4": 2,
}
SPARE = 1
"""People more than there are that all hard clips together may give."""


@dataclass(frozen=True, slots=True)
class ClipCount:
    """What one clip gave."""

    path: str
    present: int
    clear: int
    unclear: int
    interleaved: int
    """Pairs of tracks whose spans overlap although no picture holds both."""

    @property
    def kind(self) -> str:
        folders = Path(self.path).parts
        return next((kind for kind in ("faces_single", "no_face") if kind in folders), "hard")


def shared_counts(videos: Path) -> dict[str, int]:
    """Returns how many people each clip of the shared data shows, by path."""
    single = {str(path.relative_to(videos)): 1 for path, _, _ in single_person_clips()}
    none = {str(path.relative_to(videos)): 0 for path in sorted((videos / "no_face").iterdir())}
    return HARD | single | none


def interleaved(tracks: Sequence[FoundTrack]) -> int:
    """Returns how many pairs of tracks overlap in time without ever being in one picture."""
    together = seen_together([(track.times_s, track.boxes_xyxy) for track in tracks])
    return sum(
        max(a.start_s, b.start_s) <= min(a.end_s, b.end_s) and not together[first, second]
        for (first, a), (second, b) in combinations(enumerate(tracks), 2)
    )


def count(folder: Path, counts: Mapping[str, int], options: AnalysisOptions, models: Models) -> list[ClipCount]:
    rows = []
    for name, present in counts.items():
        path = folder / name if (folder / name).exists() else folder / "videos" / name
        result = analyse(path, options, lambda progress: None, models)
        clear = sum(not person.unclear for person in result.people)
        row = ClipCount(name, present, clear, len(result.people) - clear, interleaved(result.tracks))
        rows.append(row)
        mark = "" if row.clear == present else "   WRONG"
        print(
            f"{row.kind:12} {name:44} people {row.clear}/{present}  unclear {row.unclear}  "
            f"tracks {len(result.tracks)}  interleaved {row.interleaved}{mark}",
            flush=True,
        )
    return rows


def missed_targets(rows: Sequence[ClipCount]) -> list[str]:
    """Prints the figures and returns the names of the targets that are missed."""
    hard, single, none = ([row for row in rows if row.kind == kind] for kind in ("hard", "faces_single", "no_face"))
    present, found = sum(row.present for row in hard), sum(row.clear for row in hard)
    missing = [row.path for row in hard if row.clear < row.present]
    exact = sum(row.clear == 1 for row in single)
    false, turns = sum(row.clear for row in none), sum(row.interleaved for row in single)
    print(f"hard clips: {found} people for {present} present, clips that miss somebody {len(missing)}")
    print(f"one-person clips: exactly one in {exact} of {len(single)}, tracks that take turns {turns}")
    print(f"clips without a face: {false} people in {len(none)} clips")
    checks = {
        "hard clips": present <= found <= present + SPARE and not missing,
        "one-person clips": exact == len(single),
        "tracks that take turns": turns == 0,
        "clips without a face": false == 0,
    }
    return [name for name, is_met in checks.items() if not is_met]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with videos and their people.json")
    parser.add_argument("--thoroughness", choices=list(Thoroughness), default=Thoroughness.BALANCED)
    args = parser.parse_args()
    folder = args.data or shared_folder("videos")
    counts = json.loads((folder / "people.json").read_text()) if args.data else shared_counts(folder)
    options = AnalysisOptions(Thoroughness(args.thoroughness))
    missed = missed_targets(count(folder, counts, options, load_models(options)))
    print("people: all targets met" if not missed else f"people: missed {', '.join(missed)}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
