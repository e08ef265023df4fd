"""Plants wrong labels and mixed identities: part of the benchmark of the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.doctor.embedding import load_picture_embedder
from analysis.doctor.face_patterns import load_face_patterns
from analysis.doctor.identities import mixed_identities
from analysis.doctor.measures import MeasureTable, measure_picture
from analysis.doctor.suggestions import suggest_labels
from analysis.doctor.wrong_labels import likely_wrong_labels
from analysis.faces.detect import load_detector
from analysis.faces.embed import load_embedder
from analysis.images.read import read_picture
from analysis.types import Float32
from benchmarks.doctor_sets import files_of
from benchmarks.shared import say, shared_folder
from benchmarks.verification import central_face

LABELLED_SETS = ("smile", "face_noface", "expression_ck48", "eyes", "mask")
WRONG_SHARE = 0.1
RECALL = 0.7
ALL = 100_000
MIN_FACES, MOVED_FACES = 10, 4


@dataclass(frozen=True)
class PictureFeatures:
    """Features of n pictures, without their labels."""

    embeddings: Float32
    signatures: NDArray[np.uint8]
    patterns: Float32

    def wrong_probabilities(self, given: Sequence[str], sources: Sequence[str], seed: int) -> Float32:
        """Returns the probability `(n,)` that each label is wrong."""
        found = likely_wrong_labels(
            self.embeddings,
            given,
            sources,
            signatures=self.signatures,
            patterns_of=lambda rows: self.patterns[rows],
            seed=seed,
        )
        return found.all_probabilities


def measure_wrong_labels(seeds: range, show: Path | None) -> None:
    embedder, face_patterns = load_picture_embedder(), load_face_patterns()
    for set_name in LABELLED_SETS:
        files = files_of(set_name, ALL)
        images = [read_picture(path) for path in files]
        embeddings = np.concatenate([embedder.embed([image]) for image in images])
        patterns = face_patterns.embed(images)
        signatures = MeasureTable.of(map(measure_picture, images)).signatures
        labels = [path.parent.name for path in files]
        features = PictureFeatures(embeddings, signatures, patterns)
        precisions = [planted_precision(files, features, labels, seed, show) for seed in seeds]
        target = ">= 0.7" if set_name == "smile" else "none"
        say(
            f"wrong labels in {set_name}: precision at recall {RECALL}, mean of seeds",
            float(np.mean(precisions)),
            target,
            3,
        )
        say(f"wrong labels in {set_name}: the worst of {len(seeds)} seeds", min(precisions), "none", 3)
        measure_suggestions(set_name, embeddings, labels)


def planted_precision(
    files: Sequence[Path],
    features: PictureFeatures,
    labels: Sequence[str],
    seed: int,
    show: Path | None,
) -> float:
    """Returns the precision among the most suspected pictures at a recall of `RECALL`."""
    random = np.random.default_rng(seed)
    wrong = random.permutation(len(labels))[: round(WRONG_SHARE * len(labels))]
    names, given = sorted(set(labels)), list(labels)
    for index in wrong:
        given[index] = str(random.choice([name for name in names if name != labels[index]]))
    # Files of one subject (S052_...) belong together, as those of one video would.
    sources = [path.name.split("_")[0] if path.name.startswith("S") else str(path) for path in files]
    probabilities = features.wrong_probabilities(given, sources, seed)
    order = np.argsort(-probabilities, kind="stable")
    is_wrong = np.isin(order, wrong)
    needed = int(np.searchsorted(is_wrong.cumsum(), RECALL * len(wrong)))
    if show and seed in (0, 100):
        suspected = [files[index] for index in order[: needed + 1] if index not in set(wrong.tolist())]
        write_copies(show / f"labels-{files[0].parents[1].parent.name}", suspected)
    return float(is_wrong[: needed + 1].mean())


def measure_suggestions(set_name: str, embeddings: Float32, labels: Sequence[str]) -> None:
    """Measures suggestions for four fifths by a labelled fifth."""
    order = np.random.default_rng(0).permutation(len(labels))
    known, asked = order[: len(order) // 5], order[len(order) // 5 :]
    suggested = suggest_labels(embeddings[known], [labels[index] for index in known], embeddings[asked])
    right = np.array([suggested.label_of(row) == labels[index] for row, index in enumerate(asked)])
    say(f"suggestions in {set_name} with a fifth labelled: right", float(right.mean()), "none", 3)
    say(f"suggestions in {set_name}: mean certainty", float(suggested.certainties.mean()), "as above", 3)


def measure_identities(seeds: range) -> None:
    """Measures on people of LFW with at least ten pictures, a fifth of whom get four faces of someone else."""
    detector, embedder = load_detector(), load_embedder()
    folders = sorted(path for path in (shared_folder("identity/lfw") / "images").iterdir() if path.is_dir())
    vectors, people = [], []
    for folder in folders:
        files = sorted(folder.iterdir())
        for file in files[:15] if len(files) >= MIN_FACES else []:
            image_bgr = read_picture(file)
            landmarks = central_face(detector, image_bgr)
            if landmarks is not None:
                vectors.append(embedder.embed(embedder.align(image_bgr, landmarks))[0])
                people.append(folder.name)
    found = np.array([planted_identities(np.stack(vectors), people, np.random.default_rng(seed)) for seed in seeds])
    right, reported, mixed, several = found.sum(axis=0)
    say(f"mixed identities of {len(set(people))} people: recall", right / mixed, "none", 3)
    say(f"mixed identities: precision of {reported} reported", right / max(reported, 1), "none", 3)
    say("mixed identities: share of unmixed people reported", (reported - right) / (several - mixed), "none", 3)


def planted_identities(vectors: Float32, people: Sequence[str], random: np.random.Generator) -> tuple[int, ...]:
    """Returns how many people were rightly reported, reported, mixed, and how many there are."""
    names = sorted(set(people))
    order = random.permutation(len(names))
    given = np.array(people)
    mixed = set()
    for number in range(len(names) // 5):
        kept, taken = names[order[2 * number]], names[order[2 * number + 1]]
        given[np.flatnonzero(np.array(people) == taken)[:MOVED_FACES]] = kept
        mixed.add(kept)
    found = {each.person_id for each in mixed_identities(vectors, given.tolist()) if each.is_several_people}
    return len(found & mixed), len(found), len(mixed), len(names)


def write_copies(folder: Path, files: Sequence[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(files):
        cv2.imwrite(str(folder / f"{number:03d}-{path.parent.name}-{path.stem}.jpg"), read_picture(path))
