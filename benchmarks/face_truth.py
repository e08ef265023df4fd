"""Whose face a view shows, by the ground truth of the shared videos or of a folder with the same layout."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.types import Float32
from benchmarks.clips import TrueAppearance, true_appearances

EDGE_SHARE = 0.85
"""Of the width: in clips of one person a face beyond is another's, cut off by the edge."""
DERIVED = re.compile(r"`?(?P<file>[\w./-]+)`? \|.*derived here@ : from (?P<source>\w+)")
LOOKED_AT = Path(__file__).with_name("face_truth.json")
"""Who is where in clips whose people have no ids, as somebody saw them: [person, from s, to s, x1, y1, x2, y2]."""


@dataclass(frozen=True, slots=True)
class FaceTruth:
    """Names persons by video: the id of the manifests where there is one, else one that holds in this video alone."""

    folder: Path
    single: Mapping[str, str] = field(default_factory=dict)
    appearances: Mapping[str, Sequence[TrueAppearance]] = field(default_factory=dict)

    def person_of(self, video: str, time_s: float, box_xyxy: Float32, width: int) -> str:
        """Returns the person whose face is in this box (4,); "VIDEO?" where nobody noted who it is."""
        x, y = float(box_xyxy[0] + box_xyxy[2]) / 2, float(box_xyxy[1] + box_xyxy[3]) / 2
        for each in self.appearances.get(video, ()):
            left, top, wide, high = each.cell
            inside = left <= x < left + wide and top <= y < top + high
            if inside and each.start_s <= time_s < each.end_s:
                return each.person
        if video in self.single:
            return self.single[video] if x < EDGE_SHARE * width else f"{video} (edge)"
        return f"{video}?"


def is_noted(person: str) -> bool:
    """Returns whether it is known who this is."""
    return not person.endswith("?")


def read_truth(folder: Path) -> FaceTruth:
    """Reads `ground_truth.json`, `compilations/*.json` and, for derived clips, `MANIFEST.md`, as far as they exist."""
    single: dict[str, str] = {}
    appearances: dict[str, Sequence[TrueAppearance]] = {}
    sources: dict[str, str] = {}
    for path in sorted((folder / "compilations").glob("*.json")):
        truth = json.loads(path.read_text())
        appearances[f"compilations/{path.stem}.mp4"] = true_appearances(truth)
        sources |= {Path(part["source"]).stem: part["person"] for part in truth.get("segments", []) if part["person"]}
    for name, entry in _ground_truth(folder).items():
        persons = entry.get("persons", [])
        if len(persons) == 1:
            single[name] = sources[Path(name).stem] = persons[0]
    for name, source in _derived(folder).items():
        if source in sources:
            single[name] = sources[source]
    for name, rows in json.loads(LOOKED_AT.read_text()).items():
        appearances.setdefault(
            name,
            [TrueAppearance(who, start, end, (x1, y1, x2 - x1, y2 - y1)) for who, start, end, x1, y1, x2, y2 in rows],
        )
    return FaceTruth(folder, single, appearances)


def _ground_truth(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "ground_truth.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _derived(folder: Path) -> dict[str, str]:
    """Returns the clip of which a clip in `formats` was made, by name, from the table of the manifest."""
    manifest = folder / "MANIFEST.md"
    lines = manifest.read_text().splitlines() if manifest.exists() else []
    found = [DERIVED.search(line) for line in lines]
    return {f"formats/{each['file']}": each["source"] for each in found if each}
