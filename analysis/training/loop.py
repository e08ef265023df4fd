"""The training loop: batches, optimizer, schedule; stops, resumes and survives, epoch by epoch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from analysis.errors import TrainingDiverged
from analysis.training.checkpoint import load_checkpoint, save_tensors
from analysis.training.config import Optimizer, Schedule, TrainingConfig
from analysis.training.data.augment import Augment, augmentation
from analysis.training.data.tensors import Rows, Tensors
from analysis.training.losses import label_weights, log_probabilities, loss_of, predicted_labels
from analysis.training.model_folder import CHECKPOINT
from analysis.training.progress import KeepBest
from analysis.training.run import Run
from analysis.training.run_document import EpochDocument, RunWarning

BACKBONE_SHARE = 0.3
"""Of the step size, for the layers that know ImageNet already."""
WARM_UP_SHARE = 0.25
LAST_STEP_SHARE = 0.01
EVALUATION_BATCH = 64


def _channels_last(images: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """As the networks lie in memory; clips and vectors stay as they are."""
    return tuple(x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x for x in images)


@dataclass(slots=True)
class Learned:
    """What the loop ends with. `network` has the best state."""

    network: nn.Module
    history: list[EpochDocument]
    pictures_per_s: float
    loading_share: float
    batch_size: int
    stopped: str
    """"finished", "patience", "kept" or "diverged"."""
    warnings: list[RunWarning] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """Everything that changes while the network learns."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    batch_size: int
    epoch: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    history: list[EpochDocument] = field(default_factory=list)
    warnings: list[RunWarning] = field(default_factory=list)
    seconds: float = 0.0
    loading_s: float = 0.0
    pictures: int = 0

    def checkpoint(self, fingerprint: str) -> dict[str, Any]:
        return {
            "fingerprint": fingerprint,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "state": {name: getattr(self, name) for name in _STORED},
        }

    def restore(self, kept: dict[str, Any]) -> None:
        self.network.load_state_dict(kept["network"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.best = kept["best"]
        for name, value in kept["state"].items():
            setattr(self, name, value)
        self.warnings = [_warning(each["code"], each["text"]) for each in self.warnings]  # older ones lack files

    def end_epoch(self, entry: EpochDocument) -> None:
        self.epoch = int(entry["epoch"])
        self.history.append(entry)
        if entry["validation_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = float(entry["validation_loss"]), self.epoch
            self.best = {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}


_STORED = tuple(each.name for each in fields(_State) if each.name not in ("network", "optimizer", "best"))


def learn(
    network: nn.Module,
    data: Tensors,
    train_rows: Rows,
    validation_rows: Rows,
    run: Run,
    after_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
) -> Learned:
    """Trains in place; writes a checkpoint after each epoch, from which the same call resumes.

    `after_epoch(epoch, validation_loss)` may raise to end it all (pruning). Raises TrainingDiverged, NoDiskSpace.
    """
    config = run.config
    network.to(run.device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = _State(network, make_optimizer(network, config), config.batch_size)
    kept = load_checkpoint(run.out_dir, run.fingerprint) if run.out_dir else None
    if kept is not None:
        state.restore(kept)
    change = augmentation(config.augmentation)
    stopped = "finished"
    try:
        for known in state.history:  # who listens may not have heard of the last one, nor of any
            _tell(run, known, state.batch_size)
        while state.epoch < config.epochs:
            if config.patience and state.epoch - state.best_epoch >= config.patience and state.best:
                stopped = "patience"
                break
            entry = _surviving_epoch(state, data, train_rows, validation_rows, run, change)
            if entry is None:
                stopped = "diverged"
                break
            state.end_epoch(entry)
            if run.out_dir:
                save_tensors(run.out_dir / CHECKPOINT, state.checkpoint(run.fingerprint))
            _tell(run, entry, state.batch_size)
            after_epoch(state.epoch, float(entry["validation_loss"]))
    except KeepBest:
        stopped = "kept"
    if not state.best:
        raise TrainingDiverged("the loss was not a number in the first epoch" if stopped == "diverged" else stopped)
    network.load_state_dict(state.best)
    rate = state.pictures / max(state.seconds, 1e-9)
    share = state.loading_s / max(state.seconds, 1e-9)
    return Learned(network, state.history, rate, share, state.batch_size, stopped, state.warnings)


def _surviving_epoch(
    state: _State, data: Tensors, train_rows: Rows, validation_rows: Rows, run: Run, change: Augment
) -> EpochDocument | None:
    """Learns one epoch; halves the batch and starts over when memory runs out. None: the loss is no number."""
    before = copy.deepcopy((state.network.state_dict(), state.optimizer.state_dict()))
    while True:
        try:
            entry = _epoch(state, data, train_rows, run, change)
            if entry is not None:
                entry |= _validated(state, data, validation_rows, run)
            if entry is None or not math.isfinite(entry["validation_loss"]):
                state.warnings.append(_warning("diverged", f"epoch {state.epoch + 1}: the loss is no number any more"))
                return None
            return cast(EpochDocument, entry)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or state.batch_size == 1:
                raise
        if run.device.type == "cuda":
            torch.cuda.empty_cache()
        state.batch_size //= 2
        note = f"memory ran out, so the batch is halved to {state.batch_size} pictures from here on"
        state.warnings.append(_warning("out_of_memory", note))
        state.network.load_state_dict(before[0])
        state.optimizer.load_state_dict(before[1])
        run.reporter.tell("learn", state.epoch, run.config.epochs, at_once=True, note=note, batch_size=state.batch_size)


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _warning(code: str, text: str) -> RunWarning:
    return {"code": code, "text": text, "files": []}


def _epoch(state: _State, data: Tensors, rows: Rows, run: Run, change: Augment) -> dict[str, Any] | None:
    """Shows all pictures once. All chance comes from the seed and the number of the epoch, so that a run which
    resumes between two epochs draws the same."""
    config, epoch = run.config, state.epoch + 1
    torch.manual_seed(config.seed * 1_000_003 + epoch)
    order = np.random.default_rng((config.seed, epoch)).permutation(rows)
    _set_mode(state.network, head_only=epoch <= config.head_epochs)
    weights = label_weights(data.targets[torch.from_numpy(rows)], config).to(run.device)
    steps = -(-len(order) // state.batch_size)
    began_s = time.perf_counter()
    total_loss, right, loading_s = 0.0, 0, 0.0
    for step, batch_rows in enumerate(_batches(order, state.batch_size)):
        loading_began_s = time.perf_counter()
        images, targets = data.batch(batch_rows, run.device)
        loading_s += time.perf_counter() - loading_began_s
        rate = learning_rate(config, (state.epoch + step / steps) / config.epochs)
        for group in state.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        changed = _channels_last(tuple(change(x) for x in images))
        value, hits = _step(state, changed, targets, weights, config)
        if not math.isfinite(value):
            return None
        total_loss, right = total_loss + value * len(targets), right + hits
        seconds = time.perf_counter() - began_s
        pictures = min((step + 1) * state.batch_size, len(order))
        run.reporter.tell(
            "learn",
            state.epoch + (step + 1) / steps * 0.999,
            config.epochs,
            epoch=epoch,
            epochs=config.epochs,
            train_loss=total_loss / pictures,
            train_accuracy=right / pictures,
            learning_rate=rate,
            pictures_per_s=pictures / seconds,
            batch_size=state.batch_size,
        )
    seconds = time.perf_counter() - began_s
    state.seconds, state.loading_s = state.seconds + seconds, state.loading_s + loading_s
    state.pictures += len(order)
    return {
        "epoch": epoch,
        "train_loss": total_loss / len(order),
        "train_accuracy": right / len(order),
        "learning_rate": rate,
        "seconds": seconds,
        "pictures_per_s": len(order) / seconds,
    }


def _step(
    state: _State, images: tuple[Tensor, ...], targets: Tensor, weights: Tensor, config: TrainingConfig
) -> tuple[float, int]:
    """Returns loss and number of right answers of one batch; changes nothing where the loss is no number."""
    state.optimizer.zero_grad(set_to_none=True)
    half = config.mixed_precision and targets.device.type == "cuda"
    with torch.autocast(targets.device.type, torch.bfloat16, enabled=half):
        logits = state.network(*images).float()
        loss = loss_of(logits, targets, weights, config)
    value = float(loss.detach())
    if math.isfinite(value):
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimizer.step()
    return value, int((predicted_labels(logits.detach()) == targets).sum())


def _batches(order: Rows, size: int) -> Iterator[Rows]:
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]


def _set_mode(network: nn.Module, *, head_only: bool) -> None:
    """A backbone keeps the statistics that it was trained with: batches are too small to measure their own."""
    network.train()
    backbone = getattr(network, "backbone", None)
    if backbone is not None:
        backbone.eval()
        backbone.requires_grad_(not head_only)


def _validated(state: _State, data: Tensors, rows: Rows, run: Run) -> dict[str, float]:
    """Returns loss, without label weights and smoothing, and accuracy on the validation part."""
    config, epochs = run.config, run.config.epochs
    tell = partial(run.reporter.tell, "learn", state.epoch + 0.999, epochs, epoch=state.epoch + 1, epochs=epochs)
    logits = logits_of(state.network.eval(), data, rows, run.device, tell)
    targets = data.targets[torch.from_numpy(rows)]
    plain = torch.ones(log_probabilities(logits).shape[1])
    loss = float(loss_of(logits, targets, plain, replace(config, label_smoothing=0.0)))
    accuracy = float((predicted_labels(logits) == targets).double().mean())
    return {"validation_loss": loss, "validation_accuracy": accuracy, "accuracy": accuracy}


@torch.inference_mode()
def logits_of(
    network: nn.Module, data: Tensors, rows: Rows, device: torch.device, tell: Callable[[], None] = lambda: None
) -> Tensor:
    parts = []
    for batch_rows in _batches(rows, EVALUATION_BATCH):
        images, _ = data.batch(batch_rows, device)
        parts.append(network(*_channels_last(images)).float().cpu())
        tell()
    return torch.cat(parts)


def make_optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    backbone = [p for name, p in network.named_parameters() if name.startswith("backbone.")]
    rest = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    groups = [{"params": rest, "share": 1.0}] + ([{"params": backbone, "share": BACKBONE_SHARE}] if backbone else [])
    if config.optimizer is Optimizer.ADAM:
        return torch.optim.Adam(groups, config.learning_rate, weight_decay=config.weight_decay)
    if config.optimizer is Optimizer.ADAMW:
        return torch.optim.AdamW(groups, config.learning_rate, weight_decay=config.weight_decay)
    momentum = config.momentum if config.optimizer is Optimizer.MOMENTUM else 0.0
    return torch.optim.SGD(groups, config.learning_rate, momentum=momentum, weight_decay=config.weight_decay)


def learning_rate(config: TrainingConfig, share: float) -> float:
    """Of the run's `share` 0..1."""
    if config.schedule is Schedule.CONSTANT:
        return config.learning_rate
    if config.schedule is Schedule.ONE_CYCLE and share < WARM_UP_SHARE:
        low = LAST_STEP_SHARE + (1 - LAST_STEP_SHARE) * share / WARM_UP_SHARE
        return config.learning_rate * low
    rest = (share - WARM_UP_SHARE) / (1 - WARM_UP_SHARE) if config.schedule is Schedule.ONE_CYCLE else share
    fall = (1 + math.cos(math.pi * rest)) / 2
    return config.learning_rate * (LAST_STEP_SHARE + (1 - LAST_STEP_SHARE) * fall)


def _tell(run: Run, entry: EpochDocument, batch_size: int) -> None:
    more = {name: value for name, value in entry.items() if name not in ("seconds", "accuracy")}
    epochs = run.config.epochs
    run.reporter.tell("learn", entry["epoch"], epochs, at_once=True, epochs=epochs, batch_size=batch_size, **more)
