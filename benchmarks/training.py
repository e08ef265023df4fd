"""Training: auto by nested cross-validation, tutorial, sequence, explanation; `training NAME...` runs some."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from analysis.images.read import read_picture
from analysis.training.config import Recipe, defaults
from analysis.training.data.inputs import see
from analysis.training.data.prepare import prepare
from analysis.training.data.samples import TrainingData, TrainingSample, read_training_data
from analysis.training.evaluation.calibration import expected_calibration_error, fit_temperature, scaled_probabilities
from analysis.training.evaluation.explain import heat_of, load_network
from analysis.training.linear_probe.choose_features import AUTO_CHOICES, extract, fit_best
from analysis.training.predict import load_model
from analysis.training.run import begin_run
from analysis.training.run_document import RunDocument
from analysis.training.train import TrainingResult, train
from analysis.types import Image, Progress
from benchmarks.shared import say, shared_folder

TARGETS = {"face_noface": 0.985, "mask": 0.985, "smile": 0.91, "eyes": 0.98, "expression_ck48": 0.92}
SEED = 0
COMPOSITES, COMPOSITE_PX, SHOWN = 120, 128, 50
FACE_SHARES = (0.25, 0.45)
"""Side of the pasted face as a share of the picture's."""


def quiet(progress: Progress) -> None:
    pass


def data_of(name: str) -> TrainingData:
    """The training part with the best sources known: subject or picture in the file names, where there are any."""
    data = read_training_data(shared_folder(f"classification/{name}") / "train")
    return TrainingData(data.labels, tuple(replace(s, source=source_of(name, s)) for s in data.samples))


def source_of(name: str, sample: TrainingSample) -> str:
    if name == "expression_ck48":
        return sample.path.name.partition("_")[0]
    return sample.path.stem.rpartition("_")[0] if name == "face_noface" else ""


def auto(name: str) -> None:
    """Choice and head are found anew without each held-out fold; features know no labels and are shared."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    config = defaults(Recipe.AUTO, seed=SEED)
    run = replace(begin_run(config, quiet), device=torch.device("cpu"))
    prepared = prepare(config, Recipe.AUTO, data_of(name), run.reporter)
    names = [*dict.fromkeys(branch for choice in AUTO_CHOICES for branch in choice)]
    extracted = extract(prepared, names, True, run)
    targets = torch.from_numpy(prepared.targets.astype(np.int64))
    right = np.zeros(len(targets), bool)
    scores = np.zeros((len(targets), len(prepared.labels)))
    for outer in range(prepared.folds):
        inner = [f for f in range(prepared.folds) if f != outer]
        folds = [
            (np.flatnonzero((prepared.fold != f) & (prepared.fold != outer)), np.flatnonzero(prepared.fold == f))
            for f in inner
        ]
        network, best, _ = fit_best(extracted, targets, len(prepared.labels), folds, AUTO_CHOICES, run)
        held = np.flatnonzero(prepared.fold == outer)
        blocks = [block[held].float() for branch in best.name.split("+") for block in extracted.plain[branch]]
        logits = network.logits_from(torch.cat(blocks, 1)).detach().double().numpy()
        known = np.flatnonzero(prepared.fold != outer)
        temperature = fit_temperature(best.logits[known], prepared.targets[known])
        scores[held] = scaled_probabilities(logits, temperature)
        right[held] = scores[held].argmax(1) == prepared.targets[held]
    say(f"auto, {name}: accuracy, 5 folds by {'+'.join(prepared.evidence)}", right.mean(), f">= {TARGETS[name]}")
    say(f"auto, {name}: calibration error", expected_calibration_error(scores, prepared.targets), "<= 0.05")
    say(f"auto, {name}: seconds, of all folds", time.perf_counter() - began_s, "none", 0)
    say(f"auto, {name}: seconds of processor time", time.process_time() - began_cpu_s, "<= 1200 (2 cores)", 0)


def one_run(data: TrainingData, recipe: Recipe, folder: Path, **settings: object) -> TrainingResult:
    return train(defaults(recipe, seed=SEED, **settings), data, folder, quiet)


def tutorial(scratch: Path) -> None:
    run = one_run(data_of("face_noface"), Recipe.TUTORIAL, scratch).run
    say("tutorial, face_noface: accuracy on the validation fifth", run["validation"]["accuracy"], "beside auto")
    say("tutorial, face_noface: pictures/s", run["pictures_per_s"], ">= 250", 0)
    say("tutorial, face_noface: loading, share of a step", run["loading_share"], "< 0.10")
    say("tutorial, face_noface: greatest difference of ONNX and torch", run["onnx_difference"], "<= 1e-4", 7)


def sequence(scratch: Path) -> None:
    """A bar that goes round to the left or the right; read in order, and by its middle frame alone."""
    from tests.analysis.training.pictures import write_bars

    # The threshold is fitted to the validation part: where nothing can be learned, its accuracy is above chance.
    data = read_training_data(write_bars(scratch / "clips", 80), write_bars(scratch / "fresh", 100, 10_000))
    known = TrainingData(data.labels, tuple(replace(s, source=s.path.stem) for s in data.samples))
    run = one_run(known, Recipe.SEQUENCE, scratch / "sequence", picture_size=48, frames=12).run
    say("sequence, direction of motion: accuracy on fresh clips", accuracy_on_test(run), ">= 0.95")
    single = one_run(known, Recipe.TUTORIAL, scratch / "single", picture_size=48).run
    say("the same by a single frame: accuracy on fresh clips", accuracy_on_test(single), "<= 0.6")


def accuracy_on_test(run: RunDocument) -> float:
    assert run["test"] is not None
    return run["test"]["accuracy"]


def composite(background: Image, face: Image | None, random: np.random.Generator) -> tuple[Image, tuple[int, ...]]:
    """A square cut of a picture without faces, and where a face was pasted into it (x1, y1, x2, y2)."""
    side = min(background.shape[:2])
    top, left = (int(random.integers(0, length - side + 1)) for length in background.shape[:2])
    cut = background[top : top + side, left : left + side]
    picture = np.asarray(cv2.resize(cut, (COMPOSITE_PX, COMPOSITE_PX), interpolation=cv2.INTER_AREA), np.uint8)
    if face is None:
        return picture, (0, 0, 0, 0)
    size = int(COMPOSITE_PX * random.uniform(*FACE_SHARES))
    x, y = (int(value) for value in random.integers(0, COMPOSITE_PX - size, 2))
    picture[y : y + size, x : x + size] = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    return picture, (x, y, x + size, y + size)


def explanation(scratch: Path) -> None:
    """Faces pasted at random places; other backgrounds and faces for looking than for learning."""
    random = np.random.default_rng(SEED)
    empty = [read_picture(p) for p in sorted(shared_folder("detection/noface_azure").glob("*.jpg"))]
    faces = [read_picture(p) for p in sorted(shared_folder("classification/face_noface/train/face").iterdir())]
    half = len(empty) // 2
    for label in ("face", "none"):
        (scratch / "data" / label).mkdir(parents=True)
        for n in range(COMPOSITES):
            face = faces[n] if label == "face" else None
            picture, _ = composite(empty[n % half], face, random)
            cv2.imwrite(str(scratch / "data" / label / f"{n}x.png"), picture)
    data = read_training_data(scratch / "data")
    known = TrainingData(data.labels, tuple(replace(s, source=str(s.path)) for s in data.samples))
    run = one_run(known, Recipe.AUTO, scratch / "model").run
    say("composites: validation accuracy", run["validation"]["accuracy"], "none")
    model = load_model(scratch / "model")
    network, hits = load_network(model), 0
    for n in range(SHOWN):
        picture, box = composite(empty[half + n % half], faces[-1 - n], random)
        path = scratch / "shown.png"
        cv2.imwrite(str(path), picture)
        heat = heat_of(
            network, model.inputs, see(TrainingSample(path, ""), model.input_spec), model.labels.index("face")
        ).place
        y, x = (np.array(np.unravel_index(heat.argmax(), heat.shape)) + 0.5) * COMPOSITE_PX / heat.shape[0]
        hits += bool(box[0] <= x < box[2] and box[1] <= y < box[3])
    say("explanation: peak inside the pasted face", hits / SHOWN, ">= 0.80")


def main() -> None:
    parts = [*TARGETS, "tutorial", "sequence", "explanation"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=parts, metavar="PART", help=f"of {', '.join(parts)}")
    for part in parser.parse_args().parts:
        with tempfile.TemporaryDirectory() as scratch:
            if part in TARGETS:
                auto(part)
            else:
                {"tutorial": tutorial, "sequence": sequence, "explanation": explanation}[part](Path(scratch))


if __name__ == "__main__":
    main()
