"""Features of frozen branches for linear probes, computed by ONNX Runtime: several times as fast as torch on a CPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from analysis.device import CPU
from analysis.frozen_features import FrozenFeatures, signed_roots
from analysis.training.models.build import BRANCHES, blocks_of, features_inputs, frames_of


class FrozenBranch:
    """What `models.build.Branch` gives for the same view, without its gradients."""

    def __init__(self, name: str, device: torch.device) -> None:
        self.spec = BRANCHES[name]
        providers = [CPU] if device.type == "cpu" else None
        self._features = FrozenFeatures(self.spec.backbone, self.spec.maps, torch.get_num_threads(), providers)

    def blocks(self, view: Tensor) -> list[Tensor]:
        """Pictures `(n, 3, h, w)` or clips `(n, frames, 3, h, w)` 0..255 in; `(n, d)` float32 each out."""
        frames = frames_of(view)
        means = self._features.means((view.flatten(0, 1) if frames else view).numpy())
        return blocks_of([torch.from_numpy(signed_roots(each)) for each in means], self.spec, frames)


class FrozenBranches:
    """What `models.build.Features.features` gives for the same views."""

    def __init__(self, names: Sequence[str], device: torch.device) -> None:
        self.inputs = features_inputs(names)
        self.branches = [FrozenBranch(name, device) for name in names]

    def features(self, views: Sequence[Tensor]) -> Tensor:
        """Returns `(n, d)` for views in the order of `inputs`."""
        given = dict(zip(self.inputs, views, strict=True))
        return torch.cat([block for each in self.branches for block in each.blocks(given[each.spec.view])], 1)
