"""Linear probes on frozen features: fitted exactly, regularised by cross-validation over whole sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from analysis.training.linear_probe.parallel import in_parallel
from analysis.training.losses import predicted_labels
from analysis.types import Float64

MOST_BASIS_ROWS = 3_000
"""The features are rotated onto the directions of so many pictures at most; below that nothing is lost by it."""
SMALLEST_DIRECTION = 1e-6
"""Of the largest, as a share of its variance: what lies below is rounding."""
INVERSE_REGULARISATIONS = (1.0, 10.0, 100.0)
"""The "C" of logistic regression: trust in the pictures against the pull towards zero, for features of length 1."""
ROUNDS, STEPS_PER_ROUND = 10, 10
"""Rounds of L-BFGS, each told to the callback as an epoch."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Centred, scaled features in few coordinates: `x -> ((x - centre) * scale) @ directions`."""

    centre: Tensor
    scale: Tensor
    directions: Tensor

    def apply(self, features: Tensor) -> Tensor:
        return (((features - self.centre) * self.scale) @ self.directions).double()


def fit_rotation(features: Tensor, block_lengths: Sequence[int], seed: int) -> Rotation:
    """Returns a rotation that gives each block of columns mean squared length 1, so that none drowns the others."""
    rows = np.random.default_rng(seed).permutation(len(features))[:MOST_BASIS_ROWS]
    chosen = features[np.sort(rows)]
    centre = chosen.mean(0)
    scale = torch.ones(features.shape[1])
    begin = 0
    for length in block_lengths:
        block = chosen[:, begin : begin + length] - centre[begin : begin + length]
        scale[begin : begin + length] = 1 / block.square().sum(1).mean().sqrt().clamp_min(1e-12)
        begin += length
    x = (chosen - centre) * scale
    if x.shape[1] <= x.shape[0]:
        return Rotation(centre, scale, torch.eye(x.shape[1]))
    values, vectors = torch.linalg.eigh((x @ x.T).double())
    kept = values > values.max() * SMALLEST_DIRECTION
    directions = x.double().T @ (vectors[:, kept] / values[kept].sqrt())
    return Rotation(centre, scale, directions.float())


def probe_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Returns the weighted mean cross-entropy; one column is the logit of the second of two labels."""
    if logits.shape[1] == 1:
        each = functional.binary_cross_entropy_with_logits(logits[:, 0], targets.to(logits), reduction="none")
    else:
        each = functional.cross_entropy(logits, targets, reduction="none")
    return (each * weights).sum() / weights.sum()


@dataclass(frozen=True, slots=True)
class ProbeData:
    """Features `(n, d)` with the label number and weight `(n,)` of each row."""

    features: Tensor
    targets: Tensor
    weights: Tensor
    outputs: int
    mirrored: Tensor | None = None
    """`(n, d)`: the same samples seen in a mirror, as further rows to learn from."""

    def part(self, rows: Indices) -> ProbeData:
        """The rows as they are, without their mirror images."""
        return ProbeData(self.features[rows], self.targets[rows], self.weights[rows], self.outputs)

    def with_mirrored(self, rows: Indices) -> ProbeData:
        """The rows, followed by their mirror images where there are any."""
        plain = self.part(rows)
        if self.mirrored is None:
            return plain
        both = torch.cat([plain.features, self.mirrored[rows]])
        return ProbeData(both, plain.targets.repeat(2), plain.weights.repeat(2), self.outputs)

    def loss(self, logits: Tensor) -> float:
        return float(probe_loss(logits, self.targets, self.weights))

    def accuracy(self, logits: Tensor) -> float:
        return float((predicted_labels(logits) == self.targets).double().mean())


def fit_linear_probe(
    data: ProbeData, inverse_regularisation: float, on_round: Callable[[int, Tensor, Tensor], None]
) -> tuple[Tensor, Tensor]:
    """Returns weight `(outputs, d)` and bias `(outputs,)` of least regularised loss; tells both after each round."""
    x = data.features
    weight = torch.zeros(data.outputs, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(data.outputs, dtype=torch.float64, requires_grad=True)
    pull = 1 / (2 * inverse_regularisation * len(x))
    solver = torch.optim.LBFGS([weight, bias], max_iter=STEPS_PER_ROUND, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss = probe_loss(x @ weight.T + bias, data.targets, data.weights) + pull * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    for number in range(1, ROUNDS + 1):
        solver.step(closure)  # type: ignore[no-untyped-call]
        on_round(number, weight.detach(), bias.detach())
    return weight.detach(), bias.detach()


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What cross-validation found for one choice of features and one inverse regularisation."""

    name: str
    inverse_regularisation: float
    logits: Float64
    """`(n, outputs)`: for every sample by the head that did not see its source; 0 for what no fold holds out."""
    curves: Float64
    """`(rounds, 4)`: train loss, train accuracy, validation loss, validation accuracy, means over the folds."""
    loss: float
    accuracy: float
    seconds: float
    """That all folds together took."""


@dataclass(frozen=True, slots=True)
class _Fold:
    """Logits of the rows that it holds out, four curves over the rounds, and seconds."""

    logits: Tensor
    curves: Float64
    seconds: float


def cross_validate(
    name: str, data: ProbeData, folds: Sequence[tuple[Indices, Indices]], tell: Callable[[float], None]
) -> list[HeldOut]:
    """Returns one entry for each of INVERSE_REGULARISATIONS; `folds` holds the rows to learn from and to hold out.

    `tell` hears how many of them are done, as a share of one too; what it raises ends the rest.
    """
    tasks = [partial(_fit_fold, data, train, held, c) for c in INVERSE_REGULARISATIONS for train, held in folds]
    fitted = in_parallel(tasks, lambda done: tell(done / len(folds)))
    return [
        _held_out(name, c, fitted[n * len(folds) : (n + 1) * len(folds)], data, folds)
        for n, c in enumerate(INVERSE_REGULARISATIONS)
    ]


def _fit_fold(data: ProbeData, train: Indices, held: Indices, c: float, check_stopped: Callable[[], None]) -> _Fold:
    began_s = time.perf_counter()
    curves = np.zeros((ROUNDS, 4))
    known, unknown = data.with_mirrored(train), data.part(held)

    def note(number: int, weight: Tensor, bias: Tensor) -> None:
        check_stopped()
        for column, part in enumerate((known, unknown)):
            logits = part.features @ weight.T + bias
            curves[number - 1, 2 * column : 2 * column + 2] = part.loss(logits), part.accuracy(logits)

    weight, bias = fit_linear_probe(known, c, note)
    return _Fold(unknown.features @ weight.T + bias, curves, time.perf_counter() - began_s)


def _held_out(
    name: str, c: float, fitted: Sequence[_Fold], data: ProbeData, folds: Sequence[tuple[Indices, Indices]]
) -> HeldOut:
    logits = torch.zeros(len(data.targets), data.outputs, dtype=torch.float64)
    for (_train, held), fold in zip(folds, fitted, strict=True):
        logits[held] = fold.logits
    every = np.concatenate([held for _train, held in folds])
    part, seen = data.part(every), logits[every]
    curves = np.mean([fold.curves for fold in fitted], axis=0)
    seconds = sum(fold.seconds for fold in fitted)
    return HeldOut(name, c, logits.numpy(), curves, part.loss(seen), part.accuracy(seen), seconds)
