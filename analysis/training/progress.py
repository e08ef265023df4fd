"""What a page needs to know of a training run while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from analysis.types import OnProgress, Progress

SECONDS_BETWEEN = 0.5
"""Calls are at most this far apart while batches are fast; each batch, picture or fold may call."""


class KeepBest(Exception):
    """Raised by a progress callback to end the learning now and keep the best model so far; not an error."""


@dataclass(frozen=True, slots=True)
class TrainingProgress(Progress):
    """Stages: "read" (pictures), "features", "choose" (cross-validation), "learn", "evaluate", "write"."""

    device: str = "cpu"
    epoch: int = 0
    epochs: int = 0
    train_loss: float | None = None
    train_accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    learning_rate: float | None = None
    pictures_per_s: float | None = None
    batch_size: int | None = None
    note: str = ""
    """A sentence worth showing: why this recipe, that the batch was halved, and so on."""


class Reporter:
    """Calls back often enough and not too often; whatever the callback raises goes through."""

    def __init__(self, on_progress: OnProgress, device: str) -> None:
        self.on_progress, self.device = on_progress, device
        self.last_s = 0.0

    def tell(self, stage: str, done: float, total: float, *, at_once: bool = False, **more: object) -> None:
        """`more`: fields of TrainingProgress."""
        now_s = time.monotonic()
        if at_once or now_s - self.last_s >= SECONDS_BETWEEN or done >= total:
            self.last_s = now_s
            self.on_progress(TrainingProgress(stage, done, total, device=self.device, **more))  # type: ignore[arg-type]
