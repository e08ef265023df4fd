"""The networks that are trained. All take RGB 0..255 as float32 and give logits `(n, outputs)`.

Two labels have one output (the logit of the second label), more have one each: see `probabilities`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.frozen_features import (
    EFFICIENTNET,
    FACE_LAYERS,
    FACENET,
    FINDER,
    FINDER_LAYERS,
    PICTURE_LAYERS,
    ROOT_SOFTNESS,
    FrozenNetwork,
    PooledLayer,
    cell_borders,
)
from analysis.training.data.inputs import CLIP, FACE, FACE_SIDE_PX, PICTURE
from analysis.training.models.efficientnet import HEAD_CHANNELS, STAGE_OF, EfficientNetLite0, load_imagenet
from analysis.training.models.facenet import FaceNet, load_facenet, load_finder
from analysis.training.run_document import ModelDocument


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Everything needed to build the network again; stored beside its weights."""

    kind: str
    """"tutorial", "finetune", "features" or "sequence"."""
    outputs: int
    inputs: tuple[str, ...] = (PICTURE,)
    picture_size: int = 64
    frames: int = 0
    dropout: float = 0.0
    branches: tuple[str, ...] = ()

    def as_json(self) -> ModelDocument:
        """Returns `model` of `run.json`."""
        lists = {"inputs": list(self.inputs), "branches": list(self.branches)}
        return cast(ModelDocument, asdict(self) | lists)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ModelSpec:
        return cls(**{**document, "inputs": tuple(document["inputs"]), "branches": tuple(document["branches"])})

    def shape(self, view: str) -> tuple[int, ...]:
        """Returns the shape of one sample of an input, as the network takes it."""
        side = FACE_SIDE_PX if view == FACE else self.picture_size
        return (self.frames, 3, side, side) if view == CLIP else (3, side, side)


def outputs_for(labels: int) -> int:
    return 1 if labels == 2 else labels


def probabilities(logits: Tensor) -> Tensor:
    """Returns `(n, labels)`: sigmoid for one output, softmax for more."""
    if logits.shape[1] == 1:
        second = torch.sigmoid(logits)
        return torch.cat([1 - second, second], 1)
    return torch.softmax(logits, 1)


class Tutorial(nn.Module):
    """The article's network: two convolutions with pooling, one dense layer of 128."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        # "Valid" convolutions, as Keras has them by default.
        side = ((spec.picture_size - 2) // 2 - 2) // 2
        self.conv1, self.conv2 = nn.Conv2d(3, 32, 3), nn.Conv2d(32, 64, 3)
        self.dense = nn.Linear(64 * side * side, 128)
        self.dropout = nn.Dropout(spec.dropout)
        self.head = nn.Linear(128, spec.outputs)

    def forward(self, picture: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(picture / 255)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        logits: Tensor = self.head(self.dropout(functional.relu(self.dense(x.flatten(1)))))
        return logits


class Finetune(nn.Module):
    """EfficientNet-Lite0 with a new last layer."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0()
        del self.backbone._fc
        self.dropout = nn.Dropout(spec.dropout)
        self.head = nn.Linear(HEAD_CHANNELS, spec.outputs)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.backbone.maps(picture, (EfficientNetLite0.HEAD,))[0].mean((2, 3))
        logits: Tensor = self.head(self.dropout(x))
        return logits


class ClipNetwork(nn.Module):
    """A small CNN sees each frame together with its change since the one before; a GRU reads them in order."""

    CHANNELS, HIDDEN = (16, 32, 48, 64), 64

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 6
        for out in self.CHANNELS:
            layers += [nn.Conv2d(inside, out, 3, 2, 1), nn.BatchNorm2d(out), nn.ReLU()]
            inside = out
        self.frame_network = nn.Sequential(*layers)
        cells = max(spec.picture_size // 2 ** len(self.CHANNELS), 1) ** 2
        self.narrow = nn.Linear(inside * cells, self.HIDDEN)
        self.gru = nn.GRU(self.HIDDEN, self.HIDDEN, batch_first=True)
        self.dropout = nn.Dropout(spec.dropout)
        self.head = nn.Linear(self.HIDDEN, spec.outputs)

    def forward(self, clip: Tensor) -> Tensor:
        frames = clip / 127.5 - 1
        change = frames - torch.cat([frames[:, :1], frames[:, :-1]], 1)
        both = torch.cat([frames, change], 2)
        n, length = both.shape[:2]
        seen = self.frame_network(both.flatten(0, 1)).flatten(1)
        states, _ = self.gru(functional.relu(self.narrow(seen)).reshape(n, length, -1))
        logits: Tensor = self.head(self.dropout(states.mean(1)))
        return logits


@dataclass(frozen=True, slots=True)
class BranchSpec:
    """Frozen features: which view a backbone sees, which of its maps are read, in a grid of how many cells."""

    view: str
    backbone: FrozenNetwork
    maps: tuple[PooledLayer, ...]
    is_one_block: bool = False
    """Its maps together weigh as much as one map of another branch."""


BRANCHES = {
    "face": BranchSpec(FACE, FACENET, FACE_LAYERS),
    "face-layers": BranchSpec(PICTURE, FACENET, FACE_LAYERS),
    "picture": BranchSpec(PICTURE, EFFICIENTNET, PICTURE_LAYERS),
    "finder": BranchSpec(PICTURE, FINDER, FINDER_LAYERS, is_one_block=True),
    "clip": BranchSpec(CLIP, EFFICIENTNET, PICTURE_LAYERS),
}
BACKBONES: dict[FrozenNetwork, Callable[[], FaceNet | EfficientNetLite0]] = {
    FACENET: load_facenet,
    EFFICIENTNET: load_imagenet,
    FINDER: load_finder,
}


def adaptive_grid_means(x: Tensor, cells: int) -> Tensor:
    """Returns `(n, c * cells²)`: adaptive average pooling by two products of matrices, which ONNX has for any size."""
    # Plain numbers: while a network is exported, shapes are tensors, whose division rounds otherwise.
    rows, columns = (_averaging(int(side), cells).to(x) for side in x.shape[2:])
    return (rows @ x @ columns.T).flatten(1)


def _averaging(side: int, cells: int) -> Tensor:
    """`(cells, side)`."""
    table = torch.zeros(cells, side)
    for cell, (begin, end) in enumerate(cell_borders(side, cells)):
        table[cell, begin:end] = 1 / (end - begin)
    return table


def resampled(x: Tensor, side: int) -> Tensor:
    """Returns a bilinear resampling by two products of matrices: the resizing of runtimes rounds differently."""
    rows, columns = (_between(int(old), side).to(x) for old in x.shape[2:])
    return rows @ x @ columns.T


def _between(old: int, new: int) -> Tensor:
    """`(new, old)`: the weights of the two old pixels beside the middle of each new one."""
    middles = ((torch.arange(new, dtype=torch.float64) + 0.5) * old / new - 0.5).clamp(0, old - 1)
    distances = (middles[:, None] - torch.arange(old, dtype=torch.float64)[None]).abs()
    return (1 - distances).clamp_min(0).float()


def frames_of(view: Tensor) -> int:
    """Returns the number of frames of clips `(n, frames, 3, side, side)`, 0 for pictures; a plain number."""
    return int(view.shape[1]) if view.dim() == 5 else 0


def blocks_of(roots: list[Tensor], spec: BranchSpec, frames: int) -> list[Tensor]:
    """Returns the features of a branch, `(n, d)` each, from signed roots of its maps' averages `(n or frames, d)`."""
    if not frames:
        return [torch.cat(roots, 1)] if spec.is_one_block else roots
    clips = [x.reshape(-1, frames, x.shape[1]) for x in roots]
    changes = [(clip[:, 1:] - clip[:, :-1]).abs().mean(1) for clip in clips]
    return [clip.mean(1) for clip in clips] + changes


class Branch(nn.Module):
    """A backbone in torch, to be exported and explained, and what is read from it.

    Signed roots of averages, which spread small values. `linear_probe.frozen_branches` gives the same, faster.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.spec = BRANCHES[name]
        self.network = BACKBONES[self.spec.backbone]()

    def blocks(self, view: Tensor) -> list[Tensor]:
        """`(n, d)` for each map, or for all; of a clip for each map one of its mean and one of its mean change."""
        return self.pooled(self.maps(view), frames_of(view))

    def maps(self, view: Tensor) -> list[Tensor]:
        """`(n, c, h, w)`, of clips `(n * frames, c, h, w)`."""
        view = view.flatten(0, 1) if frames_of(view) else view
        side = self.spec.backbone.side_px
        if side and view.shape[-1] != side:
            view = resampled(view, side)
        names = [name for name, _ in self.spec.maps]
        if isinstance(self.network, EfficientNetLite0):
            return self.network.maps(view, tuple(STAGE_OF[name] for name in names))
        return self.network.maps(view, names)

    def pooled(self, found: list[Tensor], frames: int = 0) -> list[Tensor]:
        pooled = [adaptive_grid_means(x, cells) for x, (_, cells) in zip(found, self.spec.maps, strict=True)]
        roots = [x * torch.rsqrt(x.abs() + ROOT_SOFTNESS) for x in pooled]
        return blocks_of(roots, self.spec, frames)


class Features(nn.Module):
    """One linear layer on the features of one or several frozen branches."""

    def __init__(self, spec: ModelSpec, length: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(Branch(name) for name in spec.branches)
        self.inputs = spec.inputs
        # Centred first: a sum over thousands of large values that nearly cancel would lose digits.
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("centre", torch.zeros(length))
        self.register_buffer("scale", torch.ones(length))
        self.head = nn.Linear(length, spec.outputs)

    def features(self, *views: Tensor) -> Tensor:
        given = dict(zip(self.inputs, views, strict=True))
        blocks: list[Tensor] = []
        for branch in self.branches:
            assert isinstance(branch, Branch)
            blocks += branch.blocks(given[branch.spec.view])
        return torch.cat(blocks, 1)

    def forward(self, *views: Tensor) -> Tensor:
        return self.logits_from(self.features(*views))

    def logits_from(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head((features - self.centre) * self.scale)
        return logits


def build(spec: ModelSpec, state: dict[str, Tensor] | None = None) -> nn.Module:
    """Returns a fresh network (its random parts drawn from torch's generator), or the one whose state is given."""
    network: nn.Module
    if spec.kind == "tutorial":
        network = Tutorial(spec)
        _initialise_as_keras(network)
    elif spec.kind == "finetune":
        network = Finetune(spec)
        if state is None:
            network.backbone.load_state_dict(load_imagenet().state_dict(), strict=False)
    elif spec.kind == "sequence":
        network = ClipNetwork(spec)
    else:
        network = Features(spec, 1 if state is None else int(state["head.weight"].shape[1]))
    if state is not None:
        network.load_state_dict(state)
    return network


def _initialise_as_keras(network: nn.Module) -> None:
    """Glorot's uniform weights and zero biases."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.get_parameter("bias"))


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def features_inputs(branches: Sequence[str]) -> tuple[str, ...]:
    """Returns the views that these branches see, each once."""
    return tuple(dict.fromkeys(BRANCHES[name].view for name in branches))
