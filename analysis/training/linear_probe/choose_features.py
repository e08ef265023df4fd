"""Feature selection: which frozen features serve these pictures best, by cross-validation over whole sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.training.checkpoint import load_tensors, save_tensors
from analysis.training.config import Augmentation
from analysis.training.data.inputs import CLIP, FACE, FACE_SIDE_PX
from analysis.training.data.prepare import AUTO_PICTURE_PX, PreparedData
from analysis.training.data.tensors import Rows, Tensors
from analysis.training.linear_probe.fit import (
    INVERSE_REGULARISATIONS,
    ROUNDS,
    HeldOut,
    Indices,
    ProbeData,
    Rotation,
    cross_validate,
    fit_linear_probe,
    fit_rotation,
)
from analysis.training.linear_probe.frozen_branches import FrozenBranch, FrozenBranches
from analysis.training.losses import label_weights
from analysis.training.models.build import Features, ModelSpec, features_inputs, outputs_for
from analysis.training.progress import Reporter
from analysis.training.run import Run
from analysis.training.run_document import EpochDocument, TriedFeatures
from analysis.types import Float64

FEATURE_BATCH = 16
MOST_MIRRORED = 4_000
"""More pictures than this are not shown mirrored as well: they are varied enough, and time and memory are not."""
FEATURES_FILE = "features.pt"
FACE_PROBE_CHOICES = (("face",), ("face", "face-layers"))
AUTO_CHOICES = (
    ("picture",),
    ("face-layers",),
    ("picture", "face-layers"),
    ("picture", "finder"),
    ("face", "picture"),
    ("face", "face-layers", "picture"),
)
CLIP_CHOICES = (("clip",),)
WORDS = {
    "clip": "the frames and how they change",
    "picture": "what is in the whole picture",
    "face": "the face turned upright",
    "face-layers": "fine patterns as they occur in faces",
    "finder": "what finds faces",
}
CLEARLY_BETTER, CLEARLY_BETTER_LOSS = 0.01, 0.003
"""Of the log loss, as a share and as such: less is no reason to run more networks on every picture."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """Features of each branch: a list of blocks `(n, d)` float16, as seen and mirrored."""

    plain: dict[str, list[Tensor]]
    mirrored: dict[str, list[Tensor]]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """A finished model and what cross-validation says of it."""

    network: Features
    spec: ModelSpec
    held_out: HeldOut
    history: list[EpochDocument]
    pictures_per_s: float
    tried: list[TriedFeatures]
    why: str


def extract(prepared: PreparedData, names: Sequence[str], mirror: bool, run: Run) -> Extracted:
    """Runs the frozen networks once over everything that is learned from; kept in a file until the run is done."""
    path = run.out_dir / FEATURES_FILE if run.out_dir else None
    kept = load_tensors(path) if path and path.exists() else {}
    if kept.get("fingerprint") == run.fingerprint and kept.get("mirror") == mirror and set(names) <= set(kept["plain"]):
        return Extracted(kept["plain"], kept["mirrored"])
    rows = prepared.learn_rows()
    tensors = prepared.tensors(features_inputs(names))
    views = dict(zip(features_inputs(names), tensors.views, strict=True))
    plain: dict[str, list[Tensor]] = {}
    mirrored: dict[str, list[Tensor]] = {}
    total = len(names) * len(rows) * (2 if mirror else 1)
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        run.reporter.tell("features", done, total)

    for name in names:
        branch = FrozenBranch(name, run.device)
        view = views[branch.spec.view][torch.from_numpy(rows)]
        plain[name] = _blocks(branch, view, False, tell)
        if mirror:
            mirrored[name] = _blocks(branch, view, True, tell)
    if path:
        save_tensors(path, {"fingerprint": run.fingerprint, "mirror": mirror, "plain": plain, "mirrored": mirrored})
    return Extracted(plain, mirrored)


def _blocks(branch: FrozenBranch, view: Tensor, mirror: bool, tell: Callable[[int], None]) -> list[Tensor]:
    parts: list[list[Tensor]] = []
    for begin in range(0, len(view), FEATURE_BATCH):
        batch = view[begin : begin + FEATURE_BATCH]
        parts.append([block.half() for block in branch.blocks(batch.flip(-1) if mirror else batch)])
        tell(len(batch))
    return [torch.cat(blocks) for blocks in zip(*parts, strict=True)]


def train_linear_probe(prepared: PreparedData, choices: Sequence[tuple[str, ...]], run: Run) -> ProbeResult:
    """Tries each choice of branches by cross-validation, then learns the best from all samples (of a stored split:
    from its train part)."""
    rows = prepared.learn_rows()
    names = list(dict.fromkeys(name for choice in choices for name in choice))
    # In a mirror left becomes right: what a clip shows may be just that.
    may_mirror = run.config.augmentation is not Augmentation.NONE and CLIP not in features_inputs(names)
    extracted = extract(prepared, names, may_mirror and len(rows) <= MOST_MIRRORED, run)
    targets = torch.from_numpy(prepared.targets[rows].astype(np.int64))
    network, best, tried = fit_best(extracted, targets, len(prepared.labels), _folds(prepared), choices, run)
    choice = tuple(best.name.split("+"))
    inputs = features_inputs(choice)
    side = FACE_SIDE_PX if inputs == (FACE,) else AUTO_PICTURE_PX
    frames = run.config.frames if CLIP in inputs else 0
    spec = ModelSpec("features", outputs_for(len(prepared.labels)), inputs, side, frames, branches=choice)
    seconds = _seconds_per_picture(network, choice, prepared.tensors(spec.inputs), run.device)
    return ProbeResult(
        network, spec, best, _history(best), 1 / seconds, [_tried(each) for each in tried], _why(best, tried, prepared)
    )


def _tried(held_out: HeldOut) -> TriedFeatures:
    return {
        "features": held_out.name,
        "strength": held_out.inverse_regularisation,
        "log_loss": held_out.loss,
        "accuracy": held_out.accuracy,
    }


def fit_best(
    extracted: Extracted,
    targets: Tensor,
    labels: int,
    folds: Sequence[tuple[Indices, Indices]],
    choices: Sequence[tuple[str, ...]],
    run: Run,
) -> tuple[Features, HeldOut, list[HeldOut]]:
    """Returns the choice that does best on what the folds hold out, trained on all that any fold trains on."""
    weights = label_weights(targets, run.config, labels)[targets].double()
    total = len(choices) * len(INVERSE_REGULARISATIONS)
    tried: list[HeldOut] = []

    def data_of(choice: Sequence[str]) -> tuple[ProbeData, Rotation]:
        x, mirrored, rotation = _rotated(extracted, choice, run.config.seed)
        return ProbeData(x, targets, weights, outputs_for(labels), mirrored), rotation

    for choice in choices:

        def tell(done: float, before: int = len(tried)) -> None:
            run.reporter.tell("choose", before + done, total, epoch=before + int(done), epochs=total)

        tried += cross_validate("+".join(choice), data_of(choice)[0], folds, tell)
        _tell_best(run.reporter, tried, total)
    best = choose(tried)
    learned = np.unique(np.concatenate([train for train, _ in folds]))
    data, rotation = data_of(best.name.split("+"))
    return _learn_from(data.with_mirrored(learned), rotation, best, run.reporter), best, tried


def choose(tried: Sequence[HeldOut]) -> HeldOut:
    """Returns the one of least log loss; of choices that hardly differ, the one with fewer networks."""
    least = min(each.loss for each in tried)
    close = [each for each in tried if each.loss <= least * (1 + CLEARLY_BETTER) + CLEARLY_BETTER_LOSS]
    return min(close, key=lambda each: (each.name.count("+"), each.loss))


def _folds(prepared: PreparedData) -> list[tuple[Indices, Indices]]:
    """Of a stored split only its validation part is held out."""
    fold = prepared.fold[prepared.learn_rows()]
    held = [0] if prepared.stored_split else range(prepared.folds)
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in held]


def _rotated(extracted: Extracted, choice: Sequence[str], seed: int) -> tuple[Tensor, Tensor | None, Rotation]:
    blocks = [block.float() for name in choice for block in extracted.plain[name]]
    features = torch.cat(blocks, 1)
    mirrored = [block.float() for name in choice for block in extracted.mirrored.get(name, [])]
    other = torch.cat(mirrored, 1) if mirrored else None
    basis = features if other is None else torch.cat([features, other])
    rotation = fit_rotation(basis, [block.shape[1] for block in blocks], seed)
    return rotation.apply(features), None if other is None else rotation.apply(other), rotation


def _learn_from(data: ProbeData, rotation: Rotation, best: HeldOut, reporter: Reporter) -> Features:
    def tell(number: int, weight: Tensor, bias: Tensor) -> None:
        reporter.tell("learn", number, ROUNDS)

    weight, bias = fit_linear_probe(data, best.inverse_regularisation, tell)
    choice = tuple(best.name.split("+"))
    spec = ModelSpec("features", data.outputs, features_inputs(choice), branches=choice)
    network = Features(spec, len(rotation.scale))
    network.centre.copy_(rotation.centre)
    network.scale.copy_(rotation.scale)
    network.head.weight.data = (rotation.directions.double() @ weight.T).T.float().contiguous()
    network.head.bias.data = bias.float()
    return network.eval()


@torch.inference_mode()
def probe_logits(
    network: Features, choice: Sequence[str], tensors: Tensors, rows: Rows, device: torch.device
) -> Tensor:
    """Returns `(n, outputs)` of the linear layer on features of the kind that it was fitted on."""
    branches = FrozenBranches(choice, device)
    starts = range(0, len(rows), FEATURE_BATCH)
    return torch.cat([_logits(network, branches, tensors, rows[start : start + FEATURE_BATCH]) for start in starts])


def _logits(network: Features, branches: FrozenBranches, tensors: Tensors, rows: Rows) -> Tensor:
    return network.logits_from(branches.features([view[torch.from_numpy(rows)] for view in tensors.views]))


@torch.inference_mode()
def _seconds_per_picture(network: Features, choice: Sequence[str], tensors: Tensors, device: torch.device) -> float:
    branches, rows = FrozenBranches(choice, device), np.arange(min(FEATURE_BATCH, len(tensors.targets)))
    _logits(network, branches, tensors, rows)
    began_s = time.perf_counter()
    _logits(network, branches, tensors, rows)
    return (time.perf_counter() - began_s) / len(rows)


def _history(best: HeldOut) -> list[EpochDocument]:
    """Returns means over the folds after each round of the solver, whose line search begins with steps of 1."""
    return [
        {
            "epoch": number,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "validation_loss": validation_loss,
            "validation_accuracy": validation_accuracy,
            "accuracy": validation_accuracy,
            "learning_rate": 1.0,
            "seconds": best.seconds / ROUNDS,
        }
        for number, (train_loss, train_accuracy, validation_loss, validation_accuracy) in enumerate(
            best.curves.tolist(), start=1
        )
    ]


def _tell_best(reporter: Reporter, tried: Sequence[HeldOut], total: int) -> None:
    best = choose(tried)
    last: Float64 = best.curves[-1]
    reporter.tell(
        "choose",
        len(tried),
        total,
        at_once=True,
        epoch=len(tried),
        epochs=total,
        train_loss=float(last[0]),
        train_accuracy=float(last[1]),
        validation_loss=best.loss,
        validation_accuracy=best.accuracy,
    )


def _why(best: HeldOut, tried: Sequence[HeldOut], prepared: PreparedData) -> str:
    used = " and ".join(WORDS[name] for name in best.name.split("+"))
    others = len({each.name for each in tried}) - 1
    compared = f" {others} other choices of features were not clearly better on held-out samples." if others else ""
    return (
        f"For {len(prepared.learn_rows())} samples, a linear classifier on pretrained networks works best. It uses "
        f"{used}.{compared}"
    )
