"""All samples of a run in memory, and batches of them on the device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tensors:
    """Inputs of the network and the label of each sample: `views` each `(n, ...)` uint8, `targets` `(n,)` int64."""

    views: tuple[Tensor, ...]
    targets: Tensor

    def batch(self, rows: Rows, device: torch.device) -> tuple[tuple[Tensor, ...], Tensor]:
        """Returns the inputs as float32 and the labels of these rows, on the device."""
        index = torch.from_numpy(rows)
        images = tuple(view[index].to(device, non_blocking=True).float() for view in self.views)
        return images, self.targets[index].to(device)
