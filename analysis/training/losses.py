"""What a network is told of its mistakes: losses, weights of labels, and the label that logits predict."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from analysis.training.config import Loss, TrainingConfig


def predicted_labels(logits: Tensor) -> Tensor:
    """Returns the number of the most likely label `(n,)`."""
    return (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(1)


def log_probabilities(logits: Tensor) -> Tensor:
    """Returns `(n, labels)`."""
    if logits.shape[1] == 1:
        return torch.cat([functional.logsigmoid(-logits), functional.logsigmoid(logits)], 1)
    return functional.log_softmax(logits, 1)


def loss_of(logits: Tensor, targets: Tensor, weights: Tensor, config: TrainingConfig) -> Tensor:
    """Returns the mean over the samples, each weighted by its label's weight `(labels,)`."""
    logs = log_probabilities(logits)
    labels = logs.shape[1]
    wanted = functional.one_hot(targets, labels).float()
    wanted = wanted * (1 - config.label_smoothing) + config.label_smoothing / labels
    if config.loss is Loss.MSE:
        each = (logs.exp() - wanted).square().mean(1)
    elif config.loss is Loss.BCE and logits.shape[1] > 1:
        each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1)
    elif config.loss is Loss.FOCAL:
        each = -(wanted * (1 - logs.exp()) ** config.focal_gamma * logs).sum(1)
    else:
        each = -(wanted * logs).sum(1)
    heavy = weights[targets]
    return (each * heavy).sum() / heavy.sum()


def label_weights(targets: Tensor, config: TrainingConfig, labels: int = 0) -> Tensor:
    """Returns `(labels,)`: ones, or the inverse of how frequent each label is, 1 on average over the samples."""
    counts = torch.bincount(targets, minlength=max(labels, int(targets.max()) + 1)).float()
    if not config.class_weights:
        return torch.ones_like(counts)
    return len(targets) / (len(counts) * counts.clamp_min(1))
