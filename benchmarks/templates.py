"""Templates of several views against single pictures, and how many faces that people recognise are called unclear.

`python -m benchmarks templates [--rounds 50]`: templates of five pictures of a person against five others (from the
identification set of LFW), pooled by quality as the product pools the views of a track.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import centres
from analysis.faces.clarity import are_clear, rated_quality, shorter_side
from analysis.faces.detect import FaceDetector, load_detector
from analysis.faces.embed import Embedder, load_embedder
from analysis.faces.face_mesh import FaceMesh, load_face_mesh
from analysis.faces.group import mean_vector
from analysis.faces.quality import face_marks
from analysis.images.read import SUFFIXES, read_picture
from analysis.types import Float32, ViewMeasures
from benchmarks.scoring import true_accept_rate
from benchmarks.shared import say, shared_folder
from benchmarks.verification import read_questions

FALSE_ACCEPTS = 1e-4
VIEWS = 5
LEAST_TEMPLATES, LEAST_SINGLE = 0.99, 0.97
SETS = {"LFW": 0.01, "masks": 0.05, "smile": 0.01}
"""Most faces of a set that may be called unclear."""
MOST_TIMES_THE_OTHERS = 2.0
LFW_PICTURES = 1_500


@dataclass(frozen=True, slots=True)
class RatedFace:
    """The face in the middle of a picture."""

    vector: Float32
    quality: float
    is_clear: bool
    brightness: float


@dataclass(frozen=True, slots=True)
class Networks:
    detector: FaceDetector
    embedder: Embedder
    mesh: FaceMesh


def rated_face(file: Path, networks: Networks) -> RatedFace | None:
    """Returns the face nearest to the middle, or None if there is none."""
    image_bgr = read_picture(file)
    faces = networks.detector.detect(image_bgr)
    if not len(faces):
        return None
    middle = np.array(image_bgr.shape[1::-1]) / 2
    here = int(np.linalg.norm(centres(faces.boxes_xyxy) - middle, axis=1).argmin())
    qualities, sharpness = face_marks(image_bgr, faces)
    poses = networks.mesh.rate(image_bgr, faces.boxes_xyxy[[here]], faces.landmarks[[here]])
    yaw_deg, pitch_deg = float(poses.yaw_deg[0]), float(poses.pitch_deg[0])
    measures = ViewMeasures(float(poses.presence[0]), yaw_deg, pitch_deg, float(sharpness[here]))
    aligned = networks.embedder.align(image_bgr, faces.landmarks[[here]])
    return RatedFace(
        networks.embedder.embed(aligned)[0],
        rated_quality(float(qualities[here]), measures),
        are_clear(measures, shorter_side(faces.boxes_xyxy[here])),
        float(aligned.mean()),
    )


def template_rate(faces: Sequence[RatedFace], people: NDArray[np.str_], rounds: int) -> float:
    """Returns the true accept rate of templates of some pictures of each person against those of others."""
    random = np.random.default_rng(1)
    genuine, impostor = [], []
    for _ in range(rounds):
        first, second = [], []
        for person in np.unique(people):
            order = random.permutation(np.flatnonzero(people == person))
            first.append(pooled([faces[n] for n in order[:VIEWS]]))
            second.append(pooled([faces[n] for n in order[VIEWS : 2 * VIEWS]]))
        table = np.stack(first) @ np.stack(second).T
        genuine.append(np.diag(table))
        impostor.append(table[~np.eye(len(table), dtype=bool)])
    return true_accept_rate(np.concatenate(genuine), np.concatenate(impostor), FALSE_ACCEPTS)


def pooled(faces: Sequence[RatedFace]) -> Float32:
    """Returns the template `(d,)` of several views: of the clear ones, if there are any."""
    used = [face for face in faces if face.is_clear] or list(faces)
    return mean_vector(np.stack([face.vector for face in used]), np.array([face.quality for face in used], np.float32))


def single_rate(faces: Sequence[RatedFace], people: NDArray[np.str_]) -> float:
    first, second = np.triu_indices(len(faces), 1)
    vectors = np.stack([face.vector for face in faces])
    similarity, same = (vectors @ vectors.T)[first, second], people[first] == people[second]
    return true_accept_rate(similarity[same], similarity[~same], FALSE_ACCEPTS)


def unclear_shares(name: str, faces: Sequence[RatedFace], most: float) -> bool:
    """Prints which share of a set is called unclear, in all and in its darkest third; returns whether both are met."""
    unclear = np.array([not face.is_clear for face in faces])
    brightness = np.array([face.brightness for face in faces])
    dark = brightness <= np.quantile(brightness, 1 / 3)
    share, of_dark, of_others = float(unclear.mean()), float(unclear[dark].mean()), float(unclear[~dark].mean())
    say(f"called unclear: {name}, {len(faces)} faces", share, f"<= {most}")
    say(f"  its darkest third, {int(dark.sum())} faces", of_dark, "<= twice the others, or one face")
    say("  the others", of_others, "none")
    return share <= most and of_dark * dark.sum() <= max(MOST_TIMES_THE_OTHERS * of_others * dark.sum(), 1.0)


def pictures_of(name: str) -> list[Path]:
    """Returns the pictures of a set, each with one face that people recognise."""
    if name == "LFW":
        files = sorted((shared_folder("identity/lfw") / "images").rglob("*.jpg"))
        return [files[n] for n in np.random.default_rng(0).permutation(len(files))[:LFW_PICTURES]]
    folder = shared_folder("classification/mask/train/with_mask" if name == "masks" else "classification/smile/train")
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args()
    networks = Networks(load_detector(1), load_embedder(1), load_face_mesh(1))
    folder = shared_folder("identity/lfw")
    questions = read_questions(folder)
    read = [rated_face(folder / "images" / questions.files[n], networks) for n in questions.members]
    there = np.array([face is not None for face in read])
    faces, people = [face for face in read if face is not None], questions.people[there]
    templates, single = template_rate(faces, people, args.rounds), single_rate(faces, people)
    say(f"TAR at FAR 1e-4, templates of {VIEWS} pictures of {len(np.unique(people))} people", templates, ">= 0.99")
    say(f"TAR at FAR 1e-4, single pictures, {len(faces)}", single, ">= 0.97")
    checks = {"templates": templates >= LEAST_TEMPLATES, "single pictures": single >= LEAST_SINGLE}
    for name, most in SETS.items():
        found = [face for file in pictures_of(name) if (face := rated_face(file, networks)) is not None]
        checks[f"unclear {name}"] = unclear_shares(name, found, most)
    missed = [name for name, is_met in checks.items() if not is_met]
    print("templates: all targets met" if not missed else f"templates: missed {', '.join(missed)}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
