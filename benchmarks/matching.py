"""Open-set identification across occasions: error rates by similarity, from which the thresholds are chosen.

`python -m benchmarks matching`: news photographs (LFW) and other sets with a folder per person; every picture is
another occasion. Templates are drawn from some pictures of a person, the query from others.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from analysis.errors import AnalysisError
from analysis.faces.detect import load_detector
from analysis.faces.embed import load_mobilefacenet
from analysis.faces.search import Gallery, similarities
from analysis.images.read import SUFFIXES, read_picture
from analysis.types import Float32
from benchmarks.shared import say, shared_folder
from benchmarks.verification import central_face

SETS = ("lfw", "bbt_cast", "five_celebs")
ROUNDS = 200
REFERENCES = 6
QUERY_PICTURES = 3
RATES = (1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class People:
    """Face vectors `(k, d)` of length 1 by person."""

    vectors: dict[str, Float32]


def read_people() -> People:
    """Returns the people with at least two pictures that show a face."""
    detector, embedder = load_detector(), load_mobilefacenet()
    found: dict[str, list[Float32]] = defaultdict(list)
    root = shared_folder("identity")
    files = [file for name in SETS for file in sorted((root / name).rglob("*")) if file.suffix.lower() in SUFFIXES]
    for file in files:
        try:
            image_bgr = read_picture(file)
        except AnalysisError:
            continue
        landmarks = central_face(detector, image_bgr)
        if landmarks is not None:
            found[f"{file.relative_to(root).parts[0]}/{file.parent.name}"].append(
                embedder.embed(embedder.align(image_bgr, landmarks))[0]
            )
    return People({person: np.stack(vectors) for person, vectors in found.items() if len(vectors) > 1})


def mean_of(vectors: Float32) -> Float32:
    total = vectors.sum(axis=0)
    mean: Float32 = (total / np.linalg.norm(total)).astype(np.float32)
    return mean


def draw(people: People, random: np.random.Generator) -> tuple[Gallery, Float32]:
    """Draws a gallery of everybody and one query for each, in the same order."""
    references, questions, starts, at = [], [], [], 0
    for vectors in people.vectors.values():
        order = random.permutation(len(vectors))
        asked = int(random.integers(1, min(QUERY_PICTURES, len(vectors) - 1) + 1))
        kept = int(random.integers(1, min(REFERENCES, len(vectors) - asked) + 1))
        questions.append(mean_of(vectors[order[:asked]]))
        references.append(vectors[order[asked : asked + kept]])
        starts.append(at)
        at += kept
    return Gallery(np.concatenate(references), np.array(starts)), np.stack(questions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep", help="file for the vectors, read again by the next run")
    args = parser.parse_args()
    people = read_people()
    if args.keep:
        np.savez(args.keep, **people.vectors)  # type: ignore[arg-type]
    random = np.random.default_rng(1)
    genuine, impostor = [], []
    for _ in range(args.rounds):
        gallery, questions = draw(people, random)
        table = similarities(gallery, questions)
        genuine.append(np.diag(table))
        impostor.append(table[~np.eye(len(table), dtype=bool)])
    same, different = np.concatenate(genuine), np.concatenate(impostor)
    print(f"{len(people.vectors)} people, {len(same)} true and {len(different)} false comparisons")
    for rate in RATES:
        limit = float(np.quantile(different, 1 - rate))
        say(f"least similarity for a false match rate of {rate:g}", limit, "none")
        say("  true match rate at it", float((same >= limit).mean()), "none")
    print("similarity  false match rate  true match rate")
    for similarity in np.arange(0.2, 0.81, 0.05):
        false_match, true_match = (different >= similarity).mean(), (same >= similarity).mean()
        print(f"{similarity:.2f}        {false_match:.2e}          {true_match:.4f}")


if __name__ == "__main__":
    main()
