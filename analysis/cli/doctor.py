"""`python -m analysis doctor`: checks a folder of pictures, whose subfolders are labels, and writes JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.cli.faces import list_pictures
from analysis.cli.training import writable_file
from analysis.doctor.embedding import PictureEmbedder, load_picture_embedder
from analysis.doctor.examine import Findings, examine
from analysis.doctor.face_patterns import load_face_patterns
from analysis.doctor.flaws import Flagged
from analysis.doctor.identities import MixedIdentity, mixed_identities
from analysis.doctor.measures import Measures, MeasureTable, measure_picture
from analysis.errors import AnalysisError, UnreadablePicture
from analysis.images.read import read_picture
from analysis.training.model_folder import write_json
from analysis.types import Float32, Image, Thoroughness

FLAWS = ("blurred", "dark", "too_bright", "tiny", "low_contrast")


def run_doctor(args: argparse.Namespace) -> int:
    """Runs `doctor` and returns 0; raises AnalysisError without a folder or any readable picture."""
    folder, out = Path(args.folder), writable_file(args.out)
    if not folder.is_dir():
        raise UnreadablePicture(f"{folder}: no such folder")
    patient = _Patient(args.people)
    for file in list_pictures([folder]):
        patient.add(file, label_of(file, folder))
    if not patient.files:
        raise UnreadablePicture(f"{folder}: none of its {len(patient.unreadable)} pictures can be read")
    write_json(out, patient.report())
    return 0


def label_of(file: Path, folder: Path) -> str | None:
    """Returns the name of the file's folder, or None for files directly in the examined folder."""
    return None if file.parent == folder else file.parent.name


class _Patient:
    """The pictures of the folder, measured one after the other; none is kept in memory."""

    def __init__(self, people: bool) -> None:
        self.embedder: PictureEmbedder = load_picture_embedder()
        self.faces = _Faces() if people else None
        self.files: list[Path] = []
        self.labels: list[str | None] = []
        self.measures: list[Measures] = []
        self.vectors: list[Float32] = []
        self.unreadable: list[dict[str, str]] = []

    def add(self, file: Path, label: str | None) -> None:
        """Measures one picture, or notes that it cannot be read."""
        try:
            image_bgr = read_picture(file)
        except AnalysisError as error:
            self.unreadable.append({"file": str(file), "error": error.code})
            print(f"{error.code}: {error}", file=sys.stderr)
            return
        self.measures.append(measure_picture(image_bgr))
        self.vectors.append(self.embedder.embed([image_bgr])[0])
        if self.faces is not None and label is not None:
            self.faces.add(len(self.files), image_bgr, label)
        self.files.append(file)
        self.labels.append(label)

    def report(self) -> dict[str, Any]:
        """Checks all pictures and returns the content of the JSON file."""
        table = MeasureTable.of(self.measures)
        found = examine(table, self.labels, embeddings=np.stack(self.vectors), patterns_of=self._patterns)
        report: dict[str, Any] = {"pictures": len(self.files), "unreadable": self.unreadable}
        report |= {flaw: self._flagged(getattr(found, flaw)) for flaw in FLAWS}
        report["duplicates"] = [
            {"files": self._names(group.indices), "likeness": round(group.similarity, 3)} for group in found.duplicates
        ]
        report["unbalanced_labels"] = [asdict(label) for label in found.unbalanced]
        report["thin_labels"] = [asdict(label) for label in found.thin]
        report["likely_wrong_labels"] = self._wrong(found)
        if self.faces is not None:
            report["mixed_identities"] = [self._mixed(each) for each in self.faces.mixed()]
        return report

    def _patterns(self, rows: NDArray[np.int64]) -> Float32:
        """Reads the pictures of these rows again; asked for few rows unless patterns help."""
        maker = load_face_patterns()
        parts = [maker.embed([read_picture(self.files[row])]) for row in rows.tolist()]
        return np.concatenate(parts)

    def _names(self, indices: Sequence[int]) -> list[str]:
        return [str(self.files[index]) for index in indices]

    def _flagged(self, flagged: Flagged) -> list[dict[str, Any]]:
        pairs = zip(flagged.indices.tolist(), flagged.severities.tolist(), strict=True)
        return [{"file": str(self.files[index]), "severity": round(severity, 3)} for index, severity in pairs]

    def _wrong(self, found: Findings) -> list[dict[str, Any]]:
        wrong = found.wrong_labels
        rows = zip(wrong.indices.tolist(), wrong.probabilities.tolist(), wrong.suggestions, strict=True)
        return [
            {
                "file": str(self.files[index]),
                "label": self.labels[index],
                "looks_like": suggestion,
                "probability": round(probability, 3),
            }
            for index, probability, suggestion in rows
        ]

    def _mixed(self, mixed: MixedIdentity) -> dict[str, Any]:
        return {
            "person": mixed.person_id,
            "looks_like_several": mixed.is_several_people,
            "parts": [self._names(part) for part in mixed.parts],
            "outliers": self._names(mixed.outliers),
        }


class _Faces:
    """The largest face of each picture, for labels that are people."""

    def __init__(self) -> None:
        from analysis.faces.detect import load_detector  # deferred: rarely needed
        from analysis.faces.embed import load_embedder  # deferred: rarely needed

        self.detector, self.embedder = load_detector(), load_embedder()
        self.rows: list[int] = []
        self.people: list[str] = []
        self.vectors: list[Float32] = []

    def add(self, row: int, image_bgr: Image, person: str) -> None:
        """Embeds the largest face of picture `row`, if there is any."""
        faces = self.detector.detect(image_bgr, Thoroughness.BALANCED)
        if not len(faces):
            return
        sides = faces.boxes_xyxy[:, 2:] - faces.boxes_xyxy[:, :2]
        largest = int(sides.prod(axis=1).argmax())
        self.vectors.append(self.embedder.embed(self.embedder.align(image_bgr, faces.landmarks[[largest]]))[0])
        self.rows.append(row)
        self.people.append(person)

    def mixed(self) -> list[MixedIdentity]:
        """Returns the mixed identities, with indices of pictures."""
        if not self.vectors:
            return []
        return [
            MixedIdentity(
                person_id=each.person_id,
                parts=tuple(tuple(self.rows[face] for face in part) for part in each.parts),
                outliers=tuple(self.rows[face] for face in each.outliers),
                similarity=each.similarity,
            )
            for each in mixed_identities(np.stack(self.vectors), self.people)
        ]
